"""A new process's first command on a stream of very many events, against one on a stream of ten."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from benchmarks.harness.arena import Arena, Contest, Row
from benchmarks.harness.figures import Goal, Measure, Sample
from benchmarks.harness.placement import pinned
from benchmarks.snapshots import filled, measured

_RUNS = 3


@asynccontextmanager
async def _contest(arena: Arena) -> AsyncGenerator[Contest]:
    with pinned(arena.placement.server):
        await filled(arena.uri, round(10_000 * arena.seconds))
    contestants = {"long stream": "long", "ten events": "short"}
    yield {name: lambda each=each: _measured(arena, each) for name, each in contestants.items()}


async def _measured(arena: Arena, account: str) -> Sample:
    with pinned(arena.placement.server):
        return Sample(p50=sorted([await measured(arena.uri, account) for _ in range(_RUNS)])[_RUNS // 2])


ROW = Row(
    "snapshots",
    "A new process's first command on a long stream",
    _contest,
    (Goal("ten events", 3.0, Measure.P50, ours="long stream"),),
    "The long stream has 10,000 events for each second of a round, and its snapshot is at its worst age.",
)
