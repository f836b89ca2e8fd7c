"""What the past costs: the bank's accounts with `history=True`, and a history of all events, against neither.

Measured on one log are the bytes in MongoDB, of documents and of indexes, and the time in which all read models are
built from its beginning.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

from bank import application as bank
from domain.account.events import AccountId, AccountOpened, MoneyDeposited, MoneyWithdrawn
from domain.customer.events import CustomerId
from domain.money import Currency, Money
from gateway.application import Application
from gateway.application.reading import read
from gateway.eventlog.encoding import Draft, Encoded, encode_commit
from gateway.eventlog.storage import EMPTY, EventLog
from gateway.history import NAME, with_history
from gateway.messages import CommandRecord, Head
from gateway.mongo.changes import Changes
from gateway.mongo.client import Mongo, connect
from gateway.mongo.collections import prepare
from gateway.mongo.embedded import embedded
from gateway.projections.watcher import Watcher
from gateway.queries.positions import Positions
from gateway.settings import load_settings

EUR = Currency("EUR")


@dataclass(frozen=True)
class Cost:
    """Bytes on the disk and in memory's own form, by collection; seconds until everything was built."""

    stored: Counter[str]
    indexes: Counter[str]
    seconds: float

    def of(self, *names: str) -> int:
        return sum(self.stored[each] + self.indexes[each] for each in names)


def _drafts(commits: int, accounts: int) -> Iterator[Draft]:
    """Movements on accounts of which few are used often: the n-th of them 1/n as often as the first."""
    draw, at = random.Random(1), datetime(2026, 1, 1, tzinfo=UTC)
    keys = [AccountId(f"{number:07}") for number in range(accounts)]
    versions = Counter[str]()
    often = draw.choices(keys, [1 / (number + 1) for number in range(accounts)], k=commits)
    for number, key in enumerate([*keys, *often]):
        stream, amount = f"account-{key}", Money(Decimal(draw.randrange(100, 10_000)) / 100, EUR)
        event: object = (MoneyDeposited if draw.random() < 0.6 else MoneyWithdrawn)(key, amount)
        if number < accounts:
            event = AccountOpened(key, CustomerId(f"c{number // 2}"), f"Owner {number // 2}", EUR)
        versions[stream] += 1
        command = CommandRecord(uuid4(), "Bench", bytes(32), "bench")
        yield Draft(
            at + timedelta(milliseconds=20 * number), command, ((stream, versions[stream], event),), None, None
        )


async def _filled(mongo: Mongo, commits: int, accounts: int) -> None:
    await prepare(mongo.database)
    model = read(bank)
    log, head, batch = EventLog(mongo.database, model), EMPTY, list[Encoded]()
    for draft in _drafts(commits, accounts):
        batch.append(encode_commit(model, draft, head))
        head = Head(batch[-1].commit.position, batch[-1].commit.chain, draft.at)
        if len(batch) == 1_000:
            await log.append(batch)
            batch.clear()
    if batch:
        await log.append(batch)


def _application(accounts: bool, events: bool) -> Application:
    """The bank, with or without the past of its accounts and the history of its events."""
    views: list[Any] = [*bank.views]
    parts = [replace(each, history=accounts) if getattr(each, "one", None) == "account" else each for each in views]
    return replace(bank, views=parts, history=events)


async def built(mongo: Mongo, application: Application, last: int) -> Cost:
    """All read models, built from the beginning of the log."""
    for name in await mongo.database.list_collection_names(
        filter={"name": {"$regex": "^(views|checkpoints|live|attempts|watchers)"}}
    ):
        await mongo.database.drop_collection(name)
    model, identity = with_history(read(application)), await prepare(mongo.database)
    began = time.perf_counter()
    async with Changes(mongo.database) as changes, Positions(mongo.database, changes, model) as positions:
        log = EventLog(mongo.database, model)
        async with Watcher(mongo.database, model, identity, log, changes, load_settings()):
            for each in model.read_models:
                await positions.wait(each.name, last, 3_600)
    seconds = time.perf_counter() - began
    await mongo.client.admin.command({"fsync": 1})
    stored, indexes = Counter[str](), Counter[str]()
    for name in await mongo.database.list_collection_names():
        figures: dict[str, Any] = await mongo.database.command({"collStats": name})
        stored[name], indexes[name] = figures["storageSize"], figures["totalIndexSize"]
    return Cost(stored, indexes, seconds)


async def _measure(commits: int, accounts: int) -> None:
    with tempfile.TemporaryDirectory(prefix="tidegate-bench-") as folder:
        async with embedded(Path(folder)) as server:
            mongo = connect(server.uri, load_settings(database="bench", mongodb_timeout=60.0))
            await _filled(mongo, commits, accounts)
            last = commits + accounts
            neither, past, events = [await built(mongo, _application(*each), last) for each in _CASES]
            await mongo.close()
    _print_past(past, neither, last)
    _print_events(events, neither, last)


_CASES = ((False, False), (True, False), (False, True))


def _print_past(past: Cost, neither: Cost, last: int) -> None:
    kept = past.of("views.accounts.1.past", "views.accounts.1.moments")
    indexes = past.indexes["views.accounts.1.past"] + past.indexes["views.accounts.1.moments"]
    _say("past of the accounts : log", kept / past.of("events"))
    _say("past of the accounts : accounts as they are", kept / neither.of("views.accounts.1"))
    _say("  its indexes : all of it", indexes / kept)
    _say("  bytes of it for each commit", kept / last)
    _say("time to build the five read models : without it", past.seconds / neither.seconds)


def _print_events(events: Cost, neither: Cost, last: int) -> None:
    name = f"views.{NAME}.1"
    _say("history of all events : log", events.of(name) / events.of("events"))
    _say("  its indexes : all of it", events.indexes[name] / events.of(name))
    _say("  bytes of it for each commit", events.of(name) / last)
    _say("time to build all read models : without it", events.seconds / neither.seconds)


def _say(what: str, number: float) -> None:
    print(f"{what:<52} {number:8.2f}")  # noqa: T201


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commits", type=int, default=100_000)
    parser.add_argument("--accounts", type=int, default=10_000)
    given = parser.parse_args()
    asyncio.run(_measure(given.commits, given.accounts))


if __name__ == "__main__":
    main()
