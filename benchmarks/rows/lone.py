"""One client that waits for each answer: what a single request takes."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from benchmarks.contestants.servers import starlette, tidegate
from benchmarks.harness.arena import Arena, Contest, Row, contest
from benchmarks.harness.figures import Goal, Measure
from benchmarks.harness.operations import by_id, deposits, keys, plain_by_id, plain_deposits
from benchmarks.rows.mutating import LOG, OURS, STARLETTE, Mutating
from benchmarks.rows.querying import DISTINCT, Querying

_MORE = (
    "A query is GraphQL, waits a turn of the event loop for others to be read with, reads in a session that "
    "nothing older than this process has seen may answer, and leaves an entry in the audit trail; the endpoint "
    "does none of it. What would be needed is a driver whose calls cost less."
)
_BESIDE = (
    "After each mutation the watcher writes five read models, and the next mutation meets that in MongoDB: it "
    "waits for the same core and the same journal. What would be needed is a core for each of them."
)


@asynccontextmanager
async def _queries(arena: Arena) -> AsyncGenerator[Contest]:
    accounts = arena.dataset.accounts()
    asked, plain = by_id(accounts, DISTINCT), plain_by_id(accounts, DISTINCT)
    contestants = {
        "Tidegate": Querying(tidegate, asked, asked, connections=1),
        "Starlette": Querying(starlette, plain, plain, connections=1),
    }
    yield contest(arena, contestants)


@asynccontextmanager
async def _mutations(arena: Arena) -> AsyncGenerator[Contest]:
    spread = keys(DISTINCT)
    ours, theirs = ([each.request for each in found] for found in (deposits(spread, OURS), plain_deposits(spread)))
    contestants = {
        "Tidegate": Mutating(tidegate, ours, LOG, connections=1),
        "Starlette": Mutating(starlette, theirs, STARLETTE, connections=1),
    }
    yield contest(arena, contestants)


QUERY = Row(
    "lone-query",
    "A lone query by id, 1 connection",
    _queries,
    (Goal("Starlette", 1.3, Measure.P50, missed=_MORE),),
    "Against one bare `find_one` behind Starlette.",
)
MUTATION = Row(
    "lone-mutation",
    "A lone mutation, 1 connection",
    _mutations,
    (Goal("Starlette", 1.3, Measure.P50, missed=_BESIDE),),
    "Against one bare `insert_one` behind Starlette.",
)
