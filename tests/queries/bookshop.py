"""A library: a small application whose views are written by hand, with ties and nulls in every order."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, NewType
from uuid import uuid4

from bson import Int64
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import AsyncMongoClient

from gateway.application import Application, Index, Journal, Stream, View
from gateway.application.model import Model, ReadModel
from gateway.application.reading import read
from gateway.mongo.changes import Changes
from gateway.mongo.checkpoints import Checkpoint, document_of
from gateway.mongo.client import OPTIONS, Database, Document, collection, settle
from gateway.mongo.codec import encoder
from gateway.mongo.collections import CHECKPOINTS, views
from gateway.mongo.paths import index_keys, index_name
from gateway.queries.freshness import Freshness
from gateway.queries.positions import Positions
from gateway.queries.queries import Queries
from gateway.settings import Settings, load_settings
from gateway.signing import Signer
from tests.support.commands import Commands

BookId = NewType("BookId", str)
AuthorId = NewType("AuthorId", str)

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
LOG = uuid4()


class Kind(StrEnum):
    NOVEL = "novel"
    POEMS = "poems"


@dataclass(frozen=True, slots=True)
class Price:
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class BookAdded:
    book: BookId
    title: str


@dataclass(frozen=True, slots=True)
class Book:
    book: BookId
    author: AuthorId | None
    kind: Kind
    title: str
    year: int | None
    price: Price
    added: datetime


@dataclass(frozen=True, slots=True)
class Loan:
    book: BookId
    at: datetime
    reader: str | None


def evolve(state: None, event: BookAdded) -> None: ...


def project(book: Book | None, event: BookAdded) -> Book | None: ...


def lend(last: Loan | None, event: BookAdded) -> Loan | None: ...


MODEL: Model = read(
    Application(
        streams=[Stream(BookId, None, evolve)],
        commands=[],
        views=[
            View(
                project,
                one="book",
                many="books",
                indexes=[
                    Index(order="year"),
                    Index(order="title"),
                    Index(order="added"),
                    Index("author", order="year"),
                    Index("author", "kind", order="title"),
                    Index("kind", order="price"),
                    Index("kind"),
                ],
            ),
            Journal(lend, many="loans", indexes=[Index("book", order="at"), Index("book", "reader", order="at")]),
        ],
    )
)
BOOKS, LOANS = MODEL.read_models


def books(count: int) -> list[Book]:
    """Books of three authors and of none; every order has ties, two have nulls."""
    return [
        Book(
            book=BookId(f"b{number * 7 % count:03}"),
            author=AuthorId(f"a{number % 4}") if number % 4 else None,
            kind=Kind.POEMS if number % 3 else Kind.NOVEL,
            title=f"{'été' if number % 5 else 'Über'} {number // 6}",
            year=1900 + number // 5 if number % 6 else None,
            price=Price(Decimal(number // 4) / 10, "EUR"),
            added=NOON + timedelta(milliseconds=number // 3),
        )
        for number in range(count)
    ]


def loans(count: int) -> dict[int, Loan]:
    """Loans of three books by number; some of nobody."""
    return {
        1000 * number + number % 2: Loan(
            BookId(f"b{number % 3:03}"), NOON + timedelta(minutes=number // 4), "r" if number % 5 else None
        )
        for number in range(1, count + 1)
    }


@dataclass
class Library:
    """An open library: what a test asks, and what it looks at behind the scenes."""

    database: Database
    changes: Changes
    positions: Positions
    queries: Queries
    commands: Commands
    settings: Settings
    signer: Signer
    written: int = field(default=0)

    async def write(self, read_model: ReadModel, documents: Sequence[Document]) -> None:
        """Replace a read model's views, with the indexes of its access paths."""
        into = views(self.database, read_model.name, read_model.version)
        await into.drop()
        for path in read_model.paths:
            keys = index_keys(path, read_model.key_field, read_model.journal)
            await into.create_index(keys, name=index_name(path, read_model.key_field, read_model.journal))
        if documents:
            await into.insert_many(list(documents))

    async def add_books(self, added: Sequence[Book]) -> None:
        await self.write(BOOKS, [encoder(Book, "book")(each) for each in added])

    async def add_loans(self, added: dict[int, Loan]) -> None:
        await self.write(LOANS, [{"_id": Int64(key), **encoder(Loan)(each)} for key, each in added.items()])

    async def move(self, position: int, **changed: Any) -> None:
        """Move the checkpoint of the books, as a watcher does."""
        given: dict[str, Any] = {"version": BOOKS.version, "at_head": datetime.now(UTC)} | changed
        checkpoint = Checkpoint(read_model=BOOKS.name, log=LOG, position=position, chain=bytes(32), **given)
        document = document_of(checkpoint, [])
        await collection(self.database, CHECKPOINTS).replace_one({"_id": document["_id"]}, document, upsert=True)

    async def examined(self, name: str) -> list[Document]:
        """What the profiler saw of the reads of a read model's views."""
        cursor = self.database["system.profile"].find(
            {"ns": {"$in": [f"{self.database.name}.views.{name}.1", f"{self.database.name}.$cmd.aggregate"]}}
        )
        return [each for each in await cursor.to_list(None) if each["op"] in ("query", "command")]


def fresh(after: int = 0, timeout: float = 5.0) -> Freshness:
    return Freshness(after, timeout)


@asynccontextmanager
async def opened(uri: str, database: str, driver: str) -> AsyncGenerator[Library]:
    """The library in a database, on one of the drivers."""
    commands = Commands()
    class_: Any = AsyncMongoClient if driver == "pymongo" else AsyncIOMotorClient
    client = class_(uri, event_listeners=[commands], tz_aware=True, uuidRepresentation="standard")
    settings, signer = load_settings(), Signer(b"secret", LOG)
    try:
        of = client.get_database(database, OPTIONS)
        async with Changes(of) as changes, Positions(of, changes, MODEL) as positions:
            queries = Queries(of, MODEL, signer, settings, positions)
            yield Library(of, changes, positions, queries, commands, settings, signer)
    finally:
        await settle(client.close())
