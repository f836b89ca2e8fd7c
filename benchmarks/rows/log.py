"""The log against the bare driver, and the two drivers against each other; all in this process, on its core."""

import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from bank import application
from benchmarks.bare import Bench
from benchmarks.harness.arena import Arena, Contest, Row
from benchmarks.harness.figures import Goal, Sample
from benchmarks.harness.placement import pinned
from gateway.application.reading import read
from gateway.mongo.client import connect
from gateway.settings import load_settings

_BATCHES = (100, 500, 1_000)
_DATABASE = "bench_log"
_SERIAL = (
    "Ours encodes a batch, and then waits until it is inserted, as the writer does. It would have to encode one "
    "while the one before it is under way."
)


async def counted(arena: Arena, work: Callable[[], Awaitable[float]], pieces: int) -> Sample:
    """What `work` does a second, on the core of the server that is measured."""
    with pinned(arena.placement.server):
        began = time.process_time()
        rate = await work()
        return Sample(rate, cpu=1_000 * (time.process_time() - began) / pieces)


@asynccontextmanager
async def bench(arena: Arena, driver: str = "pymongo") -> AsyncGenerator[Bench]:
    """A database of its own, reached with one of the two drivers."""
    mongo = connect(arena.uri, load_settings(database=_DATABASE, driver=driver))
    yield Bench(mongo, read(application))
    await mongo.close()


@asynccontextmanager
async def _appends(arena: Arena) -> AsyncGenerator[Contest]:
    commits = round(2_000 * arena.seconds)
    async with bench(arena) as found:

        async def best(append: Callable[[int, int], Awaitable[float]]) -> Sample:
            samples = [await counted(arena, lambda size=size: append(commits, size), commits) for size in _BATCHES]
            return max(samples, key=lambda each: each.rate or 0)

        yield {"Tidegate": lambda: best(found.log), "insert_many": lambda: best(found.bare_batches)}


@asynccontextmanager
async def _lookups(arena: Arena) -> AsyncGenerator[Contest]:
    reads = round(500 * arena.seconds)
    async with bench(arena) as mongo, bench(arena, "motor") as motor:
        yield {
            "PyMongo": lambda: counted(arena, lambda: mongo.lookups(reads), reads),
            "Motor": lambda: counted(arena, lambda: motor.lookups(reads), reads),
        }


APPEND = Row(
    "log",
    "The log, from dataclasses to acknowledged, chain on",
    _appends,
    (Goal("insert_many", 0.8, missed=_SERIAL),),
    "The bare driver inserts the same documents, encoded already; each has its best of 100, 500 and 1,000 at once.",
)
DRIVERS = Row(
    "drivers",
    "Look-ups by command id, 64 at once, on Motor",
    _lookups,
    (Goal("PyMongo", None, ours="Motor"),),
)
