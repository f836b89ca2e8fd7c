"""A log with commits of the library in it, watchers over it, and an ear that waits for what they do."""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from bson import Int64
from pymongo import AsyncMongoClient
from pymongo.monitoring import CommandListener

from gateway.application import Application
from gateway.application.reading import read
from gateway.eventlog.encoding import Encoded
from gateway.eventlog.storage import EventLog
from gateway.mongo.changes import Changes, CheckpointMoved, Heard
from gateway.mongo.checkpoints import Checkpoint, checkpoint_of
from gateway.mongo.client import OPTIONS, Document, collection, connect
from gateway.mongo.collections import CHECKPOINTS, Identity, prepare
from gateway.projections.watcher import Watcher
from gateway.settings import load_settings
from tests.projections.bookshop import (
    AuthorId,
    AuthorRenamed,
    BookAdded,
    BookAscribed,
    BookId,
    BookLent,
    BookLost,
    library,
)
from tests.projections.shelves import shelves
from tests.support.logs import OpenLog

MODELS = ("books", "loans", "months")
PATIENCE = 60.0


class Ear:
    """Keeps what it heard, and waits for more."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self._news = asyncio.Event()

    def __call__(self, heard: Heard) -> None:
        self.heard.append(heard)
        self._news.set()

    async def until(self, enough: Callable[[list[Heard]], object]) -> list[Heard]:
        async with asyncio.timeout(PATIENCE):
            while not enough(self.heard):
                self._news.clear()
                await self._news.wait()
        return self.heard

    async def moved(self, enough: Callable[[Checkpoint], object]) -> CheckpointMoved:
        """The first state of a checkpoint, from now on, that is enough."""
        self.heard.clear()
        await self.until(lambda heard: any(_moves(each, enough) for each in heard))
        return next(each for each in self.heard if isinstance(each, CheckpointMoved) and enough(each.checkpoint))


@dataclass
class World:
    uri: str
    opened: OpenLog
    identity: Identity
    changes: Changes
    ear: Ear
    _versions: dict[str, int] = field(default_factory=dict[str, int])

    def commit(self, *events: object) -> Encoded:
        """The next commit of the log, not yet inserted."""
        return self.opened.commit(*[self._placed(each) for each in events])

    async def add(self, *commits: Sequence[object]) -> int:
        """Commits of these events; returns the position of the last one."""
        encoded = [self.commit(*events) for events in commits]
        for start in range(0, len(encoded), 500):
            part = encoded[start : start + 500]
            assert (await self.opened.log.append(part)).safe == len(part)
        return encoded[-1].commit.position

    def _placed(self, event: Any) -> tuple[str, int, object]:
        stream = self.opened.model.event_of(event).stream(event)
        self._versions[stream] = self._versions.get(stream, 0) + 1
        return stream, self._versions[stream], event

    async def built(self, position: int, *names: str) -> None:
        """Returns when these read models, or all, have reached a position."""
        missing = set(names or MODELS)

        def arrived(heard: list[Heard]) -> bool:
            for each in heard:
                if isinstance(each, CheckpointMoved) and each.checkpoint.position >= position:
                    missing.discard(each.checkpoint.read_model)
            return not missing

        for name, each in (await self.checkpoints()).items():
            if each.position >= position:
                missing.discard(name)
        await self.ear.until(arrived)

    async def stopped(self, name: str) -> Checkpoint:
        """The read model's checkpoint once it is stopped."""

        def stopped(heard: list[Heard]) -> list[Checkpoint]:
            moves = [each.checkpoint for each in heard if isinstance(each, CheckpointMoved)]
            return [each for each in moves if each.read_model == name and each.stopped]

        self.ear.heard.clear()  # before it is looked at: what comes meanwhile is heard
        now = (await self.checkpoints()).get(name)
        if now and now.stopped:
            return now
        return stopped(await self.ear.until(stopped))[0]

    async def moved(self, name: str, position: int) -> CheckpointMoved:
        """How the read model came to a position, from all that was heard."""

        def found(heard: list[Heard]) -> list[CheckpointMoved]:
            moves = [each for each in heard if isinstance(each, CheckpointMoved)]
            places = [(each.checkpoint.read_model, each.checkpoint.position) for each in moves]
            return [each for each, place in zip(moves, places, strict=True) if place == (name, position)]

        return found(await self.ear.until(found))[0]

    async def checkpoints(self) -> dict[str, Checkpoint]:
        found = collection(self.opened.database, CHECKPOINTS).find({})
        return {each["read_model"]: checkpoint_of(each) async for each in found}

    async def documents(self, name: str) -> list[Document]:
        return [each async for each in collection(self.opened.database, name).find({}, sort=[("_id", 1)])]

    async def check(self) -> None:
        """Every view is what an independent fold of the log makes it."""
        expected = shelves(await self.opened.log.read(0, 1_000_000, 1_000_000_000))
        for name, documents in expected.items():
            assert await self.documents(name) == documents, name


