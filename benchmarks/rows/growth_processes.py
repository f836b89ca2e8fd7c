"""How mutations grow with the number of workers that write to one log."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from urllib.error import HTTPError
from urllib.request import urlopen

import orjson

from benchmarks.contestants.servers import tidegate_with
from benchmarks.harness.arena import Arena, Contest, Row
from benchmarks.harness.checks import all_there
from benchmarks.harness.figures import Sample
from benchmarks.harness.load import Load
from benchmarks.harness.operations import deposits, keys
from benchmarks.harness.plots import Curve
from benchmarks.rows.mutating import LOG, OURS, caught_up, settled
from benchmarks.rows.querying import AT_ONCE, DISTINCT

_WORKERS = (1, 2, 4)


@asynccontextmanager
async def _contest(arena: Arena) -> AsyncGenerator[Contest]:
    yield {f"Tidegate at {count}": lambda count=count: _measured(arena, count) for count in _WORKERS}


async def _measured(arena: Arena, count: int) -> Sample:
    load = Load([each.request for each in deposits(keys(DISTINCT), OURS)], AT_ONCE, acknowledged=True)
    async with tidegate_with(arena, {"TIDEGATE_WORKERS": str(count)}) as server:
        await asyncio.to_thread(_ready, server.address, count)
        await arena.loader.run(server.address, load, arena.warming)
        await asyncio.to_thread(caught_up, arena.dataset)
        found = await arena.loader.run(server.address, load, arena.seconds)
        await asyncio.to_thread(settled, arena.dataset)
    ids = [LOG.read(each) for each in found.ids]
    await asyncio.to_thread(all_there, arena.dataset, LOG.collection, LOG.field, ids)
    return Sample(found.rate, found.p50, found.p99)


def _ready(address: str, count: int) -> None:
    """Returns when each worker has answered: connections stay with whoever was there when they were made."""
    there = set[int]()
    while len(there) < count:
        with suppress(HTTPError), urlopen(f"{address}/readyz") as answer:  # one of them is not ready yet
            there.add(orjson.loads(answer.read())["process"])


ROW = Row(
    "growth-processes",
    "Mutations, by workers on one log",
    _contest,
    notes="64 connections in all. The workers share the core of the server that is measured.",
    curve=Curve("workers", "rate", "per second"),
)
