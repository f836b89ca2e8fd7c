"""Views and checkpoints in MongoDB, read: every read is a majority read on the primary, along an index."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo.read_preferences import ReadPreference

from gateway.application.model import ReadModel
from gateway.mongo.checkpoints import Checkpoint, checkpoint_of
from gateway.mongo.client import (
    MAJORITY,
    OPTIONS,
    Collection,
    Database,
    Document,
    answering,
    collection,
    settle,
)
from gateway.mongo.collections import CHECKPOINTS, views
from gateway.queries.routes import Route
from gateway.queries.windows import Window


@dataclass(frozen=True, slots=True)
class Walk:
    """A stretch of an index, walked up or down, for at most `limit` views; `equal` are stored values.

    With `as_of` it goes through the views as they stood at that position.
    """

    read_model: ReadModel
    route: Route
    equal: Mapping[str, Any]
    window: Window
    down: bool
    limit: int
    as_of: int | None = None


class Views:
    """The collections of all read models."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._across = across(database)

    async def by_key(self, read_model: ReadModel, keys: Sequence[Any]) -> list[Document]:
        """The views of some keys, in no order."""
        with answering():
            found = self._of(read_model).find({"_id": {"$in": list(keys)}}, batch_size=len(keys) + 1)
            return await found.to_list(None)

    async def walk(self, walk: Walk) -> list[Document]:
        """The views of a walk, in its order; no other document is examined."""
        if walk.window.empty or not walk.limit:
            return []
        with answering():
            return await self._cursor(walk, None).to_list(None)

    async def any(self, walk: Walk) -> bool:
        """Whether a walk meets a view; answered from the index alone."""
        if walk.window.empty:
            return False
        with answering():
            return bool(await self._cursor(walk, {"_id": 1}).to_list(None))

    async def walk_each(self, walk: Walk, links: Sequence[Any]) -> list[list[Document]]:
        """The same walk for each value of the route's first field, in one question."""
        found: dict[int, list[Document]] = {place: [] for place in range(len(links))}
        for row in await self._for_each(walk, links, [*_branch(walk)]):
            found[row["place"]].append(row["found"])
        return [*found.values()]

    async def count_each(self, walk: Walk, links: Sequence[Any]) -> list[int]:
        """How many views each walk meets, up to its limit."""
        rows = await self._for_each(walk, links, [*_branch(walk), {"$count": "views"}])
        found = {row["place"]: row["found"]["views"] for row in rows}
        return [found.get(place, 0) for place in range(len(links))]

    async def count(self, walk: Walk) -> int:
        """How many views a walk meets, up to its limit."""
        if walk.window.empty:
            return 0
        with answering():
            return await self._of(walk.read_model).count_documents(
                _condition(walk), hint=_pattern(walk), limit=walk.limit
            )

    def _cursor(self, walk: Walk, projection: dict[str, int] | None) -> Any:
        fixed = [(name, walk.equal[name]) for name in walk.route.equal]
        return (
            self._of(walk.read_model)
            .find({}, projection, batch_size=walk.limit + 1)
            .hint(_pattern(walk))
            .min([*fixed, *zip(walk.route.rest, walk.window.lower, strict=True)])
            .max([*fixed, *zip(walk.route.rest, walk.window.upper, strict=True)])
            .sort(_pattern(walk, down=walk.down))
            .limit(walk.limit)
        )

    async def _for_each(self, walk: Walk, links: Sequence[Any], branch: Sequence[Document]) -> list[Document]:
        lookup = {
            "from": self._of(walk.read_model).name,
            "localField": "link",
            "foreignField": walk.route.equal[0],
            "pipeline": branch,
            "as": "found",
        }
        asked = [{"place": place, "link": link} for place, link in enumerate(links)]
        pipeline = [{"$documents": asked}, {"$lookup": lookup}, {"$unwind": "$found"}]
        with answering():
            cursor: Any = await settle(self._across.aggregate(pipeline))
            return await cursor.to_list(None)

    def _of(self, read_model: ReadModel) -> Collection:
        if read_model.kept:
            return collection(self._database, read_model.name)
        return views(self._database, read_model.name, read_model.version)


def across(database: Database) -> Database:
    """The database for questions that begin with no collection: majority reads on the primary."""
    return database.with_options(
        codec_options=OPTIONS, read_preference=ReadPreference.PRIMARY, read_concern=MAJORITY
    )


class Checkpoints:
    """How far the read models are, as a majority knows it."""

    def __init__(self, database: Database) -> None:
        self._checkpoints = collection(database, CHECKPOINTS)

    async def all(self) -> list[Checkpoint]:
        with answering():
            return [checkpoint_of(each) async for each in self._checkpoints.find({}, {"touched": 0})]


def _pattern(walk: Walk, down: bool = False) -> list[tuple[str, int]]:
    return [(name, -1 if down else 1) for name in walk.route.fields]


def _branch(walk: Walk) -> Iterator[Document]:
    """What is done for one link. Only the route's own index can give this order without sorting."""
    condition = _condition(walk)
    condition.pop(walk.route.equal[0], None)
    yield {"$match": condition}
    yield {"$sort": dict(_pattern(walk, down=walk.down))}
    yield {"$limit": walk.limit}


def _condition(walk: Walk) -> Document:
    found: Document = {name: {"$eq": value} for name, value in walk.equal.items()}
    bounds = walk.window.condition()
    return found | ({walk.route.rest[0]: bounds} if bounds else {})
