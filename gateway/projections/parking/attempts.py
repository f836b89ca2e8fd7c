"""What is noted of starts, and of what is tried after one that came to nothing: one document a read model."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from gateway.mongo.checkpoints import Checkpoint
from gateway.mongo.client import Database, Document, collection
from gateway.mongo.collections import ATTEMPTS

TRIES = 2
"""So many careful attempts may end their process; the start before them was not careful."""

PATIENCE = timedelta(seconds=5)
"""For so long another process's attempt is left alone: it may be at work."""

KINDS = ("folding", "telling")


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is about to be tried: an event for a stored key, or to tell the key of an event where `key` is None."""

    place: int
    key: Any

    @property
    def kind(self) -> str:
        return KINDS[self.key is None]

    def document(self, tries: int, by: UUID) -> Document:
        return {"place": self.place, "key": self.key, "tries": tries, "by": by, "at": datetime.now(UTC)}


class Attempts:
    """The notes of starts and attempts, one document a read model."""

    def __init__(self, database: Database) -> None:
        self._attempts = collection(database, ATTEMPTS)
        self._me = uuid4()

    async def begin(self, checkpoints: Iterable[Checkpoint]) -> set[str]:
        """Note where read models begin; the ids of those that began just there before, or died at an attempt."""
        again: set[str] = set()
        for each in checkpoints:
            start = {"place": _start(each), "by": self._me}
            before = await self._attempts.find_one_and_update(
                {"_id": each.id}, {"$set": {"start": start}}, upsert=True
            )
            if before and (self._began_here(before.get("start", {}), start) or {*KINDS} & before.keys()):
                again.add(each.id)
        return again

    def _began_here(self, before: Document, start: Document) -> bool:
        """Whether another process did, and said nothing since."""
        return before.get("place") == start["place"] and before.get("by") != self._me

    async def end(self, of: Iterable[str]) -> None:
        """Take the notes of these back: this process builds them no more, by itself."""
        ids = list(of)
        for kind in ("start", *KINDS):
            await self._attempts.update_many(
                {"_id": {"$in": ids}, f"{kind}.by": self._me}, {"$unset": {kind: True}}
            )

    async def note(self, of: str, attempt: Attempt) -> int | None:
        """Note what is about to be tried; how many processes it has ended. None while another one may be at it."""
        found = await self._attempts.find_one({"_id": of}) or {}
        tries = self._tries(found.get(attempt.kind), attempt)
        if tries is not None and tries < TRIES:
            document = attempt.document(tries + 1, self._me)
            await self._attempts.update_one({"_id": of}, {"$set": {attempt.kind: document}}, upsert=True)
        return tries

    async def forget(self, of: str) -> None:
        """What this process noted did not end it."""
        for kind in KINDS:
            await self._attempts.update_one({"_id": of, f"{kind}.by": self._me}, {"$unset": {kind: True}})

    def _tries(self, before: Mapping[str, Any] | None, attempt: Attempt) -> int | None:
        if before is None or (before["place"], before["key"]) != (attempt.place, attempt.key):
            return 0
        if before["by"] == self._me:
            return before["tries"] - 1
        return None if datetime.now(UTC) - before["at"] < PATIENCE else before["tries"]


def _start(checkpoint: Checkpoint) -> list[Any]:
    progress = checkpoint.progress
    return [checkpoint.position, progress.event if progress else None, progress.after if progress else None]
