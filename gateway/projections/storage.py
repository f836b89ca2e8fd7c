"""The read models' collections and checkpoints in MongoDB.

What a batch is folded on is read outside of its transaction. That is sound, because every such read is causally
after the read or the write of the checkpoint that it builds on, and because the transaction moves this very
checkpoint: had anybody written a view in between, it would not find it there any more.
"""

import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pymongo
from bson import Int64
from bson.errors import BSONError
from pymongo import ASCENDING, DeleteOne, ReplaceOne
from pymongo.errors import BulkWriteError, DuplicateKeyError

from gateway.application.model import AccessPath, ReadModel
from gateway.mongo.causal import Seen
from gateway.mongo.checkpoints import Checkpoint, checkpoint_of, document_of, id_of, unmoved
from gateway.mongo.client import Collection, Database, Document, collection, settle
from gateway.mongo.collections import CHECKPOINTS, EVENTS, create, views
from gateway.mongo.past import create_past, past_names, write_past
from gateway.mongo.paths import index_keys, index_name
from gateway.mongo.transactions import transact
from gateway.projections.folding.fold import Folded
from gateway.projections.folding.reach import FanOut, Plan, Reached, Step, fan_outs
from gateway.projections.parking.aside import NOTHING_ASIDE, Aside
from gateway.projections.parking.attempts import Attempts
from gateway.projections.parking.storage import ParkedStore

_INDEX_SECONDS = 86_400
"""An index on a large collection takes its time: the client's limit is not meant for that."""


class Fenced(Exception):
    """Somebody else moved the checkpoint: another watcher is at work."""


class ViewsRefused(Exception):
    """MongoDB does not take a read model's views."""

    def __init__(self, checkpoint: Checkpoint, error: Exception) -> None:
        self.checkpoint = checkpoint
        super().__init__(f"Its views can't be stored: {type(error).__name__}.")


class PastChanged(Exception):
    """A past is not as the watcher left it: somebody changed it by hand."""


@dataclass(frozen=True, slots=True)
class Update:
    """What a read model's views and checkpoint become, if the checkpoint is still `before`."""

    plan: Plan
    before: Checkpoint
    after: Checkpoint
    folded: Folded

    @property
    def views(self) -> dict[Any, Document | None]:
        """What a later fold begins with, by stored key, as far as it changes; None is no view."""
        folded = self.folded
        changed = folded.latest if self.plan.model.journal else (*folded.added, *folded.replaced)
        return {**dict.fromkeys(folded.removed), **{each["_id"]: each for each in changed}}


