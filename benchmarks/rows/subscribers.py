"""Subscribers on one account: how fast an event reaches all of them, and what they leave of the writes."""

import statistics
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import uuid4

from benchmarks import http
from benchmarks.harness.arena import Arena, Contest, Row
from benchmarks.harness.figures import Sample
from benchmarks.harness.placement import on_core
from benchmarks.subscribers import measure

_EVENTS = 5
_PATIENCE = 60
"""Seconds for MongoDB: the crowd comes at once, all on one machine."""


@asynccontextmanager
async def _contest(arena: Arena) -> AsyncGenerator[Contest]:
    yield {"Tidegate": lambda: _measured(arena)}


async def _measured(arena: Arena) -> Sample:
    count, database = round(1_000 * arena.seconds), f"bench_subscribers_{uuid4().hex[:8]}"
    alone = on_core(arena.placement.server, ["env", f"TIDEGATE_MONGODB_TIMEOUT={_PATIENCE}"])
    async with http.gateway(arena.uri, database, alone) as address:
        found = await measure(address, count, _EVENTS, round(arena.seconds))
    notes = {
        "subscribers": count,
        "kB of memory for each": found.memory / 1_000,
        "share of the writes that they leave": found.left,
    }
    return Sample(p50=statistics.median(found.p50), p99=statistics.median(found.p99), notes=notes)


ROW = Row(
    "subscribers",
    "One event to all subscribers of an account",
    _contest,
    notes="Each on a WebSocket of its own, 1,000 for each second of a round; writes go to fifty other accounts.",
)
