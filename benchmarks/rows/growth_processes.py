"""How mutations grow with the number of gateways that write to one log."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from benchmarks.contestants.servers import gateways
from benchmarks.harness.arena import Arena, Contest, Row
from benchmarks.harness.checks import all_there
from benchmarks.harness.figures import Sample
from benchmarks.harness.load import Answers, Load, Loader
from benchmarks.harness.operations import deposits, keys
from benchmarks.harness.plots import Curve
from benchmarks.harness.processes import Server
from benchmarks.rows.mutating import LOG, OURS, caught_up, settled
from benchmarks.rows.querying import AT_ONCE, DISTINCT

_PROCESSES = (1, 2, 4)


@asynccontextmanager
async def _contest(arena: Arena) -> AsyncGenerator[Contest]:
    yield {f"Tidegate at {count}": lambda count=count: _measured(arena, count) for count in _PROCESSES}


async def _measured(arena: Arena, count: int) -> Sample:
    """The rates of all processes together, with the latencies of the slowest."""
    async with AsyncExitStack() as stack:
        servers = await stack.enter_async_context(gateways(arena, {}, count))
        await _loaded(arena, servers, arena.warming)
        await asyncio.to_thread(caught_up, arena.dataset)
        found = await _loaded(arena, servers, arena.seconds)
        await asyncio.to_thread(settled, arena.dataset)
    ids = [LOG.read(each) for answers in found for each in answers.ids]
    await asyncio.to_thread(all_there, arena.dataset, LOG.collection, LOG.field, ids)
    return Sample(
        sum(each.rate for each in found), max(each.p50 for each in found), max(each.p99 for each in found)
    )


async def _loaded(arena: Arena, servers: list[Server], seconds: float) -> list[Answers]:
    load = Load(
        [each.request for each in deposits(keys(DISTINCT), OURS)], AT_ONCE // len(servers), acknowledged=True
    )
    loaders = [_beside(arena.loader, number) for number in range(len(servers))]
    running = (loader.run(each.address, load, seconds) for loader, each in zip(loaders, servers, strict=True))
    return await asyncio.gather(*running)


def _beside(loader: Loader, number: int) -> Loader:
    """A loader with files of its own."""
    folder = loader.folder / f"load-{number}"
    folder.mkdir(exist_ok=True)
    return replace(loader, folder=folder)


ROW = Row(
    "growth-processes",
    "Mutations, by gateways on one log",
    _contest,
    notes="64 connections in all. The gateways share the core of the server that is measured.",
    curve=Curve("gateways", "rate", "per second"),
)
