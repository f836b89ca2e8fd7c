"""The connection to MongoDB, on either driver, with its concerns set on every collection."""

import asyncio
import inspect
from collections.abc import Awaitable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar, cast

from bson.codec_options import CodecOptions
from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError
from pymongo.monitoring import CommandListener
from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import ReadPreference
from pymongo.write_concern import WriteConcern

from gateway.errors import InvalidSettings, Unavailable
from gateway.settings import Settings

Document: TypeAlias = dict[str, Any]
Database: TypeAlias = AsyncDatabase[Document]
Collection: TypeAlias = AsyncCollection[Document]

MAJORITY = ReadConcern("majority")
SAFE = WriteConcern("majority", j=True)
OPTIONS: CodecOptions[Document] = CodecOptions(tz_aware=True, uuid_representation=4)

T = TypeVar("T")


@dataclass(frozen=True)
class Mongo:
    """One client of one process and the database that holds the log and its read models."""

    client: AsyncMongoClient[Document]
    database: Database

    async def close(self) -> None:
        await settle(self.client.close())


def connect(uri: str, settings: Settings, listeners: Sequence[CommandListener] = ()) -> Mongo:
    """A client of the chosen driver; nothing is sent yet. Every operation ends within `mongodb_timeout`.

    `listeners` hear of every command that is sent.
    """
    options = {
        "appname": "tidegate",
        "tz_aware": True,
        "uuidRepresentation": "standard",
        "retryWrites": True,
        "timeoutMS": round(settings.mongodb_timeout * 1000),
        "event_listeners": list(listeners),
    }
    client = _client_class(settings)(uri, **options)
    return Mongo(client, client.get_database(settings.database, OPTIONS))


def collection(database: Database, name: str) -> Collection:
    """A collection that is read and written by majority on the primary, whatever the defaults are."""
    return database.get_collection(name, OPTIONS, ReadPreference.PRIMARY, SAFE, MAJORITY)


async def settle(value: Awaitable[T] | T) -> T:
    """The value of a call that one driver awaits and the other does not: `aggregate`, `watch`, `close`."""
    return await value if inspect.isawaitable(value) else cast(T, value)


@contextmanager
def answering() -> Generator[None]:
    """Around reads: raises Unavailable where MongoDB does not answer, in time or at all.

    A task that is cancelled meanwhile ends here: the driver uses `asyncio.wait_for`, which swallows a cancellation
    on Python 3.11 when what it waits for is done in the same moment (github.com/python/cpython/issues/86296).
    """
    try:
        yield
    except PyMongoError as error:
        _end_if_cancelled()
        raise Unavailable(f"MongoDB did not answer ({type(error).__name__}).") from error
    _end_if_cancelled()


def _end_if_cancelled() -> None:
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _client_class(settings: Settings) -> Any:
    if settings.driver == "pymongo":
        return AsyncMongoClient
    try:
        from motor.motor_asyncio import AsyncIOMotorClient  # noqa: PLC0415 # an extra: it may not be there
    except ImportError:
        raise InvalidSettings("TIDEGATE_DRIVER=motor needs the extra: pip install 'tidegate[motor]'.") from None
    return AsyncIOMotorClient
