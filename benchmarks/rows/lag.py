"""How far a watcher is behind while commits come at 80 % of the rate that it sustains alone."""

import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

from benchmarks.harness.arena import Arena, Contest, Row
from benchmarks.harness.figures import Sample
from benchmarks.harness.placement import everywhere
from benchmarks.lag import Wish, followed
from gateway.mongo.embedded import embedded
from gateway.settings import load_settings

_COMMITS, _SHARE = 50_000, 0.8


@asynccontextmanager
async def _contest(arena: Arena) -> AsyncGenerator[Contest]:
    with tempfile.TemporaryDirectory(prefix="tidegate-bench-") as folder, everywhere():
        async with embedded(Path(folder)) as server:
            yield {"Tidegate": lambda: _measured(server.uri, 6 * arena.seconds)}


async def _measured(uri: str, seconds: float) -> Sample:
    database = f"bench_lag_{uuid4().hex[:8]}"
    settings = load_settings(mongodb_uri=uri, database=database, audit_days=0, lag_commits=0)
    found = await followed(settings, Wish(_COMMITS, seconds, _SHARE))
    notes = {
        "commits a second that are appended then": found.appended,
        "% of them by which the lag grows": 100 * found.growth,
        "commits behind at most": max(each.lag for each in found.samples),
    }
    return Sample(found.alone, notes=notes)


ROW = Row(
    "lag",
    "The watcher alone, and its lag at 80 % of that rate, commits",
    _contest,
    notes=(
        "The watcher is one process; it, MongoDB and who appends have all cores, none of his own. The lag should "
        "not grow. On two cores it does: MongoDB has the log to take in and five read models to write, and the "
        "watcher wants a core for itself. What would be needed is a third core, or less to do for MongoDB."
    ),
)
