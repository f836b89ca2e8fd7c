"""The end of the log, read once for all subscribers of this process."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager

from gateway.errors import Unavailable
from gateway.eventlog.storage import EventLog
from gateway.feeds.inbox import Batch, Inbox
from gateway.messages import Commit, RecordedEvent
from gateway.mongo.tasks import end

PAGE = 100
"""How many commits are read at once."""

PAUSE = 0.1
"""Seconds before another look at a log that did not answer, or does not show yet what was heard of."""


class Tail:
    """Reads each new stretch of the log once and puts it into every inbox that wants it.

    Nothing is read while nobody follows.
    """

    def __init__(self, log: EventLog, room: int) -> None:
        self._log = log
        self._room = room
        self._position = 0
        self._heard = 0
        self._unsure = False
        self._news = asyncio.Event()
        self._starting = asyncio.Lock()
        self._inboxes: dict[str | None, set[Inbox]] = {}
        self._task: asyncio.Task[None] | None = None

    @property
    def position(self) -> int:
        """Everything up to here was put into the inboxes that were there."""
        return self._position

    @property
    def subscribers(self) -> int:
        return sum(map(len, self._inboxes.values()))

    def hear(self, position: int) -> None:
        """There is a commit at this position."""
        self._heard = max(self._heard, position)
        self._news.set()

    def doubt(self) -> None:
        """There may be commits that nobody told of."""
        self._unsure = True
        self._news.set()

    def fail(self, error: Exception) -> None:
        """End every inbox with an error."""
        for inbox in self._everybody():
            inbox.close(error)

    async def close(self) -> None:
        """End every inbox, and the reading with them."""
        for inbox in self._everybody():
            inbox.close()
        if self._task:
            await end(self._task)

    @asynccontextmanager
    async def joined(self, name: str | None, until: int | None) -> AsyncGenerator[Inbox]:
        """An inbox, still closed, for events of a stream, a category or all; referred to the log at `until`."""
        inbox = Inbox(name, until, self._room)
        async with self._starting:
            if not self._inboxes:
                self._position = (await self._log.head()).position
            self._task = self._task or asyncio.create_task(self._follow(), name="tail")
            self._inboxes.setdefault(name, set()).add(inbox)
            self._news.set()
        try:
            yield inbox
        finally:
            self._leave(inbox)

    def _leave(self, inbox: Inbox) -> None:
        others = self._inboxes[inbox.name]
        others.discard(inbox)
        if not others:
            del self._inboxes[inbox.name]

    def _everybody(self) -> Iterator[Inbox]:
        return (inbox for inboxes in self._inboxes.values() for inbox in [*inboxes])

    async def _follow(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                await self._catch_up()
            except Unavailable:
                await asyncio.sleep(PAUSE)
                self.doubt()
            except Exception as error:  # whatever it is: nobody waits for what does not come
                self.fail(error)

    async def _catch_up(self) -> None:
        """Read to the position heard of; to the end, wherever that is, when something may have been missed."""
        unsure, self._unsure = self._unsure, False
        while self._inboxes and (unsure or self._position < self._heard):
            commits = await self._log.read(self._position, PAGE)
            if commits and commits[0].position == self._position + 1:  # else all left and others came meanwhile
                self._publish(commits)
            elif self._position < self._heard:
                await asyncio.sleep(PAUSE)
            unsure = unsure and bool(commits)

    def _publish(self, commits: Sequence[Commit]) -> None:
        first, last = commits[0].position, commits[-1].position
        self._position = last
        for name, events in self._wanted(commits).items():
            batch = Batch(first, last, tuple(events))
            for inbox in self._inboxes[name]:
                inbox.put(batch)
        for inbox in self._everybody():
            if inbox.until is not None and last >= inbox.until:
                inbox.refer()

    def _wanted(self, commits: Sequence[Commit]) -> dict[str | None, list[RecordedEvent]]:
        """The events that somebody follows: those of each stream and each category, and under None all."""
        found: dict[str | None, list[RecordedEvent]] = {}
        for event in (event for commit in commits for event in commit.events):
            for name in (event.stream, event.stream.partition("-")[0], None):
                if name in self._inboxes:
                    found.setdefault(name, []).append(event)
        return found
