"""The past of a read model's views: every version that a view ever had, and when it held.

Two collections beside that of the views. In `.past` each version of a view is a document:

    { _id: { key, since }    the view's key, and the position of the commit that made it so
      until                  the position of the commit that ended it; the largest number while it holds
      blocks                 where it is found by position (`gateway.mongo.blocks`)
      view                   the view's document as it was
      ways                   for each access path its fields' values in the order of its index, as one object }

In `.moments` each time at which views changed has the last position of that time: `{ _id: at, position }`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from bson import Int64
from pymongo import DeleteOne, InsertOne, ReplaceOne, UpdateOne

from gateway.application.model import AccessPath, ReadModel
from gateway.mongo.blocks import ended_blocks, holding_blocks
from gateway.mongo.checkpoints import id_of
from gateway.mongo.client import Collection, Database, Document, collection
from gateway.mongo.paths import index_keys

SINCE = "_since"
"""Where a view with a past keeps the position of its last change; no field of the view itself."""

HOLDS = Int64(2**63 - 1)
"""`until` of a version that holds."""

Ways: TypeAlias = Mapping[str, tuple[str, ...]]
"""The stored fields of each access path's index, by the path's name."""

_BY_KEY = AccessPath((), None)

_COMPRESSED = {"wiredTiger": {"configString": "block_compressor=snappy"}}
"""Indexes are most of a past, and MongoDB compresses none unless it is told to: this halves them on the disk."""


@dataclass(frozen=True, slots=True)
class Version:
    """A view's document, and the position since which it is so."""

    since: int
    view: Document


@dataclass(frozen=True, slots=True)
class Ended:
    """A version that is in the collection and holds no longer at `until`."""

    version: Version
    until: int


@dataclass(frozen=True, slots=True)
class PastChange:
    """What some events add to a past.

    `again`, `removed` and `mended` are versions of a commit that was applied in part: they become other ones, go,
    or become other ones that have ended since.
    """

    begun: Sequence[Version] = ()
    again: Sequence[Version] = ()
    removed: Sequence[Version] = ()
    ended: Sequence[Ended] = ()
    mended: Sequence[Ended] = ()
    passed: Sequence[Ended] = ()
    "Versions that began and ended, of which nothing is in the collection yet."
    moments: Mapping[datetime, int] | None = None


def past_of(database: Database, edition: str) -> Collection:
    return collection(database, past_names(edition)[0])


def moments_of(database: Database, edition: str) -> Collection:
    return collection(database, past_names(edition)[1])


def past_names(edition: str) -> list[str]:
    """The collections of the past of an edition of a read model, by its checkpoint's id."""
    return [f"views.{edition}.past", f"views.{edition}.moments"]


def ways_of(model: ReadModel) -> Ways:
    """The ways into a read model's past: as many as its views have."""
    found = [index_keys(path, model.key_field, model.journal) for path in (_BY_KEY, *model.paths)]
    fields = [tuple(name for name, _ in keys) for keys in found]
    return {way_name(each): each for each in fields}


def way_name(fields: Iterable[str]) -> str:
    """What a way is called, and its index; a dot would mean something to MongoDB."""
    return "/".join(fields)


def place(values: Iterable[Any]) -> Document:
    """A point on a way. MongoDB compares objects value by value, so this one object sorts as the index does."""
    return {str(number): value for number, value in enumerate(values)}


async def create_past(database: Database, model: ReadModel) -> None:
    """The indexes of a read model's past, where they are missing."""
    past = past_of(database, id_of(model))
    for name in ways_of(model):
        await past.create_index([("blocks", 1), (f"ways.{name}", 1)], name=name, storageEngine=_COMPRESSED)


async def write_past(database: Database, model: ReadModel, change: PastChange, session: Any) -> bool:
    """Write a change within a transaction; False where the past is not the one that the change was made for."""
    ways, edition = ways_of(model), id_of(model)
    writes = [
        *(InsertOne(_document(each, ways)) for each in change.begun),
        *(InsertOne(_document(each.version, ways, each.until)) for each in change.passed),
        *(ReplaceOne(_id(each), _document(each, ways)) for each in change.again),
        *(UpdateOne(_id(each.version), {"$set": _ends(each)}) for each in change.ended),
        *(ReplaceOne(_id(each.version), _document(each.version, ways, each.until)) for each in change.mended),
        *(DeleteOne(_id(each)) for each in change.removed),
    ]
    expected = len(change.again) + len(change.ended) + len(change.mended), len(change.removed)
    if writes:
        # In order: behind a write that fails, the next one would only say that the transaction is over.
        result = await past_of(database, edition).bulk_write(writes, session=session)
        if (result.matched_count, result.deleted_count) != expected:
            return False
    if change.moments:
        await moments_of(database, edition).bulk_write(_noted(change.moments), session=session)
    return True


def stored_version(model: ReadModel, version: Version) -> Document:
    """What is stored of a version that holds."""
    return _document(version, ways_of(model))


def _noted(moments: Mapping[datetime, int]) -> list[UpdateOne]:
    """What is parked comes later than others of its time: a moment keeps the greatest position."""
    found = moments.items()
    return [UpdateOne({"_id": at}, {"$max": {"position": Int64(each)}}, upsert=True) for at, each in found]


def _id(version: Version) -> Document:
    return {"_id": {"key": version.view["_id"], "since": Int64(version.since)}}


def _ends(ended: Ended) -> Document:
    return {"until": Int64(ended.until), "blocks": ended_blocks(ended.version.since, ended.until)}


def _document(version: Version, ways: Ways, until: int | None = None) -> Document:
    holds = {"until": HOLDS, "blocks": holding_blocks(version.since)}
    return {
        **_id(version),
        **(holds if until is None else _ends(Ended(version, until))),
        "view": version.view,
        "ways": {name: place(version.view[each] for each in fields) for name, fields in ways.items()},
    }
