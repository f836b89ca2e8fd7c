"""A watcher of the library as a process, for a test to kill: address, database, commits and views at once."""

import asyncio
import sys

from gateway.application.reading import read
from gateway.eventlog.storage import EventLog
from gateway.mongo.changes import Changes
from gateway.mongo.client import connect
from gateway.mongo.collections import prepare
from gateway.projections.watcher import Watcher
from gateway.settings import load_settings
from tests.projections.bookshop import library
from tests.projections.broken import BROKEN
from tests.projections.deadly import DEADLY, DEADLY_KEY

APPLICATIONS = {"good": library(), "broken": BROKEN, "deadly": DEADLY, "deadly-key": DEADLY_KEY}


async def watch(uri: str, database: str, fold_commits: str, fan_out: str, application: str) -> None:
    settings = load_settings(mongodb_uri=uri, database=database, fold_commits=fold_commits, fan_out=fan_out)
    model, mongo = read(APPLICATIONS[application]), connect(uri, settings)
    identity = await prepare(mongo.database)
    async with Changes(mongo.database) as changes:
        log = EventLog(mongo.database, model)
        async with Watcher(mongo.database, model, identity, log, changes, settings):
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(watch(*sys.argv[1:]))
