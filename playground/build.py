"""Build the playground into gateway/web/static/playground: GraphiQL from npm's packages, and our page round it.

    python playground/build.py [--strict]

Standard library only. Builds once for each state of the sources. Where that is impossible (no Node.js, no
npm registry), one sentence says so and the exit code is 0, for everything else works without it; it is 1 with
--strict.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from time import monotonic

from npm import Node, NodeMissing, PackagesMissing, find_node, install

_SOURCES = Path(__file__).parent.resolve()
_BUILT = _SOURCES.parent / "gateway/web/static/playground"
_STAMP = "sources.sha256"
_INGREDIENTS = ("package-lock.json", "index.html", "vite.config.js", "src", "public", "examples")


class BuildFailed(Exception):
    """vite refused the sources; its own words are on stderr."""

    def __str__(self) -> str:
        return "vite could not build it"


def main(arguments: list[str]) -> int:
    """Build if there is anything to build; the exit code."""
    sources = hash_of_sources()
    if _is_built(sources):
        return 0
    try:
        _build(sources)
    except (NodeMissing, PackagesMissing, BuildFailed) as error:
        sys.stderr.write(f"{error}: the playground is not built, all else works; `make playground` tries again.\n")
        return 1 if "--strict" in arguments else 0
    return 0


def hash_of_sources() -> str:
    """What the playground is made of, in one word: built once for each."""
    digest = sha256()
    for path in _files():
        digest.update(f"{path.relative_to(_SOURCES).as_posix()}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _files() -> Iterator[Path]:
    for name in _INGREDIENTS:
        path = _SOURCES / name
        yield from sorted(path.rglob("*.*")) if path.is_dir() else [path]


def _is_built(sources: str) -> bool:
    stamp = _BUILT / _STAMP
    return stamp.exists() and stamp.read_text() == sources


def _build(sources: str) -> None:
    began = monotonic()
    node = find_node()
    _say("Playground: fetching its packages from npm")
    install(_SOURCES, node)
    _say("Playground: building")
    _replace_built(_bundle(node), sources)
    _say(f"Playground: built in {monotonic() - began:.0f} s")


def _bundle(node: Node) -> Path:
    """The built files, still aside: what is served stays whole until they are complete."""
    aside = _SOURCES / "node_modules/.built"
    vite = _SOURCES / "node_modules/vite/bin/vite.js"
    ran = subprocess.run([node.node, str(vite), "build", "--outDir", str(aside)], cwd=_SOURCES, check=False)
    if ran.returncode:
        raise BuildFailed
    return aside


def _replace_built(aside: Path, sources: str) -> None:
    (aside / _STAMP).write_text(sources)
    shutil.rmtree(_BUILT, ignore_errors=True)
    _BUILT.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(aside, _BUILT)
    shutil.rmtree(_SOURCES / "node_modules")  # 250 MB that only the build needs


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
