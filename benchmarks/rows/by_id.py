"""A query by id: a page is opened, a notification is shown."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from benchmarks.contestants.servers import mercurius, starlette, strawberry, tidegate
from benchmarks.harness.arena import Arena, Contest, Row, contest
from benchmarks.harness.figures import Goal
from benchmarks.harness.operations import by_id, plain_by_id
from benchmarks.rows.querying import DISTINCT, Querying

_INTERPRETED = (
    "Most of a request's time is CPython's interpreter, in uvicorn and here, not the driver or MongoDB. What would "
    "be needed is a compiled way from a request's bytes to those of the driver's command and back, or more workers."
)


@asynccontextmanager
async def _contest(arena: Arena) -> AsyncGenerator[Contest]:
    accounts = arena.dataset.accounts()
    asked, plain = by_id(accounts, DISTINCT), plain_by_id(accounts, DISTINCT)
    contestants = {
        "Tidegate": Querying(tidegate, asked, asked),
        "Mercurius": Querying(mercurius, asked, asked),
        "Starlette": Querying(starlette, plain, plain),
        "Strawberry": Querying(strawberry, asked, asked),
    }
    yield contest(arena, contestants)


ROW = Row(
    "by-id",
    "A query by id, 64 connections",
    _contest,
    (Goal("Mercurius", 4.0, missed=_INTERPRETED), Goal("Starlette", 2.0)),
    "The id and four more fields; Starlette answers the whole account, without GraphQL, from one `find_one`.",
)
