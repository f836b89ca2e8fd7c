"""The walk of `tidegate verify` over a log, against reading the same raw documents."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from benchmarks.harness.arena import Arena, Contest, Row
from benchmarks.harness.figures import Goal
from benchmarks.rows.log import bench, counted
from benchmarks.verify import bare_driver, verified


@asynccontextmanager
async def _contest(arena: Arena) -> AsyncGenerator[Contest]:
    commits = round(10_000 * arena.seconds)
    async with bench(arena) as found:
        await found.log(commits, 1_000)
        yield {
            "Tidegate": lambda: counted(arena, lambda: verified(found, commits), commits),
            "bare driver": lambda: counted(arena, lambda: bare_driver(found, commits), commits),
        }


ROW = Row("verify", "`tidegate verify`, commits", _contest, (Goal("bare driver", 0.5),))
