"""JavaScript clients and tools, run by Node.js as their users run them; their packages come from npm."""

import fcntl
import os
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest

from playground.npm import Node, NodeMissing, PackagesMissing, find_node, install

FOLDER = Path(__file__).parent
LONGEST_RUN = 90  # seconds; alone on a machine, each of them takes less than 5


@dataclass(frozen=True, slots=True)
class Clients:
    """The programs of this folder, with their packages in place."""

    node: Node

    def run(self, program: str, *arguments: str | Path, cwd: Path = FOLDER) -> subprocess.CompletedProcess[str]:
        """What `node program arguments…` printed; the program's path is relative to this folder."""
        return subprocess.run(
            [self.node.node, FOLDER / program, *arguments],
            cwd=cwd,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_RUN,
        )

    def output(self, program: str, *arguments: str | Path, cwd: Path = FOLDER) -> str:
        """The same, of a program that must succeed."""
        ran = self.run(program, *arguments, cwd=cwd)
        assert ran.returncode == 0, f"{program} failed:\n{ran.stdout}{ran.stderr}"
        return ran.stdout


@cache
def clients() -> Clients:
    """Installed once, also where several test processes begin at the same time."""
    try:
        node = find_node()
        with (FOLDER / "package-lock.json").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            install(FOLDER, node)
    except (NodeMissing, PackagesMissing) as error:
        cannot_run(str(error))
    return Clients(node)


def cannot_run(reason: str) -> NoReturn:
    """In CI a failure, elsewhere said plainly: a test that did not run must not look as if it had passed."""
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(f"did not run: {reason}")
