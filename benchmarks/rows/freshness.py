"""From an acknowledged mutation to a query that shows it, at 500 mutations a second."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from benchmarks import freshness
from benchmarks.freshness import by_hand, measure, tidegate
from benchmarks.harness.arena import Arena, Contest, Row
from benchmarks.harness.figures import Goal, Measure, Sample
from benchmarks.harness.placement import pinned

_RATE = 500


@asynccontextmanager
async def _contest(arena: Arena) -> AsyncGenerator[Contest]:
    makes = {"Tidegate": tidegate, "watcher by hand": by_hand}
    yield {name: lambda make=make: _measured(arena, make) for name, make in makes.items()}


async def _measured(arena: Arena, make: freshness.Make) -> Sample:
    with pinned(arena.placement.server):
        found = await measure(make, arena.uri, _RATE, round(arena.seconds))
    return Sample(p50=found.p50, p99=found.p99)


ROW = Row(
    "freshness",
    "From acknowledged to visible, 500 mutations/s",
    _contest,
    tuple(Goal("watcher by hand", 1.5, each) for each in (Measure.P50, Measure.P99)),
    "Writer, watcher and reader are one process, on one core. Ours waits as any other process would.",
)
