"""The collections of the log, with validator and indexes, and the log's identity."""

import secrets
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from pymongo.errors import DuplicateKeyError, OperationFailure

from gateway.errors import Unsuitable
from gateway.mongo.checkpoints import checkpoint_id
from gateway.mongo.client import Collection, Database, Document, answering, collection, settle
from gateway.mongo.formats import check_writable, first

EVENTS = "events"
CHECKPOINTS = "checkpoints"
IDENTITY = "identity"
PARKED, KEPT, SKIPPED, ATTEMPTS = "parked", "parked_events", "skipped_events", "attempts"
"""Parked keys, references to their events, the events that somebody skipped, and folds that ended their process."""
WATCHERS = "watchers"
LIVE = "live"
REBUILDS = "rebuilds"
CODES = "codes"
TURNS = "turns"

IMPORTING = "importing"
"""The field of the identity that says that an import has begun and not ended."""

STREAM_VERSIONS = "stream_versions"
COMMAND_IDS = "command_ids"


@dataclass(frozen=True, slots=True)
class Identity:
    """Which log this is, and the key that signs its tokens when the settings give none."""

    log: UUID
    secret: bytes


def views(database: Database, name: str, version: int, generation: int = 1) -> Collection:
    """The collection of a read model's views in one edition of it."""
    return edition(database, checkpoint_id(name, version, generation))


def edition(database: Database, id_: str) -> Collection:
    """The collection of the views whose checkpoint has this id."""
    return collection(database, f"views.{id_}")


async def prepare(database: Database) -> Identity:
    """Make what is missing, check what is there; safe to be run by several processes at once.

    Raises Unsuitable where an index or the validator that the log's order rests on is not as it must be, and for a
    log of a format to which this release may not write, or of which an import has not brought everything, and
    Unavailable when MongoDB does not answer.
    """
    with answering():
        await make(database)
        return await _identity(database)


async def make(database: Database) -> None:
    """Make what is missing of the collections, and check what is there; the log's identity is left alone."""
    await create(database, EVENTS, _VALIDATOR)
    for name in (CHECKPOINTS, IDENTITY, PARKED, KEPT, SKIPPED, ATTEMPTS):
        await create(database, name)
    await collection(database, PARKED).create_index([("of", 1), ("place", 1)])
    await collection(database, KEPT).create_index([("of", 1), ("key", 1), ("place", 1)], unique=True)
    await _index(database, STREAM_VERSIONS, "events.stream", "events.version")
    await _index(database, COMMAND_IDS, "command.id")
    await _check(database)


async def create(database: Database, name: str, validator: Document | None = None) -> None:
    """Make a collection; one that is there, or that another process makes in this moment, stays as it is."""
    options: dict[str, Any] = {} if validator is None else {"validator": validator}
    try:
        await database.create_collection(name, check_exists=False, **options)
    except OperationFailure as error:
        if error.code != _NAMESPACE_EXISTS:
            raise


async def _index(database: Database, name: str, *fields: str) -> None:
    keys = [(field, 1) for field in fields]
    try:
        await collection(database, EVENTS).create_index(keys, unique=True, name=name)
    except OperationFailure as error:
        if error.code not in _OTHER_INDEX:
            raise
        raise Unsuitable(
            f"The index {name} of the log is not the unique one that it must be: rebuild it."
        ) from error


async def _check(database: Database) -> None:
    cursor: Any = await settle(collection(database, EVENTS).list_indexes())
    if any(["expireAfterSeconds" in each async for each in cursor]):
        raise Unsuitable("The log has a TTL index, which deletes commits: drop it before anything is lost.")
    described: Any = await settle(database.list_collections(filter={"name": EVENTS}))
    (options,) = [each["options"] async for each in described]
    if options.get("validator") != _VALIDATOR or options.get("validationAction", "error") != "error":
        raise Unsuitable("The log's validator is not the one that it was made with: somebody changed it by hand.")


async def _identity(database: Database) -> Identity:
    identities = collection(database, IDENTITY)
    drawn = {"_id": "log", "log": uuid4(), "secret": secrets.token_bytes(32), **first()}
    with suppress(DuplicateKeyError):  # it has one already, from before or from a process that starts now
        await identities.insert_one(drawn)
    found: Document | None = await identities.find_one({"_id": "log"})
    if found is None:
        raise Unsuitable("The log's identity is gone while it was asked for: somebody drops its collections.")
    if IMPORTING in found:
        raise Unsuitable("An import into this log has not ended: give the same file to `tidegate import` again.")
    check_writable(found)
    return Identity(found["log"], bytes(found["secret"]))


def _object(**properties: Any) -> dict[str, Any]:
    return {"bsonType": "object", "required": list(properties), "properties": properties}


_TEXT, _BYTES = {"bsonType": "string"}, {"bsonType": "binData"}
_EVENT = _object(
    stream=_TEXT,
    version={"bsonType": ["int", "long"], "minimum": 1},
    type=_TEXT,
    schema={"bsonType": ["int", "long"], "minimum": 1},
    data={"bsonType": "object"},
)
_COMMIT = _object(
    _id={"bsonType": "long", "minimum": 1},
    at={"bsonType": "date"},
    events={"bsonType": "array", "minItems": 1, "maxItems": 1000, "items": _EVENT},
    command=_object(id=_BYTES, name=_TEXT, fingerprint=_BYTES, actor=_TEXT),
    correlation={"bsonType": ["string", "null"]},
    causation={"bsonType": ["string", "null"]},
    previous=_BYTES,
    chain=_BYTES,
)

_VALIDATOR = {"$jsonSchema": _COMMIT}

_NAMESPACE_EXISTS = 48
_OTHER_INDEX = (85, 86)
"""IndexOptionsConflict and IndexKeySpecsConflict: there is another index of this name or of these keys."""
