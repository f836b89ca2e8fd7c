"""Snapshots: states of long streams, kept in MongoDB, so that the next process need not read all their events.

Each may be dropped at any time. One is used only if this secret signed it for this log, if the code that folds the
stream is the code that folded it, and if the log still holds the commit behind which it was taken.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

import bson
from bson import BSON
from bson.codec_options import CodecOptions

from gateway.application.code import fingerprint
from gateway.application.model import Model, StreamKind
from gateway.application.types import is_exact
from gateway.commands.states import Hot
from gateway.commands.storage import SNAPSHOTS, SnapshotStore
from gateway.errors import Unavailable
from gateway.messages import Commit
from gateway.mongo.client import Database, Document
from gateway.mongo.codec import value_decoder, value_encoder
from gateway.mongo.tasks import end
from gateway.signing import Signer

_FORMAT = 1
"""To be raised when states are written in another way: as with other code, no older snapshot is used then."""

_BATCH = 100
_LARGEST = 8_000_000

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A stream's state as it was behind a commit, which is known by its position and its chain value."""

    hot: Hot
    position: int
    chain: bytes

    def is_behind(self, commit: Commit) -> bool:
        return (commit.position, commit.chain) == (self.position, self.chain)


@dataclass(frozen=True, slots=True)
class _Form:
    """How the states of one kind are written, and the hash of the code that folds them."""

    code: str
    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]


class Snapshots:
    """Finds snapshots, and while it is entered takes one of each stream every so many events.

    Nobody waits for that. With `every` at 0 there are none.
    """

    def __init__(self, database: Database, model: Model, signer: Signer, every: int) -> None:
        self._store = SnapshotStore(database)
        kinds = model.streams if every else ()
        self._forms = {each.id.category: form for each in kinds if (form := _form(model, each))}
        self._every = every
        self._signer = signer
        self._waiting: dict[str, Snapshot] = {}
        self._arrived = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="snapshots")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            await end(self._task)

    async def find(self, streams: Iterable[str]) -> dict[str, Snapshot]:
        """The snapshots of these streams that this code can go on from. Raises Unavailable."""
        ids = {_id(each, form): each for each in streams if (form := self._form(each))}
        documents = await self._store.find(ids) if ids else []
        found = {ids[each["_id"]]: self._opened(ids[each["_id"]], each) for each in documents}
        return {stream: each for stream, each in found.items() if each is not None}

    def take(self, stream: str, hot: Hot, commit: Commit) -> Hot:
        """The state, of which a snapshot is on its way if it was due: the stream as it is behind this commit."""
        if hot.version - hot.kept < self._every or not self._form(stream):
            return hot
        kept = Hot(hot.version, hot.state, hot.version)
        self._waiting[stream] = Snapshot(kept, commit.position, commit.chain)
        self._arrived.set()
        return kept

    def _form(self, stream: str) -> _Form | None:
        return self._forms.get(_category(stream))

    async def _run(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting:
                names = list(self._waiting)[:_BATCH]
                await self._write({each: self._waiting.pop(each) for each in names})

    async def _write(self, snapshots: Mapping[str, Snapshot]) -> None:
        made = {stream: self._document(stream, each) for stream, each in snapshots.items()}
        documents = {stream: each for stream, each in made.items() if each}
        try:
            if documents:
                await self._store.write(documents)
        except Unavailable as error:
            _log.info("%d snapshots were not written: %s", len(snapshots), error)

    def _document(self, stream: str, snapshot: Snapshot) -> Document | None:
        """None for a state that can't be written."""
        id_ = _id(stream, self._forms[_category(stream)])
        try:
            return {"_id": id_, "at": datetime.now(UTC), "sealed": self._sealed(stream, snapshot)}
        except Exception as error:
            _log.info("No snapshot is taken of %s: %r", stream, error)
            return None

    def _sealed(self, stream: str, snapshot: Snapshot) -> str:
        """Raises whatever shows that the state can't be written, or would come back as another."""
        hot, form = snapshot.hot, self._forms[_category(stream)]
        fields = {"version": hot.version, "position": snapshot.position, "chain": snapshot.chain}
        payload = bson.encode({"id": _id(stream, form), **fields, "state": form.encode(hot.state)}, False, _OPTIONS)
        if len(payload) > _LARGEST:
            raise ValueError(f"it has {len(payload)} bytes")
        if form.decode(_decoded(payload)["state"]) != hot.state:
            raise ValueError("its state would come back as another")
        return self._signer.seal(SNAPSHOTS, payload)

    def _opened(self, stream: str, document: Mapping[str, Any]) -> Snapshot | None:
        """None for one that is not as it was written: the events are there."""
        try:
            found = _decoded(self._signer.unseal(SNAPSHOTS, document["sealed"]) or b"")
            state = self._forms[_category(stream)].decode(found["state"])
            if found["id"] == document["_id"]:
                return Snapshot(Hot(found["version"], state, found["version"]), found["position"], found["chain"])
        except Exception as error:
            _log.debug("A snapshot can't be read: %r", error)
        _log.warning("The snapshot %s is not as it was written: it is passed over.", document["_id"])
        return None


def _decoded(payload: bytes) -> dict[str, Any]:
    return BSON(payload).decode(codec_options=_OPTIONS)


def _category(stream: str) -> str:
    return stream.split("-", maxsplit=1)[0]


def _id(stream: str, form: _Form) -> str:
    return f"{stream} {form.code}"


def _form(model: Model, kind: StreamKind) -> _Form | None:
    """None for states that can't be written exactly, and for code that can't be told from other code."""
    if not is_exact(kind.state):
        return None
    code = fingerprint(kind.evolve, kind.initial, kind.state, dict(model.upcasts), _FORMAT)
    return None if code is None else _Form(code, value_encoder(kind.state, exact=True), value_decoder(kind.state))


_OPTIONS: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True, uuid_representation=4)
