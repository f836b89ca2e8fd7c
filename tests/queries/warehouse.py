"""A warehouse of 100,000 items, written by hand: every order has ties, most have nulls; and its API."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, NewType, cast

from bson import Int64
from pymongo import AsyncMongoClient, MongoClient

from gateway.api.execution import Api
from gateway.api.requests import Answer, Request
from gateway.api.schema import build_schema
from gateway.application import Application, Index, Journal, Stream, View
from gateway.application.model import Model, ReadModel
from gateway.application.reading import read
from gateway.mongo.changes import Changes
from gateway.mongo.client import OPTIONS, Database, Document
from gateway.mongo.codec import encoder
from gateway.mongo.paths import index_keys, index_name
from gateway.queries.positions import Positions
from gateway.queries.queries import Queries
from gateway.runtime import Services
from gateway.settings import load_settings
from gateway.signing import Signer
from tests.queries.bookshop import LOG
from tests.support.commands import Commands

COUNT = 100_000
SHELVES = 1_000
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)

ItemId = NewType("ItemId", str)
ShelfId = NewType("ShelfId", str)


class Kind(Enum):
    BOX = "box"
    SACK = "sack"
    CRATE = "crate"


@dataclass(frozen=True, slots=True)
class ShelfBuilt:
    shelf: ShelfId


@dataclass(frozen=True, slots=True)
class ItemStored:
    item: ItemId


@dataclass(frozen=True, slots=True)
class StoreItem:
    item: ItemId


@dataclass(frozen=True, slots=True)
class Shelf:
    shelf: ShelfId
    hall: str


@dataclass(frozen=True, slots=True)
class Item:
    item: ItemId
    shelf: ShelfId | None
    kind: Kind
    rank: int | None
    label: str | None
    weight: int


@dataclass(frozen=True, slots=True)
class Move:
    item: ItemId
    at: datetime
    by: str | None


def built(state: None, event: ShelfBuilt) -> None: ...


def stored(state: None, event: ItemStored) -> None: ...


def store_item(command: StoreItem, item: None) -> ItemStored:
    return ItemStored(command.item)


def build(shelf: Shelf | None, event: ShelfBuilt) -> Shelf | None: ...


def store(item: Item | None, event: ItemStored) -> Item | None: ...


def move(last: Move | None, event: ItemStored) -> Move | None: ...


MODEL: Model = read(
    Application(
        streams=[Stream(ShelfId, None, built), Stream(ItemId, None, stored)],
        commands=[store_item],
        views=[
            View(build, one="shelf", many="shelves", indexes=[Index(order="hall")]),
            View(
                store,
                one="item",
                many="items",
                indexes=[
                    Index(order="rank"),
                    Index(order="label"),
                    Index("shelf", order="rank"),
                    Index("shelf", "kind", order="label"),
                    Index("kind", "shelf", order="weight"),
                    Index("kind", order="weight"),
                ],
            ),
            Journal(move, many="moves", indexes=[Index("item", order="at"), Index("item", "by", order="at")]),
        ],
    )
)
SHELF, ITEMS, MOVES = MODEL.read_models


def item(number: int) -> Item:
    """The item of a number; two of three have a rank, nine of ten a label, some lie on no shelf."""
    return Item(
        item=ItemId(f"i{number * 7919 % COUNT:05}"),
        shelf=ShelfId(f"s{number % 1_009}") if number % 1_009 < SHELVES else None,
        kind=[*Kind][number // 11 % 3],
        rank=number // 3 % 17 if number % 3 else None,
        label=f"{'Über' if number % 2 else 'bottom'} {number % 5_003 // 4}" if number % 10 else None,
        weight=number % 211,
    )


def write(client: MongoClient[Document], name: str) -> None:
    """Everything, into a database that has nothing of it; the indexes last, which takes half the time."""
    moves = [_move(number) for number in range(3_000)]
    _insert(client, name, SHELF, [encoder(Shelf, "shelf")(_shelf(number)) for number in range(SHELVES)])
    _insert(client, name, ITEMS, [encoder(Item, "item")(item(number)) for number in range(COUNT)])
    _insert(client, name, MOVES, [{"_id": Int64(at), **encoder(Move)(each)} for at, each in enumerate(moves, 1)])


def _shelf(number: int) -> Shelf:
    return Shelf(ShelfId(f"s{number}"), f"hall {number % 7}")


def _move(number: int) -> Move:
    return Move(item(number % 900).item, NEW_YEAR + timedelta(minutes=number // 3), "ada" if number % 3 else None)


def _insert(client: MongoClient[Document], name: str, read_model: ReadModel, documents: list[Document]) -> None:
    into = client.get_database(name, OPTIONS)[f"views.{read_model.name}.{read_model.version}"]
    into.insert_many(documents, ordered=False)
    for path in read_model.paths:
        keys = index_keys(path, read_model.key_field, read_model.journal)
        into.create_index(keys, name=index_name(path, read_model.key_field, read_model.journal))


@dataclass
class Warehouse:
    """The warehouse, open: what it is asked, and what it sends to MongoDB for that."""

    database: Database
    queries: Queries
    commands: Commands
    api: Api

    async def ask(self, text: str, variables: Mapping[str, Any] | None = None) -> Answer:
        return await self.api.execute(Request(text, variables or {}))


@asynccontextmanager
async def opened(uri: str, database: str, **given: Any) -> AsyncGenerator[Warehouse]:
    """The warehouse in a database; settings are `given`."""
    commands, settings, signer = Commands(), load_settings(**given), Signer(b"secret", LOG)
    async with AsyncMongoClient[Document](uri, event_listeners=[commands], tz_aware=True) as client:
        of = client.get_database(database, OPTIONS)
        async with Changes(of) as changes, Positions(of, changes, MODEL) as positions:
            queries = Queries(of, MODEL, signer, settings, positions)
            nothing = cast("Any", None)  # no test here writes or subscribes
            services = Services(MODEL, settings, signer, nothing, queries, positions, nothing)
            yield Warehouse(of, queries, commands, Api(build_schema(MODEL), services))
