"""How the watcher's rate grows with the number of read models."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import fields, make_dataclass, replace
from datetime import datetime
from typing import Any, get_type_hints

from bank import application as bank
from benchmarks.harness.arena import Arena, Contest, Row
from benchmarks.harness.figures import Sample
from benchmarks.harness.placement import pinned
from benchmarks.harness.plots import Curve
from benchmarks.history import built
from benchmarks.zipf import ACCOUNTS, CUSTOMERS, fill
from domain.account.events import AccountEvent
from domain.customer.events import CustomerRenamed
from gateway.application import Application, View
from gateway.application.reading import read
from gateway.eventlog.storage import EventLog
from gateway.mongo.client import Mongo, connect
from gateway.mongo.collections import prepare
from gateway.settings import load_settings
from readmodels import accounts

_COUNTS = (1, 5, 20)


@asynccontextmanager
async def _contest(arena: Arena) -> AsyncGenerator[Contest]:
    commits = ACCOUNTS + CUSTOMERS + round(2_000 * arena.seconds)
    mongo = connect(arena.uri, load_settings(database="bench_read_models", mongodb_timeout=60.0))
    await prepare(mongo.database)
    await fill(EventLog(mongo.database, read(bank)), read(bank), commits)
    yield {f"Tidegate at {count}": lambda count=count: _measured(arena, mongo, count, commits) for count in _COUNTS}
    await mongo.close()


async def _measured(arena: Arena, mongo: Mongo, count: int, commits: int) -> Sample:
    with pinned(arena.placement.server):
        found = await built(mongo, _with(count), commits)
    return Sample(commits / found.seconds)


def _with(count: int) -> Application:
    """The bank with so many read models: its accounts alone, its own five, or those and copies of its accounts."""
    own: list[Any] = [each for each in bank.views if getattr(each, "one", None) == "account"]
    views: list[Any] = own if count == 1 else [*bank.views, *map(_copy, range(count - len(bank.views)))]
    return replace(bank, views=views)


def _copy(number: int) -> Any:
    """The accounts once more, under another name."""
    hints, name = list(get_type_hints(accounts.Account).items()), f"Account{number}"
    copied: Any = make_dataclass(name, hints, namespace={"__module__": __name__}, frozen=True, slots=True)

    def project(view: Any, event: AccountEvent | CustomerRenamed, at: datetime) -> Any:
        before = None if view is None else _moved(view, accounts.Account)
        after = accounts.project(before, event, at)
        return None if after is None else _moved(after, copied)

    project.__annotations__ |= {"view": copied | None, "return": copied | None}
    return View(project, one=f"account{number}", many=f"accounts{number}")


def _moved(view: Any, kind: Any) -> Any:
    return kind(*(getattr(view, each.name) for each in fields(kind)))


ROW = Row(
    "growth-read-models",
    "Commits that the watcher follows, by read models",
    _contest,
    notes="From nothing to the head of a log, on one core. Twenty are the bank's five and copies of its accounts.",
    curve=Curve("read models", "rate", "commits per second"),
)
