"""Compares two editions of a read model: how many views each has, their checksums, and where they differ."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bson import BSON
from bson.decimal128 import Decimal128

from gateway.mongo.client import OPTIONS, Database, Document, settle
from gateway.mongo.collections import CHECKPOINTS, edition
from gateway.mongo.raw import documents_in

MOST_SHOWN = 5
"""How many differing views are shown side by side."""

SNAPSHOT_GONE = (239, 246)
"""SnapshotTooOld and SnapshotUnavailable: MongoDB keeps a moment for five minutes."""

_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Difference:
    """A view that is not the same in both; None where it is missing."""

    key: Any
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


@dataclass
class Side:
    """What one edition has: how many views, and SHA-256 over their documents in key order."""

    views: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    def take(self, documents: bytes, count: int) -> None:
        self.views += count
        self.digest.update(documents)

    @property
    def checksum(self) -> str:
        return self.digest.hexdigest()[:16]


@dataclass
class Comparison:
    """Two editions at one position. Views of different shapes are compared by the fields that both have."""

    position: int
    before: Side = field(default_factory=Side)
    after: Side = field(default_factory=Side)
    differing: int = 0
    shown: list[Difference] = field(default_factory=list[Difference])

    def differ(self, before: Document | None, after: Document | None) -> None:
        self.differing += 1
        if len(self.shown) < MOST_SHOWN:
            self.shown.append(Difference((before or after or {})["_id"], before, after))


class Snapshot:
    """An edition as it stands at one moment; MongoDB keeps that moment for five minutes."""

    def __init__(self, database: Database, edition_: str) -> None:
        self._database, self._edition = database, edition_
        self._session: Any = None
        self.position = 0

    async def __aenter__(self) -> "Snapshot":
        self._session = await settle(self._database.client.start_session(snapshot=True))
        checkpoints = self._database.get_collection(CHECKPOINTS, OPTIONS)
        found = await checkpoints.find_one({"_id": self._edition}, {"position": 1}, session=self._session)
        self.position = found["position"] if found else 0
        return self

    async def __aexit__(self, *_: object) -> None:
        await settle(self._session.end_session())

    def views(self) -> "_Views":
        return _Views(self._database, self._edition, self._session)


async def compare(before: Snapshot, database: Database, after: str) -> Comparison:
    """Compare a snapshot with an edition that nobody moves meanwhile, and that stands at the same position."""
    found, old, new = Comparison(before.position), before.views(), _Views(database, after, None)
    while await old.more() | await new.more():
        if old.rest == new.rest:  # many views at once: they are the same, most of the time
            found.before.take(*old.all())
            found.after.take(*new.all())
        else:
            _step(found, old, new)
    return found


def _step(found: Comparison, old: "_Views", new: "_Views") -> None:
    """Take in the next view of one side, or of both where it is the same one."""
    one, other = old.first, new.first
    if not one or (other and one != other and _before(other, one)):
        found.after.take(*new.one())
        found.differ(None, _decoded(other))
    elif not other or (one != other and _before(one, other)):
        found.before.take(*old.one())
        found.differ(_decoded(one), None)
    else:
        found.before.take(*old.one())
        found.after.take(*new.one())
        if one != other:
            _compare(found, _decoded(one), _decoded(other))


def _compare(found: Comparison, before: Document, after: Document) -> None:
    if any(before[name] != after[name] for name in before.keys() & after.keys()):
        found.differ(before, after)


class _Views:
    """The documents of an edition as they are stored, in key order; `rest` are here and not taken yet."""

    def __init__(self, database: Database, name: str, session: Any) -> None:
        views: Any = edition(database, name)
        if session is not None:
            views = database.get_collection(views.name)  # a snapshot takes no read concern besides
        cursor = views.find_raw_batches({}, sort=[("_id", 1)], hint="_id_", batch_size=_BATCH, session=session)
        self._replies = aiter(cursor)
        self.rest = b""

    async def more(self) -> bool:
        """Whether there is anything left; asks for it when nothing is here."""
        if not self.rest:
            self.rest = await anext(self._replies, b"")
        return bool(self.rest)

    @property
    def first(self) -> bytes:
        """The next document; empty where there is none."""
        return self.rest[: int.from_bytes(self.rest[:4], "little")]

    def one(self) -> tuple[bytes, int]:
        """The next document, and that it is one."""
        taken = self.first
        self.rest = self.rest[len(taken) :]
        return taken, 1

    def all(self) -> tuple[bytes, int]:
        """Everything that is here, and how many documents that is."""
        taken, self.rest = self.rest, b""
        return taken, sum(1 for _ in documents_in(taken))


def _before(one: bytes, other: bytes) -> bool:
    """Whether a document's key comes before another one's in MongoDB's order; keys of an edition have one type."""
    return _rank(_decoded(one)["_id"]) < _rank(_decoded(other)["_id"])


def _rank(key: Any) -> tuple[str, Any]:
    value = key.to_decimal() if isinstance(key, Decimal128) else key
    return "int" if isinstance(value, int) else type(value).__name__, value


def _decoded(raw: bytes) -> Document:
    return BSON(raw).decode(codec_options=OPTIONS)
