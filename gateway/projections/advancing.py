"""One batch of a lane: read, worked out for each of its read models, and written in one transaction."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median_low
from typing import Any

from gateway.errors import LogBroken
from gateway.projections.batches import Commits, Parts
from gateway.projections.folding.reach import FoldFailed
from gateway.projections.lanes import Lane
from gateway.projections.parking.starts import Carefully
from gateway.projections.reading import Reader
from gateway.projections.storage import Update, ViewsRefused, ViewStore
from gateway.projections.working import Worker, Working
from gateway.settings import Settings

MOST_WITH_HISTORY = 100
"""Commits that are applied at once where the past is kept: its indexes are written all over, and a transaction that
changes more of them than a fifth of MongoDB's cache is rolled back, again and again."""

SLOW, TIMES = 0.25, 3
"""Whoever needs more than so many seconds for 100 commits, and so many times what others need, delays them."""

APART = 60.0
"""Seconds for which whoever held others up goes alone."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Advancing:
    """Advances lanes, any number of them at once; `stop` leaves a read model where it is."""

    reader: Reader
    store: ViewStore
    settings: Settings
    stop: Callable[[Working, str], Awaitable[None]]
    trying: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by who goes carefully, from noting what is tried until it is written: whatever ends the process in
    between was that, and nobody else's attempt is taken for it."""

    async def advance(self, lane: Lane) -> bool:
        """One batch; False when there is nothing more to do, or it has to wait.

        Raises Fenced where somebody else moved a checkpoint, and PyMongoError: then nothing of it is written.
        """
        commits = await self._read(lane)
        if lane.careful:
            async with self.trying:
                return await self._creep(lane.members[0], commits)
        if not commits.commits:
            return False
        folding = asyncio.Lock()
        if commits.seen is None:
            works = await _all(self._apart(each, commits, folding) for each in lane.members)
        else:
            works = await _all(self._work(each, commits, folding) for each in lane.members)
            for group in _groups(works):
                await self._write(group)
        _part(works, SLOW * max(1.0, len(commits.commits) / 100))
        return True

    async def _read(self, lane: Lane) -> Commits:
        """The next commits, up to where the log is broken; at that place the whole lane is stopped."""
        try:
            return await self.reader.read(lane.position, self._limit(lane))
        except LogBroken as error:
            for each in lane.members:
                if each.checkpoint.position < error.position:  # others have come past it before it was broken
                    await self.stop(each, str(error))
            return Commits([], None)

    def _limit(self, lane: Lane) -> int:
        if lane.progress or lane.careful:
            return 1
        most = self.settings.fold_commits
        return min(most, MOST_WITH_HISTORY) if lane.history else most

    async def _apart(self, working: Working, commits: Commits, folding: asyncio.Lock) -> "_Work | None":
        """The same, written in a transaction of its own while others are folded: more commits wait already."""
        if work := await self._work(working, commits, folding):
            await self._write([work])
        return work

    async def _work(self, working: Working, commits: Commits, folding: asyncio.Lock) -> "_Work | None":
        """What becomes of a read model; None where there is nothing for it, or it can't go on."""
        progress, began = working.checkpoint.progress, time.perf_counter()
        batch = commits.behind(working.checkpoint.position)
        if not batch.commits:
            return None
        worker = Worker(self.store, self.settings.fan_out, folding)
        try:
            update = await worker.update(working, Parts(batch.commits[0], progress.event) if progress else batch)
        except FoldFailed as failed:
            await self.stop(working, str(failed))
            return None
        return _Work(working, update, time.perf_counter() - began - worker.waited)

    async def _creep(self, working: Working, commits: Commits) -> bool:
        """One event, or one view, of a read model that goes carefully; False when it has to wait."""
        if not commits.commits or working.careful is None or working.careful.over(working.checkpoint):
            working.careful = None
            await self.store.attempts.forget(working.checkpoint.id)
            return bool(commits.commits)
        began = time.perf_counter()
        try:
            update = await Carefully(self.store).update(working, working.careful, commits.commits[0])
        except FoldFailed as failed:
            await self.stop(working, str(failed))
            return False
        if update:
            await self._write([_Work(working, update, time.perf_counter() - began)])
        return update is not None

    async def _write(self, works: Sequence["_Work"]) -> None:
        """All of them in one transaction; who can't be stored is stopped and left out."""
        while works:
            try:
                seconds = await self.store.write([each.update for each in works])
            except ViewsRefused as refused:
                (working,) = [each.working for each in works if each.update.before == refused.checkpoint]
                if working.thorough:
                    await self.stop(working, str(refused))
                working.thorough = True
                works = [each for each in works if each.working is not working]
            else:
                for each, took in zip(works, seconds, strict=True):
                    each.working.written(each.update)
                    each.seconds += took
                    _tell(each.update)
                return


@dataclass(slots=True)
class _Work:
    """What was worked out for a read model, and how many seconds that and writing it took."""

    working: Working
    update: Update
    seconds: float


async def _all(works: Iterable[Awaitable[_Work | None]]) -> list[_Work]:
    """What becomes of all of them, once all have ended; raises what one of them raised."""
    done = await asyncio.gather(*works, return_exceptions=True)
    for each in done:
        if isinstance(each, BaseException):
            raise each
    return [each for each in done if isinstance(each, _Work)]


def _part(works: Sequence[_Work], slow: float) -> None:
    """Whoever held the others up goes alone for a while."""
    usual = median_low([each.seconds for each in works] or [0.0])
    for each in works:
        if each.seconds > max(slow, TIMES * usual):
            each.working.apart = time.monotonic() + APART
            _log.warning("%s took %.1f s for a batch: it goes alone.", each.working.checkpoint.id, each.seconds)


def _tell(update: Update) -> None:
    """One line, however many keys were parked at once."""
    for park in update.folded.parks[:1]:
        error, at, count = type(park.error).__name__, park.step.recorded.position, len(update.folded.parks)
        _log.error("%s: %d keys are parked, the first one by %s at position %d.", update.after.id, count, error, at)


def _groups(works: Sequence[_Work]) -> list[list[_Work]]:
    """Those that come to the same place together; a part of a commit is a transaction of its own."""
    groups: dict[Any, list[_Work]] = {}
    for each in works:
        before, after = each.update.before, each.update.after
        groups.setdefault(after.id if after.progress or before.progress else after.position, []).append(each)
    return list(groups.values())
