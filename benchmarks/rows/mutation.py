"""Mutations spread over accounts: each is decided, committed and acknowledged by majority and journal."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from benchmarks.contestants.servers import mercurius, tidegate
from benchmarks.harness.arena import Arena, Contest, Row, contest
from benchmarks.harness.figures import Goal
from benchmarks.harness.operations import deposits, keys
from benchmarks.rows.mutating import LOG, MERCURIUS, OURS, SHARED, THEIRS, Mutating
from benchmarks.rows.querying import DISTINCT


@asynccontextmanager
async def _contest(arena: Arena) -> AsyncGenerator[Contest]:
    spread = keys(DISTINCT)
    ours, theirs = ([each.request for each in deposits(spread, asked)] for asked in (OURS, THEIRS))
    contestants = {"Tidegate": Mutating(tidegate, ours, LOG), "Mercurius": Mutating(mercurius, theirs, MERCURIUS)}
    yield contest(arena, contestants)


ROW = Row(
    "mutation",
    "A mutation, spread over accounts, 64 connections",
    _contest,
    (Goal("Mercurius", 3.0, missed=SHARED),),
    "Mercurius does one `insertOne` and decides nothing; Tidegate's watcher builds five read models meanwhile.",
)
