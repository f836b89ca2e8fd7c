"""Which watchers run: each has one document that it renews, and reads everybody's."""

from dataclasses import dataclass
from uuid import UUID

from gateway.mongo.client import Database, collection
from gateway.mongo.collections import WATCHERS


@dataclass(frozen=True, slots=True)
class Sign:
    """A watcher's sign of life: `beat` is another one each time, `folds` are the checkpoints that it can move."""

    watcher: UUID
    beat: int
    folds: frozenset[str]


class Signs:
    """The signs of life of all watchers of a database. Everything raises PyMongoError."""

    def __init__(self, database: Database) -> None:
        self._watchers = collection(database, WATCHERS)

    async def give(self, sign: Sign) -> None:
        """Show a watcher's newest sign."""
        changed = {"beat": sign.beat, "folds": sorted(sign.folds)}
        await self._watchers.update_one({"_id": sign.watcher}, {"$set": changed}, upsert=True)

    async def all(self) -> list[Sign]:
        found = await self._watchers.find({}).to_list(None)
        return [Sign(each["_id"], each["beat"], frozenset(each["folds"])) for each in found]

    async def withdraw(self, watcher: UUID) -> None:
        """A watcher takes its own sign away."""
        await self._watchers.delete_one({"_id": watcher})

    async def remove(self, sign: Sign) -> None:
        """Take another watcher's sign away, unless that one has given another one since."""
        await self._watchers.delete_one({"_id": sign.watcher, "beat": sign.beat})
