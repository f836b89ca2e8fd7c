"""Compares two editions of a read model: how many views each has, their checksums, and where they differ."""

import hashlib
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bson import BSON
from bson.codec_options import CodecOptions
from bson.decimal128 import Decimal128
from bson.raw_bson import RawBSONDocument

from gateway.mongo.client import OPTIONS, Database, Document, settle
from gateway.mongo.collections import CHECKPOINTS, edition
from gateway.mongo.raw import documents_in

MOST_SHOWN = 5
"""How many differing views are shown side by side."""

_BATCH = 1_000
_RAW: CodecOptions[RawBSONDocument] = CodecOptions(RawBSONDocument, tz_aware=True, uuid_representation=4)


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

    def take(self, raw: bytes) -> None:
        self.views += 1
        self.digest.update(raw)

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

    def differ(self, key: Any, before: Document | None, after: Document | None) -> None:
        self.differing += 1
        if len(self.shown) < MOST_SHOWN:
            self.shown.append(Difference(key, before, after))


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

    def views(self) -> AsyncGenerator[tuple[Any, bytes]]:
        return _views(self._database, self._edition, self._session)


async def compare(before: Snapshot, database: Database, after: str) -> Comparison:
    """Compare a snapshot with an edition that nobody moves meanwhile, and that stands at the same position."""
    found = Comparison(before.position)
    left, right = before.views(), _views(database, after, None)
    old, new = await anext(left, None), await anext(right, None)
    while old is not None or new is not None:
        if old is not None and (new is None or _before(old[0], new[0])):
            found.before.take(old[1])
            found.differ(old[0], _decoded(old[1]), None)
            old = await anext(left, None)
        elif new is not None and (old is None or _before(new[0], old[0])):
            found.after.take(new[1])
            found.differ(new[0], None, _decoded(new[1]))
            new = await anext(right, None)
        elif old is not None and new is not None:
            _both(found, old[1], new[1])
            old, new = await anext(left, None), await anext(right, None)
    return found


def _both(found: Comparison, old: bytes, new: bytes) -> None:
    found.before.take(old)
    found.after.take(new)
    if old == new:
        return
    before, after = _decoded(old), _decoded(new)
    if any(before[name] != after[name] for name in before.keys() & after.keys()):
        found.differ(before["_id"], before, after)


async def _views(database: Database, name: str, session: Any) -> AsyncGenerator[tuple[Any, bytes]]:
    """Keys and documents as they are stored, in key order."""
    views: Any = edition(database, name)
    if session is not None:
        views = database.get_collection(views.name)  # a snapshot takes no read concern besides
    cursor = views.find_raw_batches({}, sort=[("_id", 1)], hint="_id_", batch_size=_BATCH, session=session)
    async for reply in cursor:
        for raw in documents_in(reply):
            yield _key(raw), raw


def _key(raw: bytes) -> Any:
    return RawBSONDocument(raw, _RAW)["_id"]


def _before(one: Any, other: Any) -> bool:
    """Whether a key comes before another one in MongoDB's order; those of one edition have one type."""
    return _rank(one) < _rank(other)


def _rank(key: Any) -> tuple[str, Any]:
    value = key.to_decimal() if isinstance(key, Decimal128) else key
    return "int" if isinstance(value, int) else type(value).__name__, value


def _decoded(raw: bytes) -> Document:
    return BSON(raw).decode(codec_options=OPTIONS)
