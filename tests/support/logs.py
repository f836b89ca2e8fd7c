"""A log opened by hand, and commits for it made without a writer."""

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from bson.raw_bson import RawBSONDocument

from gateway.application import Application
from gateway.application.model import Model
from gateway.application.reading import read
from gateway.eventlog.encoding import Draft, Encoded, encode_commit
from gateway.eventlog.storage import EMPTY, EventLog
from gateway.messages import CommandRecord, Head, RecordedEvent
from gateway.mongo.client import MAJORITY, OPTIONS, Database, connect
from gateway.mongo.collections import EVENTS, prepare
from gateway.settings import load_settings

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@dataclass
class OpenLog:
    """A log, and the commits that were made for it so far: each follows the one before."""

    database: Database
    model: Model
    log: EventLog
    head: Head = EMPTY

    def commit(self, *events: tuple[str, int, object], command: UUID | None = None) -> Encoded:
        """The next commit, not yet inserted; an event is given with its stream and version."""
        record = CommandRecord(command or uuid4(), "DoSomething", bytes(range(32)), "tester")
        encoded = encode_commit(self.model, Draft(NOON, record, events, "talk", None), self.head)
        self.head = Head(encoded.commit.position, encoded.commit.chain, encoded.commit.at)
        return encoded

    async def add(self, *events: tuple[str, int, object], command: UUID | None = None) -> Encoded:
        encoded = self.commit(*events, command=command)
        appended = await self.log.append([encoded])
        assert appended.safe == 1
        return encoded

    async def documents(self) -> list[bytes]:
        return await documents(self.database)


@asynccontextmanager
async def open_log(
    uri: str, database: str, application: Application, listeners: Sequence[Any] = ()
) -> AsyncGenerator[OpenLog]:
    """An empty log in a database of its own; `listeners` hear of the commands that MongoDB gets."""
    settings = load_settings(database=database, mongodb_timeout=20.0)
    mongo, model = connect(uri, settings, listeners), read(application)
    assert type(mongo.client).__module__.startswith(settings.driver)
    try:
        await prepare(mongo.database)
        yield OpenLog(mongo.database, model, EventLog(mongo.database, model))
    finally:
        await mongo.close()


async def histories(log: EventLog, names: Iterable[str], up_to: int) -> dict[str, list[RecordedEvent]]:
    """The events of some streams as of a position."""
    found = await log.streams(dict.fromkeys(names, 0), up_to, 1_000)
    return {
        name: [each for commit in commits for each in commit.events if each.stream == name]
        for name, commits in found.items()
    }


def stored(commit: Encoded) -> bytes:
    """The bytes of a commit as they are sent."""
    return bytes(commit.document.raw)


async def documents(database: Database) -> list[bytes]:
    """The log as MongoDB stores it: each commit's bytes, in the order of positions."""
    raw: Any = database.get_collection(EVENTS, read_concern=MAJORITY).with_options(
        codec_options=OPTIONS.with_options(document_class=RawBSONDocument)  # pyright: ignore[reportArgumentType] # the stubs know of dict alone
    )
    return [bytes(each.raw) for each in await raw.find({}, sort=[("_id", 1)]).to_list(None)]
