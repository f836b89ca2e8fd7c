"""Snapshots: states of long streams, kept in MongoDB, so that the next process need not read all their events.

Each may be dropped at any time. One is used only if this secret signed it for this log, if the code that folds the
stream is the code that folded it (`forms.py`), and if the log still holds the commit behind which it was taken.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from gateway.application.model import Model
from gateway.commands.forms import Form, bytes_of, forms_of, is_same, values_of
from gateway.commands.states import Hot
from gateway.commands.storage import SNAPSHOTS, SnapshotStore
from gateway.errors import Unavailable
from gateway.messages import Commit
from gateway.mongo.client import Database, Document
from gateway.mongo.tasks import end
from gateway.signing import Signer

_FAREWELL = 1.0
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


class Snapshots:
    """Finds snapshots, and while it is entered takes one of each stream every so many events.

    Nobody waits for that. With `every` at 0 there are none.
    """

    def __init__(self, database: Database, model: Model, signer: Signer, every: int) -> None:
        self._store = SnapshotStore(database)
        self._forms = forms_of(model) if every else {}
        self._every = every
        self._signer = signer
        self._waiting: dict[str, Snapshot] = {}
        self._arrived = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closing = False

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="snapshots")
        return self

    async def __aexit__(self, *_: object) -> None:
        """What waits is written within a second, or never."""
        self._closing = True
        self._arrived.set()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=_FAREWELL)
            await end(self._task)

    async def find(self, streams: Iterable[str]) -> dict[str, Snapshot]:
        """The snapshots of these streams that this code can go on from. Raises Unavailable."""
        ids = {_id(each, form): each for each in streams if (form := self._form(each))}
        documents = await self._store.find(ids) if ids else []
        return await asyncio.to_thread(self._all_opened, ids, documents) if documents else {}

    def take(self, stream: str, hot: Hot, commit: Commit) -> Hot:
        """The state, of which a snapshot is on its way if it was due: the stream as it is behind this commit."""
        if hot.version - hot.kept < self._every or not self._form(stream):
            return hot
        kept = Hot(hot.version, hot.state, hot.version)
        self._waiting[stream] = Snapshot(kept, commit.position, commit.chain)
        self._arrived.set()
        return kept

    def _form(self, stream: str) -> Form | None:
        return self._forms.get(_category(stream))

    async def _run(self) -> None:
        while not self._closing:
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting:
                names = list(self._waiting)[:_BATCH]
                await self._write({each: self._waiting.pop(each) for each in names})

    async def _write(self, snapshots: Mapping[str, Snapshot]) -> None:
        """One batch after the other. States don't change, so a thread may seal them while commands are decided."""
        try:
            if documents := await asyncio.to_thread(self._documents, snapshots):
                await self._store.write(documents)
        except Unavailable as error:
            _log.info("%d snapshots were not written: %s", len(snapshots), error)

    def _documents(self, snapshots: Mapping[str, Snapshot]) -> dict[str, Document]:
        """Those that can be written, of kinds whose initial state is what it was."""
        for category in {_category(each) for each in snapshots}:
            if (form := self._forms.get(category)) is not None and form.is_spoiled():
                del self._forms[category]
                _log.error("An evolve of %s changes its state in place: no snapshots are taken.", category)
        forms = {stream: form for stream in snapshots if (form := self._form(stream))}
        made = {stream: self._document(stream, form, snapshots[stream]) for stream, form in forms.items()}
        return {stream: each for stream, each in made.items() if each}

    def _document(self, stream: str, form: Form, snapshot: Snapshot) -> Document | None:
        """None for a state that can't be written."""
        try:
            sealed = self._sealed(stream, form, snapshot)
            return {"_id": _id(stream, form), "at": datetime.now(UTC), "sealed": sealed}
        except Exception as error:
            _log.info("No snapshot is taken of %s: %r", stream, error)
            return None

    def _sealed(self, stream: str, form: Form, snapshot: Snapshot) -> str:
        """Raises whatever shows that the state can't be written, or would come back as another."""
        hot = snapshot.hot
        fields = {"version": hot.version, "position": snapshot.position, "chain": snapshot.chain}
        payload = bytes_of({"id": _id(stream, form), **fields, "state": form.encode(hot.state)})
        if len(payload) > _LARGEST:
            raise ValueError(f"it has {len(payload)} bytes")
        if not is_same(form.decode(values_of(payload)["state"]), hot.state):
            raise ValueError("its state would come back as another")
        return self._signer.seal(SNAPSHOTS, payload)

    def _all_opened(self, ids: Mapping[str, str], documents: Iterable[Document]) -> dict[str, Snapshot]:
        opened = {ids[each["_id"]]: self._opened(ids[each["_id"]], each) for each in documents}
        return {stream: each for stream, each in opened.items() if each is not None}

    def _opened(self, stream: str, document: Mapping[str, Any]) -> Snapshot | None:
        """None for one that is not as it was written: the events are there."""
        try:
            found = values_of(self._signer.unseal(SNAPSHOTS, document["sealed"]) or b"")
            state = self._forms[_category(stream)].decode(found["state"])
            if found["id"] == document["_id"]:
                return Snapshot(Hot(found["version"], state, found["version"]), found["position"], found["chain"])
        except Exception as error:
            _log.debug("A snapshot can't be read: %r", error)
        _log.warning("The snapshot %s is not as it was written: it is passed over.", document["_id"])
        return None


def _category(stream: str) -> str:
    return stream.split("-", maxsplit=1)[0]


def _id(stream: str, form: Form) -> str:
    return f"{stream} {form.code}"
