"""Turns: the writers of several processes race for the next position of the log, and the quickest would win always.

Who has lost a race says that it waits for a turn. All writers hear all that is said, in the same order, and so know
the same queue: who has had its turn goes to its end, and whoever has nothing to commit when it is first leaves it.
Nothing rests on it: whoever does not hear of it goes on as before, and order and answers are the log's own affair.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from uuid import UUID, uuid4

from gateway.errors import Unavailable
from gateway.mongo.changes import CommitAdded, Heard, TurnAsked
from gateway.mongo.client import Database
from gateway.mongo.tasks import end
from gateway.mongo.turns import Asked, ask

_ROUNDS = 3
"""For so many of its own rounds the others wait for the one whose turn it is."""

_LONGEST = 0.25
"""Seconds that they wait for it at most."""


class Turns:
    """One writer's turns; `hear` is told what happens to the log, `busy` whether there is anything to commit."""

    def __init__(self, database: Database, busy: Callable[[], bool]) -> None:
        self._database = database
        self._busy = busy
        self._own = uuid4()
        self._seconds = _LONGEST / _ROUNDS
        self._goes_at = 0
        self._queue: dict[UUID, float] = {}
        "Who waits for a turn, and how many seconds its rounds take."
        self._position = 0
        "The last commit that was heard of."
        self._promised: Asked | None = None
        "By whom a commit was said to come that was not heard of yet."
        self._news = asyncio.Event()
        self._waits = False
        "Whether this one has said that it waits."
        self._unsaid = False
        self._saying: asyncio.Task[None] | None = None

    def hear(self, heard: Heard) -> None:
        match heard:
            case TurnAsked(asked):
                self._queue.pop(asked.writer, None)
                if asked.waiting:
                    self._queue[asked.writer] = asked.seconds
                if asked.writer != self._own and asked.position > self._position:
                    self._promised = asked
                if self._first() == self._own and not self._busy():
                    self._say(waiting=False)
            case CommitAdded(position):
                self._position = position
            case _:
                return
        self._news.set()

    async def wait(self, position: int) -> bool:
        """Returns when it is this writer's turn, or others have let theirs pass.

        Whether there are commits behind `position`, which can be read.
        """
        if self._first() not in (None, self._own) and self._own not in self._queue:
            self._say(waiting=True)
        while (first := self._first()) not in (None, self._own):
            if not await self._until(lambda first=first: self._first() != first, self._queue[first]):
                self._queue.pop(first, None)
        if promised := self._promised:
            await self._until(lambda: max(position, self._position) >= promised.position, promised.seconds)
            self._promised = None
        return self._position > position

    def goes(self, position: int) -> None:
        """This writer has its turn, with a commit for this position, or with none: 0."""
        self._goes_at = position
        if self._queue:
            self._pass()

    def went(self, seconds: float, *, lost: bool) -> None:
        """A round took so many seconds, and has lost a race for the next position or not."""
        self._seconds = seconds
        if lost and self._own not in self._queue:
            self._say(waiting=True)
        elif not lost and self._first() == self._own:  # it asked, and was not heard before it went
            self._pass()

    async def end(self) -> None:
        if self._saying:
            await end(self._saying)

    def _first(self) -> UUID | None:
        return next(iter(self._queue), None)

    def _pass(self) -> None:
        self._say(waiting=bool(self._queue.keys() - {self._own}))

    async def _until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Whether it comes true in the time that a writer has whose rounds take so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(min(_ROUNDS * seconds, _LONGEST)):
                while not condition():
                    self._news.clear()
                    await self._news.wait()
        return condition()

    def _say(self, *, waiting: bool) -> None:
        """Have all writers hear it, this one too: its place is where they hear it."""
        if waiting and self._waits and self._own not in self._queue:
            return  # it is on its way
        self._queue.pop(self._own, None)
        self._waits, self._unsaid = waiting, True
        if self._saying is None or self._saying.done():
            self._saying = asyncio.create_task(self._ask(), name="turn")

    async def _ask(self) -> None:
        while self._unsaid:
            self._unsaid = False
            try:
                await ask(self._database, Asked(self._own, self._seconds, self._waits, self._goes_at))
            except Unavailable:
                self._waits = False
