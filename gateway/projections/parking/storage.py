"""Parked keys and their events in MongoDB, written in the transactions of whoever builds the read model."""

import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import Int64
from pymongo import ASCENDING, ReplaceOne

from gateway.mongo.checkpoints import MOST_NAMED, ParkedKeys
from gateway.mongo.client import Database, Document, collection
from gateway.mongo.collections import KEPT, PARKED, SKIPPED
from gateway.mongo.parked import ParkedKey, Place, key_id, parked_of
from gateway.projections.parking.aside import Kept, Park, place_of


@dataclass(frozen=True, slots=True)
class Skipped:
    """An event that somebody dropped for one key; for good, as far as this version of the read model goes."""

    parked: ParkedKey
    by: str
    at: datetime

    def document(self) -> Document:
        dropped = self.parked.document()
        kept = {name: dropped[name] for name in ("of", "key", "name", "place", "event", "error")}
        return {**kept, "by": self.by, "at": self.at}


class ParkedStore:
    """What is parked of all read models; `of` is a checkpoint's id."""

    def __init__(self, database: Database) -> None:
        self._parked = collection(database, PARKED)
        self._kept = collection(database, KEPT)
        self._skipped = collection(database, SKIPPED)

    async def among(self, of: str, keys: Iterable[Any], session: Any) -> frozenset[Any]:
        """Which of these stored keys are parked."""
        wanted = {"_id": {"$in": [key_id(of, key) for key in keys]}}
        return frozenset([each["key"] async for each in self._parked.find(wanted, {"key": 1}, session=session)])

    async def keep(self, of: str, parks: Sequence[Park], kept: Sequence[Kept], session: Any) -> None:
        """Write what a fold left aside; what is there already stays as it is."""
        if parks:
            writes = [_put({"_id": key_id(of, each.key)}, parked_key(of, each).document()) for each in parks]
            await self._parked.bulk_write(writes, session=session)
        if kept:
            documents: list[Document] = [{"of": of, "key": each.key, "place": each.place.stored} for each in kept]
            await self._kept.bulk_write([_put(each, each) for each in documents], ordered=False, session=session)

    async def find(self, of: str, name: str, session: Any = None) -> ParkedKey | None:
        """The parked key that is written like this."""
        found = await self._parked.find_one({"of": of, "name": name}, session=session)
        return parked_of(found) if found else None

    async def all(self, ofs: Sequence[str], limit: int) -> list[ParkedKey]:
        """What is parked of some read models, those that wait longest first; with a limit of 0, all of it."""
        order = [("of", ASCENDING), ("place", ASCENDING)]
        found = self._parked.find({"of": {"$in": list(ofs)}}, sort=order, limit=limit)
        return [parked_of(each) async for each in found]

    async def waiting(self, parked: ParkedKey) -> int:
        """How many of the key's own events wait."""
        return await self._kept.count_documents({"of": parked.of, "key": parked.key})

    async def places(self, parked: ParkedKey, limit: int, session: Any) -> list[Place]:
        """The places of the first events that the key's view lacks, or may lack, in the log's order."""
        wanted = {"of": parked.of, "key": {"$in": [parked.key, None]}, "place": {"$gte": parked.place.stored}}
        found = self._kept.find(wanted, sort=[("place", ASCENDING)], limit=limit, session=session)
        places = dict.fromkeys([Place.of(each["place"]) async for each in found])
        return [*places]

    async def move(self, parked: ParkedKey, place: Place, session: Any) -> None:
        """What stands before a place is applied; the key waits for the event there."""
        await self._parked.update_one(
            {"_id": key_id(parked.of, parked.key)}, {"$set": {"place": place.stored}}, session=session
        )
        await self._forget(parked, place, session)

    async def release(self, parked: ParkedKey, session: Any) -> None:
        """The key is parked no longer; nothing waits for it any more."""
        await self._parked.delete_one({"_id": key_id(parked.of, parked.key)}, session=session)
        await self._forget(parked, None, session)

    async def skip(self, skipped: Skipped, session: Any) -> None:
        await self._skipped.insert_one(skipped.document(), session=session)

    async def skipped(self, of: str, name: str) -> list[Document]:
        """What was skipped of a key, in the order in which it was."""
        found = self._skipped.find({"of": of, "name": name}, {"_id": 0}, sort=[("_id", ASCENDING)])
        return [each async for each in found]

    async def any(self, of: str) -> bool:
        return await self._parked.find_one({"of": of}, {"_id": 1}) is not None

    async def clear(self, of: str, session: Any) -> None:
        """Forget all that is parked of a read model that is built anew; what was skipped stays on record."""
        for each in (self._parked, self._kept):
            await each.delete_many({"of": of}, session=session)

    async def keys(self, of: str, revision: int, session: Any) -> ParkedKeys | None:
        """All that is parked of a read model, as its checkpoint says it."""
        count = await self._parked.count_documents({"of": of}, session=session)
        found = self._parked.find({"of": of}, sort=[("place", ASCENDING)], limit=MOST_NAMED, session=session)
        named = {each["key"]: Place.of(each["place"]).position async for each in found}
        return ParkedKeys(revision, count, named) if count else None

    async def _forget(self, parked: ParkedKey, before: Place | None, session: Any) -> None:
        """Remove the references that nobody waits for."""
        own: Document = {"of": parked.of, "key": parked.key}
        if before:
            own["place"] = {"$lt": before.stored}
        await self._kept.delete_many(own, session=session)
        first = await self._parked.find_one({"of": parked.of}, sort=[("place", ASCENDING)], session=session)
        linked: Document = {"of": parked.of, "key": None}
        if first:
            linked["place"] = {"$lt": Int64(first["place"])}
        await self._kept.delete_many(linked, session=session)


def parked_key(of: str, park: Park) -> ParkedKey:
    """A park as it is written down."""
    event = type(park.step.recorded.event).__name__
    trace = "".join(traceback.format_exception(park.error))
    return ParkedKey(of, park.key, place_of(park.step), event, type(park.error).__name__, trace, park.at)


def _put(found_by: Document, document: Document) -> ReplaceOne[Document]:
    return ReplaceOne(found_by, document, upsert=True)
