"""What is parked, as reads must know it: from the checkpoints that this process follows, else from MongoDB.

While nothing is parked, nothing is asked. Nor is it for a key that is not, while a checkpoint names all that are.
Before a view is refused by its key MongoDB is asked: it may have been released, and nothing was heard of that yet.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.application.model import ReadModel
from gateway.errors import ViewParked
from gateway.mongo.checkpoints import ParkedKeys
from gateway.mongo.client import Database, collection, settle
from gateway.mongo.collections import KEPT, PARKED
from gateway.mongo.parked import ParkedKey, Place, key_id, name_of, parked_of
from gateway.queries.gather import Gather
from gateway.queries.positions import Positions


@dataclass(frozen=True, slots=True)
class ParkedView:
    """A parked key of a read model, and how many events of its own wait."""

    read_model: ReadModel
    parked: ParkedKey
    waiting: int


class Parked:
    """What is parked of every read model."""

    def __init__(self, database: Database, positions: Positions) -> None:
        self._parked = collection(database, PARKED)
        self._kept = collection(database, KEPT)
        self._positions = positions
        self._keys = Gather(self._load)

    def keys(self, read_model: ReadModel) -> ParkedKeys | None:
        known = self._positions.checkpoint(read_model.name)
        return known.parked if known else None

    async def since(self, read_model: ReadModel, key: Any) -> int | None:
        """The position of the first event that the view of a stored key lacks; None where it lacks none."""
        known = self._positions.checkpoint(read_model.name)
        if known is None or known.parked is None:
            return None
        if known.parked.complete and key not in known.parked.named:
            return None
        return await self._keys.get(known.id, key)

    async def refuse(self, read_model: ReadModel, key: Any, as_of: int | None = None) -> None:
        """Raises ViewParked where the view of a stored key lacks events; `as_of` a position, those up to it."""
        position = await self.since(read_model, key)
        if position is not None and (as_of is None or position <= as_of):
            raise ViewParked(read_model.name, name_of(key), position)

    async def refuse_line(self, read_model: ReadModel, number: int) -> None:
        """Raises ViewParked where a journal's view is missing because the event that makes it waits."""
        known = self._positions.checkpoint(read_model.name)
        if known is None or known.parked is None:
            return
        async with self._positions.seen.reading() as session:
            kept = await self._kept.find_one({"of": known.id, "place": number}, session=session)
        if kept:
            raise ViewParked(read_model.name, name_of(kept["key"]), Place.of(number).position)

    async def all(self, read_models: Sequence[ReadModel], most: int) -> list[ParkedView]:
        """What is parked of some read models, what waits longest first in each of them."""
        known = [(each, self._positions.checkpoint(each.name)) for each in read_models]
        models = {checkpoint.id: each for each, checkpoint in known if checkpoint and checkpoint.parked}
        if not models or not most:
            return []
        order = [("of", 1), ("place", 1)]
        async with self._positions.seen.reading() as session:
            cursor = self._parked.find({"of": {"$in": [*models]}}, sort=order, limit=most, session=session)
            found = [parked_of(each) async for each in cursor]
            counts = await self._counts(found, session)
        return [ParkedView(models[each.of], each, counts[each.of, each.name]) for each in found]

    async def _counts(self, parked: Sequence[ParkedKey], session: Any) -> dict[tuple[str, str], int]:
        counted = {(each.of, each.name): 0 for each in parked}
        if not parked:
            return counted
        wanted = {"$or": [{"of": each.of, "key": each.key} for each in parked]}
        group = {"_id": {"of": "$of", "key": "$key"}, "count": {"$sum": 1}}
        cursor: Any = await settle(self._kept.aggregate([{"$match": wanted}, {"$group": group}], session=session))
        async for each in cursor:
            counted[each["_id"]["of"], name_of(each["_id"]["key"])] = each["count"]
        return counted

    async def _load(self, of: str, keys: Sequence[Any]) -> Mapping[Any, int]:
        wanted = {"_id": {"$in": [key_id(of, key) for key in keys]}}
        async with self._positions.seen.reading() as session:
            cursor = self._parked.find(wanted, {"key": 1, "place": 1}, session=session)
            return {each["key"]: Place.of(each["place"]).position async for each in cursor}
