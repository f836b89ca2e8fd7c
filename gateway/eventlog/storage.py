"""The log in MongoDB: insert commits, read them by position, by stream and by command id.

Every read is a majority read on the primary. That, and inserting position k + 1 only when k is known to be
held by a majority, is what keeps the log gapless and in commit order (the proof is in docs/architecture.md).
"""

import asyncio
from collections.abc import Collection as SizedIterable
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from bson import Int64
from bson.raw_bson import RawBSONDocument
from pymongo.errors import BulkWriteError, PyMongoError

from gateway.application.model import Model
from gateway.errors import HoleInLog, Unavailable, UndecodableEvent
from gateway.eventlog.encoding import GENESIS, Encoded, check_format, decode_commit, follow
from gateway.messages import Commit, Head, RecordedEvent
from gateway.mongo.client import Database, answering, collection, settle
from gateway.mongo.collections import COMMAND_IDS, EVENTS, STREAM_VERSIONS
from gateway.mongo.formats import COMMIT_FORMAT
from gateway.mongo.raw import documents_in

_DUPLICATE_KEY = 11000

_TURN = 50
"""So many commits are decoded in a row: some milliseconds."""

_ID_AT = slice(4, 17)
"""Where a document has its `_id`, if that is a position."""

EMPTY = Head(0, GENESIS, datetime(1970, 1, 1, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of an append: the first `safe` commits are held by a majority.

    `taken` says that the next one's position, stream version or command id belongs to another commit, `raced` that
    it is the position; `unknown` that its outcome, and that of all behind it, is not known.
    """

    safe: int
    taken: bool = False
    raced: bool = False
    unknown: bool = False


class EventLog:
    """The commits of one application in one database. Reads raise Unavailable when MongoDB does not answer."""

    def __init__(self, database: Database, model: Model) -> None:
        raw = RawBSONDocument
        events = collection(database, EVENTS)
        self._raw: Any = events.with_options(codec_options=events.codec_options.with_options(document_class=raw))
        self._events = events
        self._model = model
        self.database = database

    async def head(self) -> Head:
        """The last commit that a majority holds. Raises UndecodableEvent where it is in a newer format."""
        with answering():
            found = await self._events.find_one({}, {"chain": 1, "at": 1, COMMIT_FORMAT: 1}, sort=[("_id", -1)])
        if found is None:
            return EMPTY
        check_format(found["_id"], found)
        return Head(found["_id"], bytes(found["chain"]), found["at"])

    async def append(self, commits: Sequence[Encoded]) -> Appended:
        """Insert commits in their order; nothing behind the first failure is inserted."""
        return await self.insert([each.document for each in commits])

    async def insert(self, documents: Sequence[RawBSONDocument]) -> Appended:
        """The same with documents that are chained already, at the positions that they name."""
        try:
            await self._raw.insert_many(documents, ordered=True)
        except BulkWriteError as error:
            details: Any = error.details
            if details.get("writeConcernErrors"):
                return Appended(0, unknown=True)
            found = [(each["code"], [*each.get("keyPattern", ())]) for each in details["writeErrors"]]
            taken = [code for code, _ in found] == [_DUPLICATE_KEY]
            return Appended(details["nInserted"], taken, taken and found[0][1] == ["_id"], unknown=not taken)
        except PyMongoError:
            return Appended(0, unknown=True)
        return Appended(len(documents))

    async def read(self, after: int, limit: int, size: int = 16_000_000) -> list[Commit]:
        """Commits from position after + 1 on, at most `limit` and about `size` bytes; empty at the head.

        Raises HoleInLog where a position is missing, UndecodableEvent where an event is not known.
        """
        found: list[Commit] = []
        for stored in await self._stored(after, limit, size):
            try:
                found.append(decode_commit(self._model, stored))
            except UndecodableEvent:
                if not found:
                    raise
                break  # what stands before it is good; the next read begins with it and says so
            size -= found[-1].size
            if size <= 0:
                break
            if len(found) % _TURN == 0:
                await asyncio.sleep(0)
        follow(found, after)
        return found

    async def _stored(self, after: int, limit: int, size: int) -> list[bytes]:
        """Documents as they are; at most one reply of MongoDB's more than `size` bytes."""
        cursor: Any = self._events.find_raw_batches(
            {"_id": {"$gt": Int64(after)}}, sort=[("_id", 1)], limit=limit, batch_size=limit
        )
        found: list[bytes] = []
        with answering():
            async for reply in cursor:
                found += documents_in(reply)
                size -= len(reply)
                if size <= 0:
                    break
            await settle(cursor.close())
        return found

    async def at(self, positions: SizedIterable[int]) -> dict[int, Commit]:
        """The commits at some positions.

        Raises HoleInLog where one is missing, UndecodableEvent where an event is not known.
        """
        cursor = self._raw.find({"_id": {"$in": [Int64(each) for each in positions]}})
        with answering():
            raws = await cursor.to_list(None)
        found = {each.position: each for each in (self._commit(raw) for raw in raws)}
        for missing in sorted({*positions} - found.keys()):
            raise HoleInLog(missing, "there is a hole: this commit is missing.")
        return found

    async def end(self) -> int:
        """The greatest position, whatever stands there; 0 for an empty log."""
        with answering():
            found = await self._events.find_one({"_id": {"$gt": 0}}, {"_id": 1}, sort=[("_id", -1)])
        return 0 if found is None else int(found["_id"])

    async def raw(self, after: int, limit: int) -> list[bytes]:
        """Documents as MongoDB has them, what follows position `after`: at most `limit`, about one reply's.

        Nothing is left out, also what has an `_id` that is no position, before the first one or between two; none
        are there only at the log's end.
        """
        cursor: Any = self._events.find_raw_batches(
            {}, hint="_id_", sort=[("_id", 1)], limit=limit + 1, batch_size=limit + 1
        )
        if after > 0:
            cursor = cursor.min([("_id", Int64(after))])
        found: list[bytes] = []
        with answering():
            async for reply in cursor:
                found += documents_in(reply)
                if len(found) > 1:  # not only the one at `after`, with which the next may not fit into a reply
                    break
            await settle(cursor.close())
        begins_with_it = after > 0 and found and found[0][_ID_AT] == _id(after)
        return found[1:] if begins_with_it else found[:limit]

    async def streams(self, after: Mapping[str, int], up_to: int, limit: int) -> dict[str, list[Commit]]:
        """The commits of some streams in version order, of each with versions above that in `after`.

        As of position `up_to`, of each stream the commits with its next `limit` versions: where those do not reach
        so far, there are no more. Raises HoleInLog where a version is missing, UndecodableEvent where an event is
        not known.
        """
        with answering():
            raws = await self._raw.find(_versions(after, up_to, limit), batch_size=10_000).to_list(None)
        if up_to and up_to not in [raw["_id"] for raw in raws]:
            raise Unavailable("MongoDB has shown an older state than before.")  # a primary that is new
        found: dict[str, list[Commit]] = {name: [] for name in after}
        for commit in await self._decoded([raw for raw in raws if _is_meant(raw, after, up_to)]):
            for name in dict.fromkeys(each.stream for each in commit.events if _is_asked(each, after, limit)):
                found[name].append(commit)
        for name, commits in found.items():
            _without_gap(name, after[name], commits)
        return found

    async def _decoded(self, raws: Sequence[RawBSONDocument]) -> list[Commit]:
        """In the log's order; whoever else has work to do gets his turn meanwhile."""
        commits: list[Commit] = []
        for start in range(0, len(raws), _TURN):
            commits += [self._commit(raw) for raw in raws[start : start + _TURN]]
            await asyncio.sleep(0)
        return sorted(commits, key=lambda each: each.position)

    async def stream(self, name: str, after: int, limit: int) -> list[RecordedEvent]:
        """Events of one stream with versions above `after`, in order, at most about `limit`."""
        bounds = {"events": {"$elemMatch": {"stream": name, "version": {"$gt": after, "$lte": after + limit}}}}
        with answering():
            raws = await self._raw.find(bounds, hint=STREAM_VERSIONS).to_list(None)
        found = [
            each
            for raw in raws
            for each in self._commit(raw).events
            if each.stream == name and each.version > after
        ]
        return sorted(found, key=lambda each: each.version)

    async def commands(self, ids: SizedIterable[UUID]) -> dict[UUID, Commit | UndecodableEvent]:
        """The commits of those of these command ids that the log holds, or why one can't be read."""
        cursor = self._raw.find({"command.id": {"$in": list(ids)}}, hint=COMMAND_IDS)
        with answering():
            raws = await cursor.to_list(None)
        return {raw["command"]["id"]: self._readable(raw) for raw in raws}

    def _commit(self, raw: RawBSONDocument) -> Commit:
        return decode_commit(self._model, bytes(raw.raw))

    def _readable(self, raw: RawBSONDocument) -> Commit | UndecodableEvent:
        try:
            return self._commit(raw)
        except UndecodableEvent as error:
            return error


def _versions(after: Mapping[str, int], up_to: int, limit: int) -> dict[str, Any]:
    """Selects the streams' versions above those in `after`: the many that begin alike in one clause.

    And the commit at `up_to`: only an answer with that in it is sure to have all before it.
    """
    begins: dict[int, list[str]] = {}
    for name, version in after.items():
        begins.setdefault(version, []).append(name)
    clauses = [
        {"events": {"$elemMatch": {"stream": {"$in": names}, "version": {"$gt": version, "$lte": version + limit}}}}
        for version, names in begins.items()
    ]
    return {"$or": [*clauses, {"_id": Int64(up_to)}]}


def _id(position: int) -> bytes:
    return b"\x12_id\0" + position.to_bytes(8, "little")


def _is_meant(raw: RawBSONDocument, after: Mapping[str, int], up_to: int) -> bool:
    """Whether a stream asked for it: the one that proves the others may be of none that is known here."""
    return raw["_id"] < up_to or (raw["_id"] == up_to and any(each["stream"] in after for each in raw["events"]))


def _is_asked(event: RecordedEvent, after: Mapping[str, int], limit: int) -> bool:
    begin = after.get(event.stream)
    return begin is not None and begin < event.version <= begin + limit


def _without_gap(stream: str, after: int, commits: Sequence[Commit]) -> None:
    expected = after + 1
    for commit in commits:
        for version in dict.fromkeys(each.version for each in commit.events if each.stream == stream):
            if version > expected:
                raise HoleInLog(commit.position, f"the stream {stream} misses a version.")
            expected = max(expected, version + 1)
