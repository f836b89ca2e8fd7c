"""The doorbell: one change stream a process, which says that there is something new, and in which place.

The log is the truth and the checkpoints are; what is heard here only says when to look. So nothing is lost
when the stream breaks, its history is gone from the oplog, or it is mute.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import Any, Self, TypeAlias

from pymongo.errors import PyMongoError
from pymongo.read_preferences import ReadPreference

from gateway.mongo.causal import Seen
from gateway.mongo.checkpoints import Checkpoint, Difference, checkpoint_of, differences_of
from gateway.mongo.client import MAJORITY, Database, Document, settle
from gateway.mongo.collections import CHECKPOINTS, EVENTS, LIVE, TURNS, WATCHERS
from gateway.mongo.live import Live, live_of
from gateway.mongo.repeated import Repeated
from gateway.mongo.tasks import end
from gateway.mongo.turns import Asked, asked_of

LONGEST_WAIT = 1.0
"""Seconds that the server holds a question open when there is nothing to say."""

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0
"""Seconds between two attempts to open a stream that breaks again and again."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CommitAdded:
    """A majority holds the commit at this position."""

    position: int


@dataclass(frozen=True, slots=True)
class CheckpointMoved:
    """A read model's checkpoint was written.

    `touched` are the keys, as stored, of the views that changed with it (for a journal the values of its first
    field): none at a mere heartbeat, None where any view may have changed. `differences` says of each how it
    changed, as far as that is told.
    """

    checkpoint: Checkpoint
    touched: tuple[Any, ...] | None
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class LiveMoved:
    """Another edition of a read model is asked from now on."""

    live: Live


@dataclass(frozen=True, slots=True)
class WatchersChanged:
    """A watcher came, or went."""


@dataclass(frozen=True, slots=True)
class TurnAsked:
    """A writer asks the others for its turn."""

    asked: Asked


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The stream was opened anew: something may have been missed, look yourself."""


@dataclass(frozen=True, slots=True)
class LogInvalidated:
    """The collection of the log was dropped or renamed: whatever reads it stops."""

    reason: str


Heard: TypeAlias = (
    CommitAdded | CheckpointMoved | LiveMoved | WatchersChanged | TurnAsked | Interrupted | LogInvalidated
)
Listener: TypeAlias = Callable[[Heard], None]


class Changes:
    """What happens to the log and to the checkpoints, told to every listener in its order."""

    def __init__(self, database: Database) -> None:
        self._database = database.with_options(read_preference=ReadPreference.PRIMARY, read_concern=MAJORITY)
        self.seen = Seen(database)
        """Reads that show all that was told here."""
        self._listeners: dict[int, Listener] = {}
        self._numbers = count()
        self._pause = FIRST_PAUSE
        self._repeated = Repeated()
        self._task: asyncio.Task[None] | None = None

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Tell `listener` from now on. Returns what ends that; it may be called twice.

        A listener returns at once and only notes what it heard; if it raises, that is logged.
        """
        number = next(self._numbers)
        self._listeners[number] = listener

        def stop() -> None:
            self._listeners.pop(number, None)

        return stop

    async def __aenter__(self) -> Self:
        """Returns when the first stream is open. Raises PyMongoError when it can't be."""
        stream = await self._open()
        self._task = asyncio.create_task(self._follow(stream), name="changes")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task:
            await end(self._task)

    async def _open(self) -> Any:
        stream: Any = await settle(self._database.watch(_PIPELINE, max_await_time_ms=_longest_wait(self._database)))
        return await stream.__aenter__()  # one driver opens it only here

    async def _follow(self, stream: Any) -> None:
        while True:
            try:
                await self._hear(stream)
            except Exception as error:
                self._log_once(error)
            finally:
                with suppress(PyMongoError):
                    await settle(stream.close())
            stream = await self._reopened()
            self._tell(Interrupted())

    async def _hear(self, stream: Any) -> None:
        """Returns when the stream is at its end, as it is when the database is dropped."""
        while stream.alive:
            change: Document | None = await stream.try_next()
            self._pause = FIRST_PAUSE
            if change is not None and (heard := _heard(change)):
                self.seen.note(change["clusterTime"])
                self._tell(heard)

    async def _reopened(self) -> Any:
        while True:
            await asyncio.sleep(self._pause)
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
            try:
                return await self._open()
            except PyMongoError as error:
                self._log_once(error)

    def _tell(self, heard: Heard) -> None:
        for listener in [*self._listeners.values()]:
            try:
                listener(heard)
            except Exception:
                _log.exception("A listener failed at %s.", type(heard).__name__)

    def _log_once(self, error: Exception) -> None:
        if kind := self._repeated.first(error):
            _log.warning("The change stream broke (%s) and is opened anew: %s", kind, str(error)[:200])


def _longest_wait(database: Database) -> int:
    """In milliseconds; below the client's time limit, or the driver would refuse it."""
    limit: float | None = database.client.options.timeout
    return round(1000 * min(LONGEST_WAIT, limit / 2 if limit else LONGEST_WAIT))


def _heard(change: Mapping[str, Any]) -> Heard | None:
    match change["operationType"], change.get("ns", {}).get("coll"):
        case "insert", str(name) if name == EVENTS:
            return CommitAdded(change["documentKey"]["_id"])
        case "insert" | "replace", str(name) if name == CHECKPOINTS:
            document = change["fullDocument"]
            touched = document.get("touched")
            names = None if touched is None else tuple(touched)
            return CheckpointMoved(checkpoint_of(document), names, differences_of(document))
        case "insert" | "replace", str(name) if name == LIVE:
            return LiveMoved(live_of(change["fullDocument"]))
        case "insert" | "delete", str(name) if name == WATCHERS:
            return WatchersChanged()
        case "insert" | "replace", str(name) if name == TURNS:
            return TurnAsked(asked_of(change["fullDocument"]))
        case "drop" | "rename" | "dropDatabase" as operation, _:
            return LogInvalidated(f"The collection of the log was changed by {operation}.")
        case _:
            return None  # "invalidate": what led to it was told, and the stream ends


_PIPELINE = [
    {
        "$match": {
            "$or": [
                {"ns.coll": EVENTS, "operationType": {"$in": ["insert", "drop", "rename"]}},
                {"ns.coll": {"$in": [CHECKPOINTS, LIVE, TURNS]}, "operationType": {"$in": ["insert", "replace"]}},
                {"ns.coll": WATCHERS, "operationType": {"$in": ["insert", "delete"]}},
                {"to.coll": EVENTS, "operationType": "rename"},
                {"operationType": {"$in": ["dropDatabase", "invalidate"]}},
            ]
        }
    },
    {
        "$project": {
            "operationType": 1,
            "clusterTime": 1,
            "ns.coll": 1,
            "documentKey._id": 1,
            "fullDocument": {"$cond": [{"$ne": ["$ns.coll", EVENTS]}, "$fullDocument", "$$REMOVE"]},
        }
    },
]
