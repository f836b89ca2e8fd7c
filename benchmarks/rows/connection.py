"""A page of a hundred accounts with six fields of each."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from benchmarks.contestants.servers import mercurius, strawberry, tidegate
from benchmarks.harness.arena import Arena, Contest, Row, contest
from benchmarks.harness.figures import Goal
from benchmarks.harness.operations import by_id, connections
from benchmarks.rows.querying import Querying

_PAGES = 200
_OURS = "where: {openedAt: {gte: $from}}, orderBy: {field: OPENED_AT}"
_THEIRS = "openedFrom: $from"

_PYTHON = (
    "A page's documents are not decoded into objects: a pattern takes each apart, a function makes its texts. A "
    "quarter of a page's time goes to the driver's one command, a fifth to taking the documents apart, a tenth to "
    "writing the answer's objects, all of it in Python. What would be needed is to take documents apart in C."
)


@asynccontextmanager
async def _contest(arena: Arena) -> AsyncGenerator[Contest]:
    accounts = arena.dataset.accounts()
    probe, theirs = by_id(accounts, _PAGES), connections(accounts, _PAGES, _THEIRS)
    contestants = {
        "Tidegate": Querying(tidegate, connections(accounts, _PAGES, _OURS), probe),
        "Mercurius": Querying(mercurius, theirs, probe),
        "Strawberry": Querying(strawberry, theirs, probe),
    }
    yield contest(arena, contestants)


ROW = Row(
    "connection",
    "A connection of 100 with 6 fields, 64 connections",
    _contest,
    (Goal("Mercurius", 2.0, missed=_PYTHON), Goal("Strawberry", 8.0, missed=_PYTHON)),
    "Pages from an instant on, by the order in which accounts were opened, with `pageInfo { hasNextPage }`.",
)
