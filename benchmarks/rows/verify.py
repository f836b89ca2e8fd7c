"""The walk of `tidegate verify` over a log, against reading the same raw documents."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from benchmarks.harness.arena import Arena, Contest, Row
from benchmarks.harness.figures import Goal, Sample
from benchmarks.harness.placement import everywhere
from benchmarks.verify import BARE, OURS, alone, filled


@asynccontextmanager
async def _contest(arena: Arena) -> AsyncGenerator[Contest]:
    commits = round(30_000 * arena.seconds)
    await filled(arena.uri, commits)

    async def measured(contestant: str) -> Sample:
        with everywhere():
            return Sample(alone(contestant, arena.uri, commits))

    yield {"Tidegate": lambda: measured(OURS), "bare driver": lambda: measured(BARE)}


ROW = Row(
    "verify",
    "`tidegate verify`, commits",
    _contest,
    (Goal("bare driver", 0.5),),
    "On all cores: the bare driver reads with one process, `verify` walks with one for each core, MongoDB's too.",
)
