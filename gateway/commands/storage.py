"""The snapshots' documents in MongoDB: one for each stream and code, under `<stream> <code>`."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from pymongo import DeleteMany, ReplaceOne
from pymongo.errors import BulkWriteError
from pymongo.write_concern import WriteConcern

from gateway.errors import Unavailable
from gateway.mongo.client import Database, Document, answering, collection

SNAPSHOTS = "snapshots"

OTHER_CODE = timedelta(days=7)
"""For so long the snapshots of other code are kept: it may run beside this one, or come back."""


class SnapshotStore:
    """The collection of the snapshots. A write is acknowledged by the primary alone: what is lost costs time."""

    def __init__(self, database: Database) -> None:
        self._snapshots = collection(database, SNAPSHOTS).with_options(write_concern=WriteConcern(1))

    async def find(self, ids: Iterable[str]) -> list[Document]:
        """Those of these documents that are there. Raises Unavailable."""
        with answering():
            return await self._snapshots.find({"_id": {"$in": list(ids)}}).to_list(None)

    async def write(self, documents: Mapping[str, Document]) -> None:
        """Put documents in the place of older ones, and drop what other code has left. Raises Unavailable."""
        operations = [each for stream, document in documents.items() for each in _operations(stream, document)]
        try:
            with answering():
                await self._snapshots.bulk_write(operations, ordered=False)
        except Unavailable as error:
            if not isinstance(error.__cause__, BulkWriteError):  # another process was first: as good
                raise


def _operations(stream: str, document: Document) -> list[Any]:
    """A stream's name has no space in it, and every character allowed there comes behind the `!`."""
    others = {"$gt": f"{stream} ", "$lt": f"{stream}!", "$ne": document["_id"]}
    return [
        ReplaceOne({"_id": document["_id"]}, document, upsert=True),
        DeleteMany({"_id": others, "at": {"$lt": document["at"] - OTHER_CODE}}),
    ]
