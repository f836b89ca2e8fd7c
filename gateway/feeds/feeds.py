"""What subscriptions follow: the events of the log, and the changes of views."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator
from contextlib import aclosing, asynccontextmanager, contextmanager
from typing import Any, Self

from gateway.errors import LogBroken
from gateway.eventlog.storage import EventLog
from gateway.feeds.inbox import Inbox
from gateway.feeds.models import ModelChanges, ModelFollowers
from gateway.feeds.readers import BEGINNING, LAST, Place, Reader, place_of, reader_of
from gateway.feeds.tail import Tail
from gateway.feeds.views import Followers
from gateway.messages import DroppedEvent, RecordedEvent
from gateway.mongo.changes import (
    Changes,
    CheckpointMoved,
    CommitAdded,
    Heard,
    Interrupted,
    LiveMoved,
    LogInvalidated,
)
from gateway.mongo.checkpoints import Checkpoint

ROOM = 1_000
"""How many events wait in memory for one subscriber, before he is referred to the log."""

TURNS = 16
"""How many subscribers read history at the same time; all others have connections left, and their time limit."""


def _everything(_: Checkpoint) -> bool:
    return True


class Feeds:
    """Follows the log and the views for all subscribers of a process: with one listener and one reader."""

    def __init__(
        self, log: EventLog, changes: Changes, answers: Callable[[Checkpoint], bool] = _everything
    ) -> None:
        """`answers` says whether a checkpoint is that of an edition that is asked here: others wake nobody."""
        self._log = log
        self._changes = changes
        self._answers = answers
        self._tail = Tail(log, ROOM)
        self._followers = Followers()
        self._models = ModelFollowers()
        self._turns = asyncio.Semaphore(TURNS)
        self._stop: Callable[[], None] = lambda: None

    async def __aenter__(self) -> Self:
        self._stop = self._changes.listen(self._hear)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Ends every subscription."""
        self._stop()
        self._followers.close()
        self._models.close()
        await self._tail.close()

    @property
    def subscribers(self) -> int:
        """How many follow something now."""
        return self._tail.subscribers + self._followers.subscribers + self._models.subscribers

    async def now(self) -> Place:
        """A place behind everything that was acknowledged before this was asked."""
        return ((await self._log.head()).position, LAST)

    async def past(self, name: str | None, after: Place | None, up_to: Place) -> AsyncGenerator[RecordedEvent]:
        """The events of a stream, of a category, or of all, behind `after` and up to a place that is there.

        Raises LogBroken, Unavailable.
        """
        begin = after or BEGINNING
        if begin >= up_to:
            return  # whoever comes again at once costs no look into the log
        reader = reader_of(self._log, name, begin)
        while page := await self._history(reader, up_to[0]):
            for event in page:
                if place_of(event) > up_to:
                    return
                if place_of(event) > begin and not isinstance(event.event, DroppedEvent):
                    yield event

    async def events(
        self, name: str | None, after: Place | None, until: Place | None
    ) -> AsyncGenerator[RecordedEvent]:
        """The events of a stream, of a category, or of all, each once and in order: what there is, then what comes.

        From behind the place `after`, None being the beginning; complete at the place `until`, None being
        never. Raises LogBroken, and Unavailable when history can't be read: go on from the last event then.
        """
        begin = after or BEGINNING
        async with aclosing(self._pages(name, begin, until)) as pages:
            async for page in pages:
                for event in page:
                    if until is not None and place_of(event) > until:
                        return
                    if place_of(event) > begin and not isinstance(event.event, DroppedEvent):
                        yield event

    @asynccontextmanager
    async def view_changes(self, read_model: str, key: Any) -> AsyncGenerator[AsyncIterator[int]]:
        """Positions of a read model at which the view of a key changed, or may have.

        The first comes at once, for the view as it is: nothing is missed between it and the next. To whoever
        is slow only the latest is given. A position is what was last heard of, 0 before anything was.
        """
        with self._followers.following(read_model, key) as changes:
            yield changes

    @contextmanager
    def model_changes(self, read_model: str) -> Generator[ModelChanges]:
        """How the checkpoint of a read model's edition that is asked moves, with what each move touched."""
        with self._models.following(read_model) as changes:
            yield changes

    async def _pages(
        self, name: str | None, after: Place, until: Place | None
    ) -> AsyncGenerator[list[RecordedEvent]]:
        """Reads the log up to the tail, then takes what is published, as long as nothing is missing."""
        reader = reader_of(self._log, name, after)
        end = until[0] if until else None
        async with self._tail.joined(name, end) as inbox:
            while inbox.open(self._tail.position):
                while page := await self._history(reader, inbox.since):
                    yield page
                if end is not None and inbox.since >= end:
                    return
                async with aclosing(_live(reader, inbox)) as pages:
                    async for page in pages:
                        yield page

    async def _history(self, reader: Reader, up_to: int) -> list[RecordedEvent]:
        async with self._turns:
            return await reader.read(up_to)

    def _hear(self, heard: Heard) -> None:
        match heard:
            case CommitAdded(position):
                self._tail.hear(position)
            case CheckpointMoved(checkpoint):
                if self._answers(checkpoint):
                    self._followers.hear(heard)
                    self._models.hear(heard)
            case LiveMoved():
                self._followers.doubt()
                self._models.doubt()
            case Interrupted():
                self._tail.doubt()
                self._followers.doubt()
                self._models.doubt()
            case LogInvalidated(reason):
                self._tail.fail(LogBroken(self._tail.position + 1, reason))
            case _:
                pass


async def _live(reader: Reader, inbox: Inbox) -> AsyncGenerator[list[RecordedEvent]]:
    """What is published, until the log must be read again."""
    while (batch := await inbox.get()) is not None and (page := reader.take(batch)) is not None:
        yield page