class ViewStore:
    """All that a watcher reads and writes besides the log, for any number of tasks at once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._checkpoints = collection(database, CHECKPOINTS)
        self._events = collection(database, EVENTS)
        self._seen = Seen(database)
        self.parked, self.attempts = ParkedStore(database), Attempts(database)

    async def checkpoints(self, ids: Iterable[str]) -> dict[str, Checkpoint]:
        """The checkpoints with these ids; all that is loaded later is not older than they are."""
        async with self._seen.session() as session:
            found = self._checkpoints.find({"_id": {"$in": list(ids)}}, session=session)
            checkpoints = {each["_id"]: checkpoint_of(each) async for each in found}
            self._seen.note(session.operation_time)
        return checkpoints

    async def begin(self, checkpoint: Checkpoint) -> None:
        """Insert a checkpoint unless it is there; what was parked at an earlier one is forgotten with that."""

        async def body(session: Any) -> None:
            await self._checkpoints.insert_one(document_of(checkpoint, []), session=session)
            await self.parked.clear(checkpoint.id, session)

        with suppress(DuplicateKeyError):
            async with self._seen.session() as session:
                if await self.parked.any(checkpoint.id):
                    await transact(self._database, session, body)
                else:
                    await self._checkpoints.insert_one(document_of(checkpoint, []))

    async def note(self, changed: Sequence[tuple[Checkpoint, Checkpoint]]) -> None:
        """Replace checkpoints that nobody has moved, without a change of their views."""
        if changed:
            writes = [ReplaceOne(unmoved(before), document_of(after, [])) for before, after in changed]
            async with self._seen.session() as session:
                await self._checkpoints.bulk_write(writes, ordered=False, session=session)
                self._seen.note(session.operation_time)

    async def chains(self, positions: Iterable[int]) -> dict[int, bytes]:
        """The chain values of the commits at these positions, as far as they are in the log."""
        wanted = {"_id": {"$in": [Int64(each) for each in positions]}}
        async with self._seen.session() as session:
            found = self._events.find(wanted, {"chain": 1}, session=session)
            return {each["_id"]: bytes(each["chain"]) async for each in found}

    async def collections(self) -> dict[str, Any]:
        """The name and the UUID of each collection of the database that holds views."""
        described: Any = await settle(self._database.list_collections(filter={"name": {"$regex": r"^views\."}}))
        return {each["name"]: each["info"]["uuid"] async for each in described}

    async def has_views(self, model: ReadModel) -> bool:
        return await self._views(model).find_one({}, {"_id": 1}) is not None

    async def create(self, model: ReadModel) -> None:
        """The collections of a read model and their indexes, where they are missing."""
        for name in names(model):
            await create(self._database, name)
        with pymongo.timeout(_INDEX_SECONDS):
            for path in _paths(model):
                keys = index_keys(path, model.key_field, model.journal)
                if keys != [("_id", ASCENDING)]:
                    name = index_name(path, model.key_field, model.journal)
                    await self._views(model).create_index(keys, name=name)
            if model.history:
                await create_past(self._database, model)

    async def by_key(self, model: ReadModel, keys: Sequence[Any]) -> list[Document]:
        """The views with these stored keys that a fold begins with, in no order."""
        async with self._seen.session() as session:
            return await self.begun(model, keys, session)

    async def load(self, plan: Plan, reached: Reached, most: int) -> list[Document] | None:
        """The views that some steps begin with; None where more than `most` are linked ones."""
        keys = list({plan.store_key(step.key) for step in reached.steps if not step.links})
        linked = [_holding(plan, *each) for each in fan_outs(reached)]
        conditions = [*([{"_id": {"$in": keys}}] if keys else []), *linked]
        if not conditions or plan.model.alone:
            return []
        limit = len(keys) + most + 1
        query = conditions[0] if len(conditions) == 1 else {"$or": conditions}
        async with self._seen.session() as session:
            found = self._begun(plan.model).find(query, limit=limit, batch_size=limit, session=session)
            documents = await found.to_list(None)
        return documents if len(documents) < limit else None

    async def counts(self, plan: Plan, reached: Reached) -> dict[FanOut, int]:
        """How many views each fan-out reaches as they are stored."""
        async with self._seen.session() as session:
            return {
                each: await self._views(plan.model).count_documents(_holding(plan, *each), session=session)
                for each in fan_outs(reached)
            }

    async def page(self, plan: Plan, step: Step, after: Any, most: int) -> list[Document]:
        """The next views in key order that a step reaches by a link."""
        linked = _holding(plan, step.links, step.key)
        query = linked if after is None else {"$and": [linked, {"_id": {"$gt": after}}]}
        async with self._seen.session() as session:
            found = self._views(plan.model).find(
                query, sort=[("_id", ASCENDING)], limit=most, batch_size=most, session=session
            )
            return [each async for each in found]

    async def aside(
        self, plan: Plan, checkpoint: Checkpoint, steps: Sequence[Step], documents: Sequence[Document]
    ) -> Aside:
        """What is parked of the views that some steps reach; read only where the checkpoint does not say it."""
        parked = checkpoint.parked
        if parked is None:
            return NOTHING_ASIDE
        if parked.complete:
            return Aside(frozenset(parked.named), any=True)
        keys = {plan.store_key(step.key) for step in steps if not step.links} | {each["_id"] for each in documents}
        async with self._seen.session() as session:
            return Aside(await self.parked.among(checkpoint.id, keys, session), any=True)

    async def write(self, updates: Sequence[Update]) -> list[float]:
        """All views and checkpoints of these updates, or nothing; how many seconds the views of each one took.

        Raises Fenced when one of the checkpoints has moved, ViewsRefused when views can't be stored.
        """
        seconds: list[float] = []

        async def body(session: Any) -> None:
            seconds.clear()
            moves = [
                ReplaceOne(
                    unmoved(each.before), document_of(each.after, each.folded.touched, each.folded.differences)
                )
                for each in updates
            ]
            result = await self._checkpoints.bulk_write(moves, session=session)
            if result.matched_count != len(updates):
                raise Fenced
            for each in updates:
                began = time.perf_counter()
                await self.put(each, session)
                seconds.append(time.perf_counter() - began)

        async with self._seen.session() as session:
            await transact(self._database, session, body)
            self._seen.note(session.operation_time)
        return seconds

    async def put(self, update: Update, session: Any) -> None:
        """Write an update's views, and what is parked with them, in a transaction. Raises ViewsRefused."""
        model, folded = update.plan.model, update.folded
        await self.parked.keep(update.after.id, folded.parks, folded.kept, session)
        views = self._views(model)
        writes = [
            *(_put(each) for each in folded.replaced),
            *(DeleteOne({"_id": each}) for each in folded.removed),
        ]
        try:
            if folded.added:
                await views.insert_many(folded.added, ordered=False, session=session)
            if writes:
                await views.bulk_write(writes, ordered=False, session=session)
            if folded.latest:
                latest = [_put(each) for each in folded.latest]
                await self._begun(model).bulk_write(latest, ordered=False, session=session)
            if folded.past and not await write_past(self._database, model, folded.past, session):
                raise ViewsRefused(update.before, PastChanged())
        except (BSONError, OverflowError, ValueError) as error:
            raise ViewsRefused(update.before, error) from error
        except BulkWriteError as error:
            if error.has_error_label("TransientTransactionError"):
                raise
            raise ViewsRefused(update.before, error) from error

    async def taken(self, id: str, session: Any) -> Checkpoint | None:
        """A checkpoint at which keys are parked, taken for a transaction: nobody moves it until that has ended.

        It differs from before in its revision, so who built on it notices. None where nothing is parked.
        """
        found_by: Document = {"_id": id, "parked": {"$ne": None}}
        await self._checkpoints.update_one(found_by, {"$inc": {"parked.revision": 1}}, session=session)
        found = await self._checkpoints.find_one(found_by, session=session)
        return checkpoint_of(found) if found else None

    async def replace(self, checkpoint: Checkpoint, touched: Sequence[Any], session: Any) -> None:
        """Write a checkpoint that was taken, with the stored keys whose views changed."""
        await self._checkpoints.replace_one(
            {"_id": checkpoint.id}, document_of(checkpoint, touched), session=session
        )

    async def begun(self, model: ReadModel, keys: Sequence[Any], session: Any) -> list[Document]:
        """The views with these stored keys that a fold begins with, as a transaction sees them."""
        found = self._begun(model).find({"_id": {"$in": list(keys)}}, batch_size=len(keys) + 1, session=session)
        return await found.to_list(None)

    def _views(self, model: ReadModel) -> Collection:
        return _collections(self._database, model)[0]

    def _begun(self, model: ReadModel) -> Collection:
        """Where the views are that a fold begins with: a journal's last ones are kept aside."""
        return _collections(self._database, model)[-1]


def names(model: ReadModel) -> list[str]:
    """The collections of a read model: its views, a journal's last view of each key, those of its past."""
    own = id_of(model)
    last = [f"views.{own}.last"] if model.journal and not model.alone else []
    return [f"views.{own}", *last, *(past_names(own) if model.history else [])]


def _collections(database: Database, model: ReadModel) -> list[Collection]:
    own = views(database, model.name, model.version, model.generation)
    return [own, collection(database, f"{own.name}.last")] if model.journal else [own]


def _paths(model: ReadModel) -> list[AccessPath]:
    """The declared ways to find views, and the one by which an event finds all that it reaches, in key order."""
    fan_outs = [name for name, id_type in model.links.items() if id_type in model.fan_out]
    return [*model.paths, *(AccessPath((name,), None) for name in fan_outs)]


def _holding(plan: Plan, links: tuple[str, ...], key: Any) -> Document:
    """What finds the views that link to an id."""
    conditions: list[Document] = [{plan.stored(link): key} for link in links]
    return conditions[0] if len(conditions) == 1 else {"$or": conditions}


def _put(document: Document) -> ReplaceOne[Document]:
    return ReplaceOne({"_id": document["_id"]}, document, upsert=True)
