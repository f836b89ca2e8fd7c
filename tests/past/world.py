"""A library whose log is written by hand, watchers over it, and the questions that it is asked."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from pymongo.monitoring import CommandListener

from gateway.application import Application
from gateway.application.model import ReadModel
from gateway.application.reading import read
from gateway.eventlog.encoding import Draft, encode_commit
from gateway.eventlog.storage import EMPTY, EventLog
from gateway.messages import CommandRecord, Head
from gateway.mongo.changes import Changes, CheckpointMoved, Heard
from gateway.mongo.checkpoints import Checkpoint
from gateway.mongo.client import Database, Document, connect
from gateway.mongo.collections import Identity, prepare, views
from gateway.projections.watcher import Watcher
from gateway.queries.freshness import Freshness
from gateway.queries.pages import PageRequest
from gateway.queries.positions import Positions
from gateway.queries.queries import Queries
from gateway.settings import load_settings
from gateway.signing import Signer
from tests.past.bookshop import BOOKS, MODEL, Shelf, library, shelves
from tests.projections.world import Ear

PATIENCE = 60.0


@dataclass
class World:
    uri: str
    database: Database
    log: EventLog
    identity: Identity
    changes: Changes
    positions: Positions
    queries: Queries
    ear: Ear
    head: Head = EMPTY
    times: list[datetime] = field(default_factory=lambda: [datetime(1970, 1, 1, tzinfo=UTC)])
    "When each position was committed."
    _versions: dict[str, int] = field(default_factory=dict[str, int])

    async def add(self, commits: Sequence[tuple[datetime, Sequence[object]]]) -> int:
        """Commits of these events at these times; the position of the last one."""
        encoded = [self._encoded(at, events) for at, events in commits]
        for start in range(0, len(encoded), 500):
            assert not (await self.log.append(encoded[start : start + 500])).taken
        return self.head.position

    def _encoded(self, at: datetime, events: Sequence[Any]) -> Any:
        record = CommandRecord(uuid4(), "DoSomething", bytes(32), "tester")
        placed = tuple(self._placed(each) for each in events)
        encoded = encode_commit(MODEL, Draft(at, record, placed, None, None), self.head)
        self.head = Head(encoded.commit.position, encoded.commit.chain, at)
        self.times.append(at)
        return encoded

    def _placed(self, event: Any) -> tuple[str, int, object]:
        stream = MODEL.event_of(event).stream(event)
        self._versions[stream] = self._versions.get(stream, 0) + 1
        return stream, self._versions[stream], event

    async def built(self, position: int) -> None:
        """Returns when every read model has reached a position."""
        for each in MODEL.read_models:
            await self.positions.wait(each.name, position, PATIENCE)

    async def stopped(self, name: str) -> Checkpoint:
        """The checkpoint of a read model once it is stopped."""

        def stops(heard: list[Heard]) -> list[Checkpoint]:
            moved = [each.checkpoint for each in heard if isinstance(each, CheckpointMoved)]
            return [each for each in moved if each.read_model == name and each.stopped]

        return stops(await self.ear.until(stops))[-1]

    async def shelves(self) -> list[Shelf]:
        return shelves(await self.log.read(0, 1_000_000, 1_000_000_000))

    async def walked(self, size: int, backward: bool = False, **wanted: Any) -> list[tuple[Any, int]]:
        """The books of a connection with their versions, page after page; the first alone is told as of when."""
        found: list[tuple[Any, int]] = []
        place: dict[str, Any] = {}
        while True:
            ends: dict[str, Any] = {"last" if backward else "first": size}
            page = await self.queries.page(BOOKS, PageRequest(**wanted, **ends, **place), fresh())
            nodes = [(each.view, each.viewed.version) for each in page.edges]
            found = [*nodes, *found] if backward else [*found, *nodes]
            assert (page.has_next, page.has_previous)[not backward] == bool(place)
            if not (page.has_previous if backward else page.has_next):
                return found
            assert len(nodes) == size
            place = {"before": page.start_cursor} if backward else {"after": page.end_cursor}
            wanted.pop("as_of", None)

    async def documents(self, read_model: ReadModel, collection: str) -> list[Document]:
        base = views(self.database, read_model.name, read_model.version).name
        return [each async for each in self.database[f"{base}{collection}"].find({}, sort=[("_id", 1)])]


def fresh(after: int = 0, timeout: float = 20.0) -> Freshness:
    return Freshness(after, timeout)


@asynccontextmanager
async def world(uri: str, database: str, listeners: Sequence[CommandListener] = ()) -> AsyncGenerator[World]:
    settings = load_settings(database=database, mongodb_timeout=30.0)
    mongo = connect(uri, settings, listeners)
    try:
        identity, of = await prepare(mongo.database), mongo.database
        async with Changes(of) as changes, Positions(of, changes, MODEL) as positions:
            queries = Queries(of, MODEL, Signer(b"secret", identity.log), settings, positions)
            ear = Ear()
            changes.listen(ear)
            yield World(uri, of, EventLog(of, MODEL), identity, changes, positions, queries, ear)
    finally:
        await mongo.close()


@asynccontextmanager
async def watching(
    place: World, application: Application | None = None, **settings: Any
) -> AsyncGenerator[Watcher]:
    """A watcher with a connection of its own."""
    chosen = load_settings(database=place.database.name, mongodb_timeout=30.0, **settings)
    mongo, model = connect(place.uri, chosen), read(application or library())
    try:
        log = EventLog(mongo.database, model)
        async with (
            Changes(mongo.database) as changes,
            Watcher(mongo.database, model, place.identity, log, changes, chosen) as watcher,
        ):
            yield watcher
    finally:
        await mongo.close()


async def at_once(*asked: Any) -> list[Any]:
    return list(await asyncio.gather(*asked))
