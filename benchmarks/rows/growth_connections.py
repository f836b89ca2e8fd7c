"""How queries by id grow with the number of connections."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from benchmarks.contestants.servers import mercurius, tidegate
from benchmarks.harness.arena import Arena, Contest, Row, contest
from benchmarks.harness.operations import by_id
from benchmarks.harness.plots import Curve
from benchmarks.rows.querying import DISTINCT, Querying

_CONNECTIONS = (1, 8, 64, 256, 1_000)


@asynccontextmanager
async def _contest(arena: Arena) -> AsyncGenerator[Contest]:
    asked = by_id(arena.dataset.accounts(), DISTINCT)
    contestants = {
        f"{name} at {connections:,}": Querying(opened, asked, asked, connections)
        for name, opened in (("Tidegate", tidegate), ("Mercurius", mercurius))
        for connections in _CONNECTIONS
    }
    yield contest(arena, contestants)


ROW = Row(
    "growth-connections",
    "Queries by id, by connections",
    _contest,
    curve=Curve("connections", "rate", "per second"),
)
