"""Which code the editions of read models were begun with, as hashes."""

from typing import Any

from pymongo import ReturnDocument

from gateway.mongo.client import Database, answering, collection
from gateway.mongo.collections import CODES


async def begun_with(database: Database, edition: str, code: str) -> str:
    """The code that an edition was begun with: this one, if none was noted. Raises Unavailable."""
    with answering():
        note: Any = await collection(database, CODES).find_one_and_update(
            {"_id": edition},
            {"$setOnInsert": {"code": code}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
    return note["code"]
