"""A watcher as a process of its own, for a test to kill; `watch` has its arguments in order."""

import asyncio
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from gateway.application.reading import read
from gateway.cli.loading import load_application
from gateway.eventlog.storage import EventLog
from gateway.mongo.changes import Changes
from gateway.mongo.client import connect
from gateway.mongo.collections import prepare
from gateway.projections.watcher import Watcher
from gateway.settings import load_settings

ROOT = Path(__file__).parents[2]


@contextmanager
def watcher(
    uri: str, database: str, application: str, fold_commits: int, fan_out: int
) -> Generator[subprocess.Popen[bytes]]:
    """A watcher of the application `module:attribute`; killed at the end of the block at the latest."""
    words = [uri, database, application, str(fold_commits), str(fan_out)]
    running = subprocess.Popen([sys.executable, "-m", "tests.support.watch", *words], cwd=ROOT)
    try:
        yield running
    finally:
        running.kill()
        running.wait()


async def watch(uri: str, database: str, application: str, fold_commits: str, fan_out: str) -> None:
    settings = load_settings(mongodb_uri=uri, database=database, fold_commits=fold_commits, fan_out=fan_out)
    model, mongo = read(load_application(application)), connect(uri, settings)
    identity = await prepare(mongo.database)
    async with Changes(mongo.database) as changes:
        log = EventLog(mongo.database, model)
        async with Watcher(mongo.database, model, identity, log, changes, settings):
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(watch(*sys.argv[1:]))
