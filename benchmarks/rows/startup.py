"""`tidegate serve` on a database that is there, until it answers, against its libraries imported and connected."""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from benchmarks.contestants.servers import gateway
from benchmarks.harness.arena import Arena, Contest, Row
from benchmarks.harness.figures import Goal, Measure, Sample
from benchmarks.harness.processes import PYTHON, process

_IMPORTING = [PYTHON, "-m", "benchmarks.contestants.importing"]
_RUNS = 3


# As it is installed: pip compiles what it installs, so a gateway is not compiled again at each start either.
_COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}


@asynccontextmanager
async def _contest(arena: Arena) -> AsyncGenerator[Contest]:
    async with gateway(arena, arena.environment() | _COMPILED):
        pass  # from now on there is bytecode
    yield {"Tidegate": lambda: _served(arena), "imports and connects": lambda: _imported(arena)}


async def _served(arena: Arena) -> Sample:
    took: list[float] = []
    for _ in range(_RUNS):
        began = time.perf_counter()
        async with gateway(arena, arena.environment() | _COMPILED):
            took.append(1_000 * (time.perf_counter() - began))
    return Sample(p50=sorted(took)[_RUNS // 2])


async def _imported(arena: Arena) -> Sample:
    took: list[float] = []
    for _ in range(_RUNS):
        began = time.perf_counter()
        async with process(_IMPORTING, arena.placement.server, arena.environment() | _COMPILED) as running:
            await running.wait()
            took.append(1_000 * (time.perf_counter() - began))
    return Sample(p50=sorted(took)[_RUNS // 2])


ROW = Row(
    "startup",
    "`tidegate serve` on an existing database, until it answers",
    _contest,
    (Goal("imports and connects", 1.5, Measure.P50),),
)
