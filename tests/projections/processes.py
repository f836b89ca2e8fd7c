"""Watchers in processes of their own, for a test to kill."""

import subprocess
from contextlib import AbstractContextManager

from tests.projections.world import World
from tests.support.watch import watcher


def process(
    place: World, fold_commits: int, fan_out: int, application: str = "editions:first"
) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """A watcher of one release of the library; killed at the end of the block at the latest."""
    release = f"tests.projections.{application}"
    return watcher(place.uri, place.opened.database.name, release, fold_commits, fan_out)
