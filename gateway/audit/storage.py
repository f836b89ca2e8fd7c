"""The audit trail in MongoDB: a collection of its own, whose entries expire.

An entry is acknowledged by the primary alone (w: 1): a command is proved by its commit, so the trail need not be
safer than it is fast. An election may cost its last moments.
"""

from collections.abc import Sequence
from typing import Any

from pymongo.errors import OperationFailure

from gateway.audit.entries import AUDIT_TRAIL
from gateway.mongo.client import OPTIONS, Database, Document, answering, collection, settle
from gateway.mongo.paths import index_keys, index_name

EXPIRY = "expiry"
_DAY = 86_400
_OTHER_OPTIONS = 85
_IS_THERE = 11_000


class Entries:
    """The collection of the entries."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def prepare(self, days: int) -> None:
        """Make the indexes that are missing; with 0 days, entries that are there keep their time.

        Raises Unavailable.
        """
        entries = collection(self._database, AUDIT_TRAIL.name)
        with answering():
            for path in AUDIT_TRAIL.paths:
                keys = index_keys(path, AUDIT_TRAIL.key_field, journal=False)
                await entries.create_index(keys, name=index_name(path, AUDIT_TRAIL.key_field, journal=False))
            if days:
                await self._expire_after(days * _DAY)

    async def _expire_after(self, seconds: int) -> None:
        entries = collection(self._database, AUDIT_TRAIL.name)
        try:
            await entries.create_index([("at", 1)], name=EXPIRY, expireAfterSeconds=seconds)
        except OperationFailure as error:
            if error.code != _OTHER_OPTIONS:
                raise
            index = {"name": EXPIRY, "expireAfterSeconds": seconds}
            await settle(self._database.command({"collMod": entries.name, "index": index}))

    async def insert(self, documents: Sequence[Document]) -> int:
        """Insert entries, of which some may be there from an attempt before; how many MongoDB does not take.

        Raises Unavailable. It is one plain command: the driver's own insert costs ten times as much of the event
        loop's time, for a check and a copy of every document.
        """
        command: Document = {
            "insert": AUDIT_TRAIL.name,
            "documents": documents,
            "ordered": False,
            "writeConcern": {"w": 1},
        }
        with answering():
            reply: Any = await settle(self._database.command(command, codec_options=OPTIONS))
        return sum(each["code"] != _IS_THERE for each in reply.get("writeErrors", ()))
