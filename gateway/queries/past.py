"""The past of views in MongoDB, read as `Views` reads the present: along an index, and in its order."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from bson import Int64

from gateway.application.model import ReadModel
from gateway.mongo.blocks import MOST_AT_ONCE, blocks_at
from gateway.mongo.causal import Seen
from gateway.mongo.client import Collection, Database, Document, settle
from gateway.mongo.past import moments_of, past_of, place, way_name
from gateway.queries.storage import Walk, across
from gateway.queries.values import rank


class Past:
    """Views as they stood at a position: of each view the one version, if any, that held then.

    `asked` gives the edition of a read model that is asked now, by its name.
    """

    def __init__(self, database: Database, asked: Callable[[str], str], seen: Seen) -> None:
        self._database = database
        self._asked = asked
        self._seen = seen
        self._across = across(database)

    async def last_until(self, read_model: ReadModel, moment: datetime) -> int:
        """The position of the last change at or before a time, all of those at one time; 0 before the first."""
        found = await self._first_moment(read_model, {"$lte": moment}, -1)
        return int(found["position"]) if found else 0

    async def changed_after(self, read_model: ReadModel, moment: datetime) -> bool:
        """Whether anything changed after a time: then nothing can happen at that time any more."""
        return await self._first_moment(read_model, {"$gt": moment}, 1) is not None

    async def by_key(self, read_model: ReadModel, position: int, keys: Sequence[Any]) -> list[Document]:
        """The views of some keys, in no order; one version of each is examined."""
        held = {"$match": {"$expr": {"$and": [_begun(position), _same_key()]}}}
        latest = [held, {"$sort": {"_id": -1}}, {"$limit": 1}]
        of = {"from": self._of(read_model).name, "let": {"key": "$key"}, "pipeline": latest}
        pipeline = [
            {"$documents": [{"key": key} for key in keys]},
            {"$lookup": {**of, "as": "version"}},
            {"$unwind": "$version"},
            {"$match": {"version.until": {"$gt": Int64(position)}}},
        ]
        async with self._seen.reading() as session:
            cursor: Any = await settle(self._across.aggregate(pipeline, session))
            return [each["version"]["view"] for each in await cursor.to_list(None)]

    async def walk(self, walk: Walk) -> list[Document]:
        """The views of a walk, in its order.

        Examined besides them: versions that began or ended close to the position (`gateway.mongo.blocks`).
        """
        if walk.window.empty or not walk.limit:
            return []
        found = await asyncio.gather(*(self._walked(walk, each) for each in _questions(walk)))
        merged = [view for part in found for view in part]
        if len(found) > 1:
            fields = walk.route.fields
            merged.sort(key=lambda view: tuple(rank(view[name]) for name in fields), reverse=walk.down)
        return merged[: walk.limit]

    async def _walked(self, walk: Walk, question: Document) -> list[Document]:
        way, direction = _way(walk), -1 if walk.down else 1
        async with self._seen.reading() as session:
            found = self._of(walk.read_model).find(
                question,
                {"view": 1},
                sort=[(f"ways.{way}", direction)],
                limit=walk.limit,
                hint=way,
                session=session,
            )
            return [each["view"] for each in await found.to_list(None)]

    async def any(self, walk: Walk) -> bool:
        """Whether a walk meets a view."""
        return bool(await self.walk(walk))

    async def count(self, walk: Walk) -> int:
        """How many views a walk meets, up to its limit."""
        if walk.window.empty:
            return 0
        past, way = self._of(walk.read_model), _way(walk)
        async with self._seen.reading() as session:
            found = [
                await past.count_documents(each, session, hint=way, limit=walk.limit) for each in _questions(walk)
            ]
        return min(sum(found), walk.limit)

    async def _first_moment(self, read_model: ReadModel, bounds: Document, direction: int) -> Document | None:
        moments, order = moments_of(self._database, self._asked(read_model.name)), [("_id", direction)]
        async with self._seen.reading() as session:
            return await moments.find_one({"_id": bounds}, sort=order, session=session)

    def _of(self, read_model: ReadModel) -> Collection:
        return past_of(self._database, self._asked(read_model.name))


def _begun(position: int) -> Document:
    return {"$lte": ["$_id", {"key": "$$key", "since": Int64(position)}]}


def _same_key() -> Document:
    """Behind every version of a smaller key: an object with less in it comes first."""
    return {"$gt": ["$_id", {"key": "$$key"}]}


def _way(walk: Walk) -> str:
    return way_name(walk.route.fields)


def _questions(walk: Walk) -> list[Document]:
    """What held at the walk's position, within its window: each version is in one of these, and mostly one is all.

    The blocks and the way are the index's own fields.
    """
    blocks = blocks_at(walk.as_of or 0)
    starts = range(0, len(blocks), MOST_AT_ONCE)
    return [_held(walk, blocks[start : start + MOST_AT_ONCE]) for start in starts]


def _held(walk: Walk, blocks: Sequence[Int64]) -> Document:
    position, fixed = walk.as_of or 0, [walk.equal[name] for name in walk.route.equal]
    return {
        "blocks": {"$in": blocks},
        f"ways.{_way(walk)}": {
            "$gte": place([*fixed, *walk.window.lower]),
            "$lt": place([*fixed, *walk.window.upper]),
        },
        "_id.since": {"$lte": Int64(position)},
        "until": {"$gt": Int64(position)},
    }
