"""Views and checkpoints in MongoDB, read: every read is a majority read on the primary, along an index.

None shows less than what this process has seen before, whoever is the primary.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo.read_preferences import ReadPreference

from gateway.application.model import ReadModel
from gateway.mongo.causal import Seen
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
from gateway.mongo.collections import CHECKPOINTS, edition
from gateway.mongo.live import Live, Lives
from gateway.mongo.raw import documents_in
from gateway.queries.fields import Fields, projection
from gateway.queries.routes import Route
from gateway.queries.windows import Window


@dataclass(frozen=True, slots=True)
class Walk:
    """A stretch of an index, walked up or down, for at most `limit` views; `equal` are stored values.

    With `as_of` it goes through the views as they stood at that position. Of those of the present only the `fields`
    are read, of those of the past everything.
    """

    read_model: ReadModel
    route: Route
    equal: Mapping[str, Any]
    window: Window
    down: bool
    limit: int
    as_of: int | None = None
    fields: Fields = None


@dataclass(frozen=True, slots=True)
class KeyPage:
    """At most `limit` views behind a stored key, in key order; None is the beginning."""

    after: Any
    limit: int


class Views:
    """The collections of all read models; `asked` gives the edition of one that is asked now, by its name."""

    def __init__(self, database: Database, asked: Callable[[str], str], seen: Seen) -> None:
        self._database = database
        self._asked = asked
        self._seen = seen
        self._across = across(database)

    async def by_key(self, read_model: ReadModel, keys: Sequence[Any], fields: Fields = None) -> list[bytes]:
        """The views of some keys as MongoDB sends them, in no order."""
        async with self._seen.reading() as session:
            wanted, size = {"_id": {"$in": list(keys)}}, len(keys) + 1
            views: Any = self._of(read_model)
            found = views.find_raw_batches(wanted, projection(fields), batch_size=size, session=session)
            return await _documents(found)

    async def linked(
        self, read_model: ReadModel, links: Sequence[str], value: Any, page: KeyPage
    ) -> list[Document]:
        """The views of which one of these stored fields holds a value, in key order, a page of them."""
        behind = {} if page.after is None else {"_id": {"$gt": page.after}}
        query = {"$or": [{link: value, **behind} for link in links]}
        views, size = self._of(read_model), page.limit + 1
        async with self._seen.reading() as session:
            found = views.find(query, sort=[("_id", 1)], limit=page.limit, batch_size=size, session=session)
            return await found.to_list(None)

    async def walk(self, walk: Walk) -> list[bytes]:
        """The views of a walk as MongoDB sends them, in its order; no other document is examined."""
        if walk.window.empty or not walk.limit:
            return []
        async with self._seen.reading() as session:
            return await _documents(self._cursor(walk, projection(walk.fields), session))

    async def any(self, walk: Walk) -> bool:
        """Whether a walk meets a view; answered from the index alone."""
        if walk.window.empty:
            return False
        async with self._seen.reading() as session:
            return bool(await _documents(self._cursor(walk, {"_id": 1}, session)))

    async def walk_each(self, walk: Walk, link: str, links: Sequence[Any]) -> list[list[Document]]:
        """The same walk for each value of one of the equal fields, in one question."""
        found: dict[int, list[Document]] = {place: [] for place in range(len(links))}
        part = projection(walk.fields)
        branch = [*_branch(walk, link), *([{"$project": part}] if part else [])]
        for row in await self._for_each(walk, (link, links), branch):
            found[row["place"]].append(row["found"])
        return [*found.values()]

    async def count_each(self, walk: Walk, link: str, links: Sequence[Any]) -> list[int]:
        """How many views each walk meets, up to its limit."""
        rows = await self._for_each(walk, (link, links), [*_branch(walk, link), {"$count": "views"}])
        found = {row["place"]: row["found"]["views"] for row in rows}
        return [found.get(place, 0) for place in range(len(links))]

    async def count(self, walk: Walk) -> int:
        """How many views a walk meets, up to its limit."""
        if walk.window.empty:
            return 0
        async with self._seen.reading() as session:
            return await self._of(walk.read_model).count_documents(
                _condition(walk), session, hint=_pattern(walk), limit=walk.limit
            )

    def _cursor(self, walk: Walk, projection: dict[str, int] | None, session: Any) -> Any:
        fixed = [(name, walk.equal[name]) for name in walk.route.equal]
        views: Any = self._of(walk.read_model)
        return (
            views.find_raw_batches({}, projection, batch_size=walk.limit + 1, session=session)
            .hint(_pattern(walk))
            .min([*fixed, *zip(walk.route.rest, walk.window.lower, strict=True)])
            .max([*fixed, *zip(walk.route.rest, walk.window.upper, strict=True)])
            .sort(_pattern(walk, down=walk.down))
            .limit(walk.limit)
        )

    async def _for_each(
        self, walk: Walk, linked: tuple[str, Sequence[Any]], branch: Sequence[Document]
    ) -> list[Document]:
        link, links = linked
        lookup = {
            "from": self._of(walk.read_model).name,
            "localField": "link",
            "foreignField": link,
            "pipeline": branch,
            "as": "found",
        }
        asked = [{"place": place, "link": value} for place, value in enumerate(links)]
        pipeline = [{"$documents": asked}, {"$lookup": lookup}, {"$unwind": "$found"}]
        async with self._seen.reading() as session:
            cursor: Any = await settle(self._across.aggregate(pipeline, session))
            return await cursor.to_list(None)

    def _of(self, read_model: ReadModel) -> Collection:
        if read_model.kept:
            return collection(self._database, read_model.name)
        return edition(self._database, self._asked(read_model.name))


async def _documents(replies: Any) -> list[bytes]:
    """Those of a cursor of whole replies."""
    return [document async for reply in replies for document in documents_in(reply)]


def across(database: Database) -> Database:
    """The database for questions that begin with no collection: majority reads on the primary."""
    return database.with_options(
        codec_options=OPTIONS, read_preference=ReadPreference.PRIMARY, read_concern=MAJORITY
    )


class Checkpoints:
    """How far the editions of read models are, and which of them are live, as a majority knows it."""

    def __init__(self, database: Database, seen: Seen) -> None:
        self._checkpoints = collection(database, CHECKPOINTS)
        self._lives = Lives(database)
        self._seen = seen

    async def all(self) -> list[Checkpoint]:
        async with self._seen.reading() as session:
            found = self._checkpoints.find({}, {"touched": 0, "differences": 0}, session=session)
            return [checkpoint_of(each) async for each in found]

    async def live(self) -> list[Live]:
        with answering():
            return [*(await self._lives.all()).values()]


def _pattern(walk: Walk, down: bool = False) -> list[tuple[str, int]]:
    return [(name, -1 if down else 1) for name in walk.route.fields]


def _branch(walk: Walk, link: str) -> Iterator[Document]:
    """What is done for one value. Only the route's own index can give this order without sorting."""
    condition = _condition(walk)
    del condition[link]
    yield {"$match": condition}
    yield {"$sort": dict(_pattern(walk, down=walk.down))}
    yield {"$limit": walk.limit}


def _condition(walk: Walk) -> Document:
    found: Document = {name: {"$eq": value} for name, value in walk.equal.items()}
    bounds = walk.window.condition()
    return found | ({walk.route.rest[0]: bounds} if bounds else {})
