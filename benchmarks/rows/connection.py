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

_AMOUNTS = (
    "The driver makes a Python object of each amount by calling Python, and a dictionary of each document: that is "
    "most of a page. MongoDB can send amounts as texts; it was tried, and costs MongoDB, which all gateways share, "
    "nearly as much as it saves here. What would be needed is a driver that decodes them in C."
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
    (Goal("Mercurius", 2.0, missed=_AMOUNTS), Goal("Strawberry", 8.0, missed=_AMOUNTS)),
    "Pages from an instant on, by the order in which accounts were opened, with `pageInfo { hasNextPage }`.",
)
