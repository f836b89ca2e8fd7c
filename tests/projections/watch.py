"""A watcher of one release of the library as a process, for a test to kill; `watch` has its arguments in order."""

import asyncio
import sys

from gateway.application.reading import read
from gateway.cli.loading import load_application
from gateway.eventlog.storage import EventLog
from gateway.mongo.changes import Changes
from gateway.mongo.client import connect
from gateway.mongo.collections import prepare
from gateway.projections.watcher import Watcher
from gateway.settings import load_settings


async def watch(uri: str, database: str, fold_commits: str, fan_out: str, release: str) -> None:
    settings = load_settings(mongodb_uri=uri, database=database, fold_commits=fold_commits, fan_out=fan_out)
    model, mongo = read(load_application(release)), connect(uri, settings)
    identity = await prepare(mongo.database)
    async with Changes(mongo.database) as changes:
        log = EventLog(mongo.database, model)
        async with Watcher(mongo.database, model, identity, log, changes, settings):
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(watch(*sys.argv[1:]))
