"""Who rebuilds which read model: one document each, so that two machines never rebuild the same one."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from pymongo.errors import DuplicateKeyError

from gateway.errors import RebuildRefused
from gateway.mongo.client import Database, collection
from gateway.mongo.collections import REBUILDS

PATIENCE = 3.0
"""Seconds in which a rebuild that lives has shown it again: that is due once a second."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to rebuild a read model; `left` is the edition that a rebuild which was killed had begun."""

    read_model: str
    left: str | None


class Rebuilds:
    """The claims of one rebuild. Everything raises PyMongoError."""

    def __init__(self, database: Database) -> None:
        self._rebuilds = collection(database, REBUILDS)
        self._holder: UUID = uuid4()
        self._beat = 0

    async def claim(self, read_model: str) -> Claim:
        """Raises RebuildRefused while somebody else rebuilds it; one who gives no sign any more is replaced."""
        with suppress(DuplicateKeyError):
            await self._rebuilds.insert_one(self._document(read_model, None))
            return Claim(read_model, None)
        before = await self._rebuilds.find_one({"_id": read_model})
        if before is not None:
            await asyncio.sleep(PATIENCE)
            unmoved = {"_id": read_model, "holder": before["holder"], "beat": before["beat"]}
            taken = await self._rebuilds.replace_one(unmoved, self._document(read_model, before["edition"]))
            if taken.matched_count:
                return Claim(read_model, before["edition"])
        raise RebuildRefused(f"The read model {read_model} is being rebuilt by somebody else; nothing was changed.")

    async def name(self, read_model: str, edition: str) -> None:
        """Note the edition that is built, for whoever goes on. Raises RebuildRefused where the claim is lost."""
        await self._renew(read_model, {"edition": edition})

    async def renew(self, read_model: str) -> None:
        """Show that this rebuild lives, and prove that the claim is still its own. Raises RebuildRefused."""
        self._beat += 1
        await self._renew(read_model, {"beat": self._beat})

    async def release(self, read_model: str) -> None:
        await self._rebuilds.delete_one({"_id": read_model, "holder": self._holder})

    async def _renew(self, read_model: str, changed: Mapping[str, Any]) -> None:
        own = {"_id": read_model, "holder": self._holder}
        result = await self._rebuilds.update_one(own, {"$set": {**changed}})
        if not result.matched_count:
            raise RebuildRefused(f"Somebody else took over the rebuild of {read_model}, which had stood still.")

    def _document(self, read_model: str, edition: str | None) -> dict[str, Any]:
        return {"_id": read_model, "holder": self._holder, "beat": self._beat, "edition": edition}