@asynccontextmanager
async def world(uri: str, database: str) -> AsyncGenerator[World]:
    """Its client is not called tidegate: what fails for a watcher does not fail for it."""
    async with AsyncMongoClient[Document](uri, timeoutMS=20_000) as client:
        place, model = client.get_database(database, OPTIONS), read(library())
        identity = await prepare(place)
        async with Changes(place) as changes:
            ear = Ear()
            changes.listen(ear)
            yield World(uri, OpenLog(place, model, EventLog(place, model)), identity, changes, ear)


@asynccontextmanager
async def watching(
    world: World,
    application: Application | None = None,
    changes: type[Changes] = Changes,
    listeners: Sequence[CommandListener] = (),
    **settings: Any,
) -> AsyncGenerator[Watcher]:
    """A watcher with a connection of its own; `listeners` hear of every command that it sends."""
    name = world.opened.database.name
    chosen = load_settings(mongodb_uri=world.uri, database=name, mongodb_timeout=30.0, **settings)
    model = read(application or library())
    mongo = connect(world.uri, chosen, listeners)
    try:
        log = EventLog(mongo.database, model)
        async with (
            changes(mongo.database) as heard,
            Watcher(mongo.database, model, world.identity, log, heard, chosen) as watcher,
        ):
            yield watcher
    finally:
        await mongo.close()


def added(book: str, author: str, price: str = "9.50") -> BookAdded:
    return BookAdded(BookId(book), AuthorId(author), Decimal(price))


def renamed(author: str, name: str) -> AuthorRenamed:
    return AuthorRenamed(AuthorId(author), name)


def ascribed(book: str, author: str) -> BookAscribed:
    return BookAscribed(BookId(book), AuthorId(author))


def lent(book: str, days: int = 1) -> BookLent:
    return BookLent(BookId(book), days)


def lost(book: str) -> BookLost:
    return BookLost(BookId(book))


def history(seed: int, commits: int) -> list[list[object]]:
    """A busy library, the same for the same seed: few books and fewer authors, so that much meets."""
    draw = random.Random(seed)

    def event() -> object:
        book, author = f"b{draw.randrange(30)}", f"a{draw.randrange(4)}"
        return draw.choice(
            [
                *(added(book, author), added(book, author), lent(book, draw.randrange(3)), lent(book)),
                *(ascribed(book, author), renamed(author, f"name {draw.random()}"), lost(book)),
            ]
        )

    return [[event() for _ in range(draw.choice([1, 1, 1, 2, 5]))] for _ in range(commits)]


def line(position: int, index: int = 0) -> Int64:
    return Int64(position * 1000 + index)


def _moves(heard: Heard, enough: Callable[[Checkpoint], object]) -> bool:
    return isinstance(heard, CheckpointMoved) and bool(enough(heard.checkpoint))
