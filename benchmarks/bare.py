"""What is measured: each contestant does its work once and answers how many a second it did."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import cycle
from typing import Any
from uuid import uuid4

from bson import Int64
from bson.raw_bson import RawBSONDocument

from domain.account.events import AccountId, MoneyDeposited
from domain.money import Currency, Money
from gateway.application.model import Model
from gateway.eventlog.encoding import Draft, Encoded, encode_commit
from gateway.eventlog.storage import EMPTY, EventLog
from gateway.messages import CommandRecord, Head
from gateway.mongo.client import Mongo, collection
from gateway.mongo.collections import EVENTS, prepare

STREAMS = 1_000
AT_ONCE = 64


@dataclass(frozen=True)
class Bench:
    """An empty database of its own for each round."""

    mongo: Mongo
    model: Model

    async def emptied(self) -> Any:
        await self.mongo.client.drop_database(self.mongo.database.name)
        await prepare(self.mongo.database)
        events = collection(self.mongo.database, EVENTS)
        raw = RawBSONDocument
        return events.with_options(codec_options=events.codec_options.with_options(document_class=raw))

    async def bare_batches(self, commits: int, size: int) -> float:
        """`insert_many` of documents that are encoded already, with the log's own indexes and concerns."""
        events = await self.emptied()
        documents = [each.document for each in _encoded(self.model, commits)]
        began = time.perf_counter()
        for start in range(0, commits, size):
            await events.insert_many(documents[start : start + size], ordered=True)
        return commits / (time.perf_counter() - began)

    async def log(self, commits: int, size: int) -> float:
        """From dataclasses to acknowledged: encoded, chained, appended."""
        await self.emptied()
        log, drafts = EventLog(self.mongo.database, self.model), _drafts(commits)
        head = EMPTY
        began = time.perf_counter()
        for start in range(0, commits, size):
            batch = _chained(self.model, drafts[start : start + size], head)
            appended = await log.append(batch)
            assert appended.safe == len(batch)
            head = _head(batch[-1])
        return commits / (time.perf_counter() - began)

    async def lookups(self, reads: int) -> float:
        """Finds by command id, 64 at once: what a driver costs a call."""
        await self.emptied()
        log, batch = EventLog(self.mongo.database, self.model), _encoded(self.model, 500)
        await log.append(batch)
        ids = cycle([each.commit.command.id for each in batch])
        began, rest = time.perf_counter(), iter(range(reads))

        async def client() -> None:
            for _ in rest:
                assert await log.commands([next(ids)])

        await asyncio.gather(*(client() for _ in range(AT_ONCE)))
        return reads / (time.perf_counter() - began)

    async def bare_singles(self, seconds: float) -> float:
        """One `insert_one` each, 64 at once: what a hand-written mutation without any domain would do."""
        events = await self.emptied()
        documents = iter([each.document for each in _encoded(self.model, 40_000)])
        began, count = time.perf_counter(), 0

        async def client() -> None:
            nonlocal count
            while time.perf_counter() - began < seconds:
                await events.insert_one(next(documents))
                count += 1

        await asyncio.gather(*(client() for _ in range(AT_ONCE)))
        return count / (time.perf_counter() - began)


def _drafts(count: int) -> list[Draft]:
    at, amount = datetime.now(UTC).replace(microsecond=0), Money(Decimal("1.00"), Currency("EUR"))
    return [
        Draft(
            at,
            CommandRecord(uuid4(), "DepositMoney", bytes(32), "bench"),
            ((f"account-{number % STREAMS}", number // STREAMS + 1, _deposit(number, amount)),),
            None,
            None,
        )
        for number in range(count)
    ]


def _deposit(number: int, amount: Money) -> MoneyDeposited:
    return MoneyDeposited(AccountId(str(number % STREAMS)), amount)


def _encoded(model: Model, count: int) -> list[Encoded]:
    return _chained(model, _drafts(count), EMPTY)


def _chained(model: Model, drafts: Sequence[Draft], head: Head) -> list[Encoded]:
    found: list[Encoded] = []
    for each in drafts:
        found.append(encode_commit(model, each, head))
        head = _head(found[-1])
    return found


def _head(encoded: Encoded) -> Head:
    return Head(Int64(encoded.commit.position), encoded.commit.chain, encoded.commit.at)
