"""Notes: a small application whose log is written by hand."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NewType
from uuid import uuid4

from gateway.application import Application, Stream
from gateway.application.model import Model
from gateway.application.reading import read
from gateway.eventlog.encoding import Draft, Encoded, encode_commit
from gateway.eventlog.storage import EMPTY, EventLog
from gateway.feeds.feeds import Feeds
from gateway.feeds.readers import Place
from gateway.messages import CommandRecord, Commit, Head, RecordedEvent
from gateway.mongo.changes import Changes
from gateway.mongo.client import Mongo, connect
from gateway.mongo.collections import prepare
from gateway.settings import Settings

NoteId = NewType("NoteId", str)

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Noted:
    note: NoteId
    text: str


def evolve(state: None, event: Noted) -> None: ...


MODEL: Model = read(Application(streams=[Stream(NoteId, None, evolve)], commands=[], views=[]))


class CountingLog(EventLog):
    """Counts how often the log was read by position, and how often at the same time."""

    reads = 0
    most_at_once = 0
    _at_once = 0

    async def read(self, after: int, limit: int, size: int = 16_000_000) -> list[Commit]:
        self.reads += 1
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            return await super().read(after, limit, size)
        finally:
            self._at_once -= 1


class Notebook:
    """An open log, its feeds, and a hand that writes."""

    def __init__(self, mongo: Mongo, changes: Changes, settings: Settings) -> None:
        self.mongo, self.changes = mongo, changes
        self.log = CountingLog(mongo.database, MODEL)
        self.feeds = Feeds(self.log, changes)
        self.written: list[RecordedEvent] = []
        self._head: Head = EMPTY
        self._versions: dict[str, int] = {}

    async def write(self, *commits: tuple[str, ...]) -> None:
        """Add commits, each of one event for each name of a note."""
        encoded: list[Encoded] = []
        for names in commits:
            made = encode_commit(MODEL, self._draft(names), self._head)
            self._head = Head(made.commit.position, made.commit.chain, NOON)
            encoded.append(made)
        assert (await self.log.append(encoded)).safe == len(commits)
        self.written += [event for each in encoded for event in each.commit.events]

    async def followed_by(self, count: int) -> None:
        """Wait until so many follow something."""
        for _ in range(100_000):
            if self.feeds.subscribers == count:
                return
            await asyncio.sleep(0)
        raise AssertionError(f"{self.feeds.subscribers} follow something, not {count}")

    def _draft(self, names: tuple[str, ...]) -> Draft:
        return Draft(NOON, CommandRecord(uuid4(), "Note", b"", "me"), tuple(map(self._event, names)), None, None)

    def _event(self, name: str) -> tuple[str, int, object]:
        stream = f"note-{name}"
        self._versions[stream] = self._versions.get(stream, 0) + 1
        return stream, self._versions[stream], Noted(NoteId(name), f"{name} {self._versions[stream]}")

    def of(self, name: str) -> list[RecordedEvent]:
        return [event for event in self.written if event.stream == f"note-{name}"]


@asynccontextmanager
async def opened(uri: str, database: str, driver: str) -> AsyncGenerator[Notebook]:
    """The notebook in a database, on one of the drivers."""
    settings = Settings.model_validate({"mongodb_uri": uri, "database": database, "driver": driver})
    mongo = connect(uri, settings)
    try:
        await prepare(mongo.database)
        async with Changes(mongo.database) as changes:
            notebook = Notebook(mongo, changes, settings)
            async with notebook.feeds:
                yield notebook
    finally:
        await mongo.close()


async def take(events: AsyncIterator[RecordedEvent], count: int) -> list[RecordedEvent]:
    """The next events, as many as that."""
    found: list[RecordedEvent] = []
    while len(found) < count:
        found.append(await anext(events))
    return found


def place(event: RecordedEvent) -> Place:
    return (event.position, event.index)
