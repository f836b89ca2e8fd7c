"""A log opened by hand, and commits for it made without a writer."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from bson.raw_bson import RawBSONDocument
from pymongo import AsyncMongoClient

from gateway.application import Application
from gateway.application.model import Model
from gateway.application.reading import read
from gateway.eventlog.encoding import Draft, Encoded, encode_commit
from gateway.eventlog.storage import EMPTY, EventLog
from gateway.messages import CommandRecord, Head
from gateway.mongo.client import MAJORITY, OPTIONS, Database
from gateway.mongo.collections import EVENTS, prepare

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
    async with AsyncMongoClient[dict[str, Any]](uri, event_listeners=listeners, timeoutMS=20_000) as client:
        model = read(application)
        place = client.get_database(database, OPTIONS)
        await prepare(place)
        yield OpenLog(place, model, EventLog(place, model))


def stored(commit: Encoded) -> bytes:
    """The bytes of a commit as they are sent."""
    return bytes(commit.document.raw)


async def documents(database: Database) -> list[bytes]:
    """The log as MongoDB stores it: each commit's bytes, in the order of positions."""
    raw: Any = database.get_collection(EVENTS, read_concern=MAJORITY).with_options(
        codec_options=OPTIONS.with_options(document_class=RawBSONDocument)  # pyright: ignore[reportArgumentType] # the stubs know of dict alone
    )
    return [bytes(each.raw) for each in await raw.find({}, sort=[("_id", 1)]).to_list(None)]
