"""The log's identity for those who only read it, and for an import, which brings its own."""

import secrets
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pymongo.errors import DuplicateKeyError

from gateway.errors import Unsuitable
from gateway.mongo.client import Database, answering, collection
from gateway.mongo.collections import IDENTITY, IMPORTING, Identity, make
from gateway.mongo.formats import Format, check_readable, check_writable, format_of


@dataclass(frozen=True, slots=True)
class Known:
    """A log's identity as it is found, or as it is to be; `importing` says that not all of it is there yet."""

    identity: Identity
    format: Format
    importing: bool = False


async def find(database: Database) -> Known | None:
    """The identity of the log that is there; nothing is made. Raises Unsuitable for a format that can't be read."""
    with answering():
        found = await collection(database, IDENTITY).find_one({"_id": "log"})
    if found is None:
        return None
    check_readable(found)
    return Known(Identity(found["log"], bytes(found["secret"])), format_of(found), IMPORTING in found)


async def known(database: Database) -> Known:
    """The identity of the log that is there. Raises Unsuitable where there is none."""
    found = await find(database)
    if found is None:
        raise Unsuitable(f"There is no log in the database {database.name}.")
    return found


async def adopt(database: Database, log: UUID, secret: bytes | None, format_: Format) -> None:
    """Make this the log, its collections too, or begin to add to it; no gateway starts on it until `release`.

    Its secret stays where it has one; without one, one is drawn.
    """
    fields = {"format": format_.number, "readable_by": format_.readable_by, "writable_by": format_.writable_by}
    check_writable(fields)
    drawn: dict[str, Any] = {"secret": secret or secrets.token_bytes(32), **fields}
    with answering():
        await make(database)
        try:
            await collection(database, IDENTITY).update_one(
                {"_id": "log", "log": log}, {"$setOnInsert": drawn, "$set": {IMPORTING: True}}, upsert=True
            )
        except DuplicateKeyError:
            raise Unsuitable(f"The database {database.name} holds another log, made in this moment.") from None


async def release(database: Database) -> None:
    """The import is done: gateways may start."""
    with answering():
        await collection(database, IDENTITY).update_one({"_id": "log"}, {"$unset": {IMPORTING: True}})
