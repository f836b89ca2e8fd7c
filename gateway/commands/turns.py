"""Turns: the writers of several processes race for the next position of the log, and the quickest would win always.

Who has lost a race asks for a turn, and who won it leaves one: it waits until somebody else has committed. Nothing
rests on it: whoever does not hear of it goes on as before, and order and answers are the log's own affair.
"""

import asyncio
import time
from contextlib import suppress
from uuid import uuid4

from gateway.errors import Unavailable
from gateway.mongo.changes import CommitAdded, Heard, TurnAsked
from gateway.mongo.client import Database
from gateway.mongo.tasks import end
from gateway.mongo.turns import Asked, ask

_ROUNDS = 1.5
"""For so many of its own rounds the others wait for a writer that has asked."""

_LONGEST = 0.25
"""Seconds that they wait at most."""


class Turns:
    """One writer's turns; `hear` is told what happens to the log."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._own = uuid4()
        self._lost = False
        self._until = 0.0
        self._position = 0
        self._news = asyncio.Event()
        self._asking: asyncio.Task[None] | None = None

    def hear(self, heard: Heard) -> None:
        match heard:
            case TurnAsked(asked) if asked.writer != self._own:
                self._until = time.monotonic() + min(_ROUNDS * asked.seconds, _LONGEST)
            case CommitAdded(position):
                self._position = position
                self._news.set()
            case _:
                pass

    def won(self) -> None:
        """A race for the next position was won."""
        self._lost = False

    def lost(self, seconds: float) -> None:
        """A race was lost, by a round that took so many seconds."""
        self._lost = True
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask(seconds), name="turn")

    async def leave(self, position: int) -> bool:
        """Let another writer go first that has asked since this one won; whether one had.

        Returns when there is a commit behind this position, or when the time is up.
        """
        if self._lost or time.monotonic() >= self._until:
            return False
        with suppress(TimeoutError):
            async with asyncio.timeout(self._until - time.monotonic()):
                while self._position <= position:
                    self._news.clear()
                    await self._news.wait()
        self._until = 0.0
        return True

    async def end(self) -> None:
        if self._asking:
            await end(self._asking)

    async def _ask(self, seconds: float) -> None:
        with suppress(Unavailable):
            await ask(self._database, Asked(self._own, seconds))
