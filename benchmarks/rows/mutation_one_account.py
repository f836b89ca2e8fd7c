"""Mutations that all want the same account: nothing may be retried, and nothing lost."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from benchmarks.contestants.servers import tidegate
from benchmarks.harness.arena import Arena, Contest, Row, contest
from benchmarks.harness.figures import Goal
from benchmarks.harness.operations import deposits, keys
from benchmarks.rows.mutating import LOG, OURS, Mutating
from benchmarks.rows.querying import DISTINCT


@asynccontextmanager
async def _contest(arena: Arena) -> AsyncGenerator[Contest]:
    spread, one = ([each.request for each in deposits(to, OURS)] for to in (keys(DISTINCT), [0] * DISTINCT))
    contestants = {"spread": Mutating(tidegate, spread, LOG), "one account": Mutating(tidegate, one, LOG)}
    yield contest(arena, contestants)


ROW = Row(
    "mutation-one-account",
    "A mutation, all on one account, 64 connections",
    _contest,
    (Goal("spread", 0.6, ours="one account"),),
    "Tidegate twice: with the keys of the row above, and with one key.",
)
