"""A watcher of the library with a past as a process, for a test to kill: address, database and two limits."""

import asyncio
import sys

from gateway.eventlog.storage import EventLog
from gateway.mongo.changes import Changes
from gateway.mongo.client import connect
from gateway.mongo.collections import prepare
from gateway.projections.watcher import Watcher
from gateway.settings import load_settings
from tests.past.bookshop import MODEL


async def watch(uri: str, database: str, fold_commits: str, fan_out: str) -> None:
    settings = load_settings(mongodb_uri=uri, database=database, fold_commits=fold_commits, fan_out=fan_out)
    mongo = connect(uri, settings)
    identity = await prepare(mongo.database)
    async with Changes(mongo.database) as changes:
        log = EventLog(mongo.database, MODEL)
        async with Watcher(mongo.database, MODEL, identity, log, changes, settings):
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(watch(*sys.argv[1:]))
