"""One reader: each commit is read and decoded once for all lanes that come to it, and ahead of them."""

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime

from gateway.errors import LogBroken
from gateway.eventlog.storage import EventLog
from gateway.mongo.tasks import end
from gateway.projections.batches import Commits

MOST_HELD = 4
"""So many batches are held at once: of those in front and of those behind, the one at work and the next one."""


class Reader:
    """The log in batches of `limit` commits and about `size` bytes at most, for any number of tasks at once.

    While a full batch is at work, the next one is read and decoded. `events` counts what was decoded so far.
    """

    def __init__(self, log: EventLog, limit: int, size: int) -> None:
        self._log, self._limit, self._size = log, limit, size
        self.until: int | None = None
        "The last position that is read, if not the log's end."
        self.events = 0
        self._held: dict[int, asyncio.Task[Commits]] = {}
        self._tasks: set[asyncio.Task[Commits]] = set()

    async def end(self) -> int:
        """The greatest position of the log."""
        return await self._log.end()

    async def read(self, after: int, limit: int) -> Commits:
        """The commits from position after + 1 on, `limit` at most; none at the end, which was looked up then.

        Raises LogBroken at the place where the log is broken, and Unavailable.
        """
        if self.until is not None:
            limit = max(0, min(limit, self.until - after))
        begin = self._covering(after)
        found = await self._batch(begin) if begin is not None else None
        if begin is None or not found or not found.commits:  # what was asked for earlier may have missed news
            begin, found = after, await self._batch(after, anew=True)
        if found.commits and found.seen is None:
            self._fetch(found.commits[-1].position)
        return found.part(after - begin, limit)

    def forget(self) -> None:
        """Read everything anew from now on."""
        self._held.clear()

    def keep(self, positions: Collection[int]) -> None:
        """Nothing is needed but what comes next for somebody at one of these positions, and what follows that."""
        ends = {begin: begin + _length(each) for begin, each in self._held.items()}
        needed = {begin for begin in ends if any(begin <= each < ends[begin] for each in positions)}
        follows = {ends[begin] for begin in needed}
        for begin, behind in ends.items():
            if behind > begin and begin not in needed | follows:
                del self._held[begin]

    async def close(self) -> None:
        for each in [*self._tasks]:
            await end(each)

    def _covering(self, after: int) -> int | None:
        """Where the batch begins that is held, or comes in, and has the next commit in it."""
        if after in self._held:
            return after
        there = [begin for begin, each in self._held.items() if begin < after < begin + _length(each)]
        return there[0] if there else None

    async def _batch(self, begin: int, anew: bool = False) -> Commits:
        """A batch that others may wait for, too: who is cancelled leaves it to them."""
        if anew:
            self._held.pop(begin, None)
        return await asyncio.shield(self._fetch(begin))

    def _fetch(self, begin: int) -> asyncio.Task[Commits]:
        found = self._held.pop(begin, None) or self._fetching(begin)
        self._held[begin] = found  # the last one: used last
        while len(self._held) > MOST_HELD:
            del self._held[next(iter(self._held))]
        return found

    def _fetching(self, begin: int) -> asyncio.Task[Commits]:
        task = asyncio.create_task(self._fetched(begin), name="reader")
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._settle(begin, done))
        return task

    def _settle(self, begin: int, task: asyncio.Task[Commits]) -> None:
        """Keep what came in; what failed is met again by whoever needs it, and then it is told."""
        self._tasks.discard(task)
        if _length(task) == 0 and self._held.get(begin) is task:
            del self._held[begin]

    async def _fetched(self, begin: int) -> Commits:
        seen = datetime.now(UTC)
        limit = self._limit if self.until is None else max(0, min(self._limit, self.until - begin))
        if limit == 0:
            return Commits([], None)
        try:
            commits = await self._log.read(begin, limit, self._size)
        except LogBroken as error:
            sound = error.position - 1 - begin
            if sound <= 0:
                raise
            return Commits(await self._log.read(begin, sound, self._size), None)
        self.events += sum(len(each.events) for each in commits)
        full = len(commits) == limit or sum(each.size for each in commits) >= self._size
        return Commits(commits, None if full else seen)


def _length(task: asyncio.Task[Commits]) -> int:
    """How many commits came in; 0 where that is not known, or failed."""
    good = task.done() and not task.cancelled() and task.exception() is None
    return len(task.result().commits) if good else 0
