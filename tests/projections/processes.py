"""Watchers in processes of their own, for a test to kill."""

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.projections import watch
from tests.projections.world import World

ROOT = Path(__file__).parents[2]


@contextmanager
def process(
    place: World, fold_commits: int, fan_out: int, application: str = "editions:first"
) -> Generator[subprocess.Popen[bytes]]:
    """A watcher in a process of its own; killed at the end of the block at the latest."""
    words = [
        place.uri,
        place.opened.database.name,
        str(fold_commits),
        str(fan_out),
        f"tests.projections.{application}",
    ]
    running = subprocess.Popen([sys.executable, "-m", watch.__name__, *words], cwd=ROOT)
    try:
        yield running
    finally:
        running.kill()
        running.wait()
