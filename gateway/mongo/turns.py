"""What writers of several processes say of their turns: one document, of which all hear when it is replaced."""

from dataclasses import asdict, dataclass
from uuid import UUID, uuid4

from gateway.mongo.client import Database, Document, answering, collection
from gateway.mongo.collections import TURNS


@dataclass(frozen=True, slots=True)
class Asked:
    """A writer waits for a turn, or does no longer.

    A round of its takes so many seconds; `position` is where its last turn began, 0 where there was none.
    """

    writer: UUID
    seconds: float
    waiting: bool
    position: int = 0


async def ask(database: Database, asked: Asked) -> None:
    """Raises Unavailable."""
    document = {"_id": "last", "number": uuid4(), **asdict(asked)}
    with answering():
        await collection(database, TURNS).replace_one({"_id": "last"}, document, upsert=True)


def asked_of(document: Document) -> Asked:
    # A gateway of an earlier release says only that it waits.
    waiting, position = document.get("waiting", True), document.get("position", 0)
    return Asked(document["writer"], document["seconds"], waiting, position)
