"""The log, read ahead by one batch: for whoever folds much of it at once."""

import asyncio
from contextlib import suppress

from gateway.application.model import Model
from gateway.errors import LogBroken
from gateway.eventlog.storage import EventLog
from gateway.messages import Commit
from gateway.mongo.client import Database
from gateway.mongo.tasks import end


class ReadAhead(EventLog):
    """The log up to a position, read ahead by one batch, with a count of the events that were read."""

    def __init__(self, database: Database, model: Model) -> None:
        super().__init__(database, model)
        self.until: int | None = None
        self.events = 0
        self._ahead: tuple[int, asyncio.Task[list[Commit]]] | None = None

    async def read(self, after: int, limit: int, size: int = 16_000_000) -> list[Commit]:
        found = (await self._taken(after) or await super().read(after, limit, size))[: self._room(after, limit)]
        if len(found) == limit and self._room(after, 2 * limit) > limit:
            last = found[-1].position
            self._ahead = last, asyncio.create_task(super().read(last, limit, size))
        self.events += sum(len(each.events) for each in found)
        return found

    def _room(self, after: int, limit: int) -> int:
        return limit if self.until is None else max(0, min(limit, self.until - after))

    async def _taken(self, after: int) -> list[Commit]:
        """What was read ahead from this place; nothing where that is another one, or was in vain."""
        ahead, self._ahead = self._ahead, None
        if ahead is None:
            return []
        with suppress(LogBroken):  # it is met again, and then it is told
            found = await ahead[1]
            return found if ahead[0] == after else []
        return []

    async def close(self) -> None:
        if self._ahead:
            await end(self._ahead[1])
