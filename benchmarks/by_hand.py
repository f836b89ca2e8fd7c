"""A watcher as one writes it by hand for these five read models: change stream, find, fold, one transaction.

No checkpoints of others, no leases, no parts, no parked keys: as little as does the same on a good day. The
collections have the same indexes, or the queries that they are for would have to scan.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bson import Int64
from pymongo import InsertOne, ReplaceOne
from pymongo.read_concern import ReadConcern

from domain.account.events import AccountEvent, AccountOpened, Movement
from domain.customer.events import CustomerRegistered
from gateway.application.model import ReadModel
from gateway.eventlog.storage import EventLog
from gateway.messages import Commit
from gateway.mongo.client import SAFE, Collection, Database, Document, collection
from gateway.mongo.codec import decoder, encoder
from gateway.mongo.collections import EVENTS
from gateway.mongo.paths import index_keys
from readmodels import accounts, customers, daily_activity, ledger, statement

BATCH = 500

Views = dict[Any, Any]
Writes = list[tuple[str, list[Any]]]
"""Operations by the collection that they are for."""


@dataclass
class ByHand:
    """Follows the log and keeps five collections up to it."""

    database: Database
    log: EventLog
    position: int = 0
    _passed: asyncio.Event = field(default_factory=asyncio.Event)

    async def prepare(self, models: Iterable[ReadModel]) -> None:
        """Makes the collections, with the indexes of the declared access paths."""
        for each in models:
            for path in each.paths:
                await self._of(each.name).create_index(index_keys(path, each.key_field, each.journal))

    async def follow(self) -> None:
        """Builds the views until it is cancelled."""
        insert = {"$match": {"operationType": "insert"}}
        async with await collection(self.database, EVENTS).watch([insert, {"$project": {"_id": 1}}]) as stream:
            await self._catch_up()
            while stream.alive:
                if await stream.try_next() is not None:
                    await self._catch_up()

    async def passed(self, position: int) -> None:
        """Returns when all views show everything up to a position."""
        while self.position < position:
            await self._passed.wait()

    async def accounts(self, _group: str, keys: Sequence[str]) -> Views:
        return await self._load("accounts", accounts.Account, "account", keys)

    async def _catch_up(self) -> None:
        while commits := await self.log.read(self.position, BATCH):
            await self._apply(commits)
            self.position = commits[-1].position
            self._passed.set()
            self._passed = asyncio.Event()

    async def _apply(self, commits: Sequence[Commit]) -> None:
        events = [each for commit in commits for each in commit.events]
        writes = await asyncio.gather(
            self._accounts(events),
            self._customers(events),
            self._ledger(events),
            self._daily(events),
            self._statement(events),
        )
        place = [ReplaceOne({"_id": 1}, {"_id": 1, "position": Int64(commits[-1].position)}, upsert=True)]
        async with (
            self.database.client.start_session() as session,
            await session.start_transaction(ReadConcern("snapshot"), SAFE),
        ):
            for name, operations in [("checkpoint", place), *(each for part in writes for each in part)]:
                if operations:
                    await self._of(name).bulk_write(operations, ordered=False, session=session)

    async def _accounts(self, events: Sequence[Any]) -> Writes:
        mine = [each for each in events if isinstance(each.event, AccountEvent)]
        views = await self._load("accounts", accounts.Account, "account", [each.event.account for each in mine])
        for each in mine:
            views[each.event.account] = accounts.project(views.get(each.event.account), each.event, each.at)
        return [("accounts", _replaced(views, encoder(accounts.Account, "account")))]

    async def _customers(self, events: Sequence[Any]) -> Writes:
        mine = [each for each in events if isinstance(each.event, CustomerRegistered)]
        views: Views = {each.event.customer: customers.project(None, each.event, each.at) for each in mine}
        return [("customers", _replaced(views, encoder(customers.Customer, "customer")))]

    async def _ledger(self, events: Sequence[Any]) -> Writes:
        mine = [each for each in events if isinstance(each.event, AccountOpened | Movement)]
        keys = [ledger.key(each.event) for each in mine]
        views = await self._load("ledgers", ledger.Ledger, "currency", keys)
        for key, each in zip(keys, mine, strict=True):
            views[key] = ledger.project(views.get(key), each.event)
        return [("ledgers", _replaced(views, encoder(ledger.Ledger, "currency")))]

    async def _daily(self, events: Sequence[Any]) -> Writes:
        mine = [each for each in events if isinstance(each.event, daily_activity.Counted)]
        keys = [daily_activity.key(each.event, each.at) for each in mine]
        views = await self._load("daily_activities", daily_activity.DailyActivity, "activity", keys)
        for key, each in zip(keys, mine, strict=True):
            views[key] = daily_activity.project(views.get(key), each.event, each.at)
        return [("daily_activities", _replaced(views, encoder(daily_activity.DailyActivity, "activity")))]

    async def _statement(self, events: Sequence[Any]) -> Writes:
        mine = [each for each in events if isinstance(each.event, Movement)]
        views = await self._load("last", statement.StatementLine, "account", [each.event.account for each in mine])
        encode, added = encoder(statement.StatementLine), list[Any]()
        for number, each in enumerate(mine):
            line = views[each.event.account] = statement.append(views.get(each.event.account), each.event, each.at)
            added.append(InsertOne({"_id": Int64(each.position * 1_000 + number), **encode(line)}))
        return [("statement", added), ("last", _replaced(views, encoder(statement.StatementLine, "account")))]

    async def _load(self, name: str, type_: type, key: str, keys: Iterable[Any]) -> Views:
        decode, wanted = decoder(type_, key), [*{*keys}]
        found = await self._of(name).find({"_id": {"$in": wanted}}).to_list(None) if wanted else []
        return {each["_id"]: decode(each) for each in found}

    def _of(self, name: str) -> Collection:
        return collection(self.database, f"hand.{name}")


def _replaced(views: Views, encode: Callable[[Any], Document]) -> list[Any]:
    documents = [encode(each) for each in views.values()]
    return [ReplaceOne({"_id": each["_id"]}, each, upsert=True) for each in documents]
