"""Asking the writers of other processes for a turn: one document, of which all hear when it is replaced."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from gateway.mongo.client import Database, Document, answering, collection
from gateway.mongo.collections import TURNS


@dataclass(frozen=True, slots=True)
class Asked:
    """A writer can't get its commits in, and needs so many seconds for a round."""

    writer: UUID
    seconds: float


async def ask(database: Database, asked: Asked) -> None:
    """Raises Unavailable."""
    document = {"_id": "last", "number": uuid4(), "writer": asked.writer, "seconds": asked.seconds}
    with answering():
        await collection(database, TURNS).replace_one({"_id": "last"}, document, upsert=True)


def asked_of(document: Document) -> Asked:
    return Asked(document["writer"], document["seconds"])
