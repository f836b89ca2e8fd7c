"""How a lone mutation grows with the length of the log."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from bank import application
from benchmarks.contestants.servers import unwatched
from benchmarks.harness.arena import Arena, Contest, Row
from benchmarks.harness.figures import Sample
from benchmarks.harness.load import Load
from benchmarks.harness.operations import deposits
from benchmarks.harness.plots import Curve
from benchmarks.rows.mutating import OURS
from benchmarks.rows.querying import sampled
from benchmarks.zipf import ACCOUNTS, CUSTOMERS, fill
from gateway.application.reading import read
from gateway.eventlog.storage import EventLog
from gateway.mongo.client import connect
from gateway.mongo.collections import prepare
from gateway.settings import load_settings

_LEAST = ACCOUNTS + CUSTOMERS
_SELDOM = range(5_000, 5_050)
"""Accounts whose streams stay short in the longest log: its own length is what is looked at."""


@asynccontextmanager
async def _contest(arena: Arena) -> AsyncGenerator[Contest]:
    lengths = sorted({max(_LEAST, round(each * arena.seconds)) for each in (1_000, 10_000, 100_000)})
    for each in lengths:
        await _filled(arena, each)
    yield {f"Tidegate at {each:,}": lambda each=each: _measured(arena, each) for each in lengths}


async def _filled(arena: Arena, commits: int) -> None:
    mongo = connect(arena.uri, load_settings(database=_database(commits), mongodb_timeout=60.0))
    await prepare(mongo.database)
    model = read(application)
    await fill(EventLog(mongo.database, model), model, commits)
    await mongo.close()


async def _measured(arena: Arena, commits: int) -> Sample:
    load = Load([each.request for each in deposits(_SELDOM, OURS)], 1, acknowledged=True)
    async with unwatched(arena, _database(commits)) as server:
        await arena.loader.run(server.address, load, arena.warming)
        before = await asyncio.to_thread(server.usage)
        return sampled(await arena.loader.run(server.address, load, arena.seconds), server, before)


def _database(commits: int) -> str:
    return f"bench_log_{commits}"


ROW = Row(
    "growth-log",
    "A lone mutation, by the length of the log",
    _contest,
    notes="On fifty accounts that are seldom used. One gateway and no watcher, which has no part in it.",
    curve=Curve("commits in the log", "p50", "p50 ms"),
)
