"""Rounds: every read model that is behind goes on by one batch, those at one place in one transaction."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from gateway.errors import LogBroken
from gateway.eventlog.storage import EventLog
from gateway.messages import Commit
from gateway.projections.batches import Commits, Parts
from gateway.projections.parking.starts import Carefully
from gateway.projections.reach import FoldFailed, Plan
from gateway.projections.starting import foreign, start
from gateway.projections.storage import Refused, Update, ViewStore, names
from gateway.projections.working import Careful, Lane, Worker, Working, lanes
from gateway.settings import Settings

MOST_WITH_HISTORY = 100
"""Commits that are applied at once where the past is kept: its indexes are written all over, and a transaction that
changes more of them than a fifth of MongoDB's cache is rolled back, again and again."""

_log = logging.getLogger(__name__)


def _everything(_checkpoint: str) -> bool:
    return True


@dataclass
class Builder:
    """Builds some read models from the log: those whose checkpoint it is to move, `holds` says."""

    plans: Sequence[Plan]
    log: EventLog
    store: ViewStore
    settings: Settings
    holds: Callable[[str], bool] = _everything
    workings: dict[str, Working] = field(default_factory=dict[str, Working], init=False)
    collections: dict[str, Any] = field(default_factory=dict[str, Any], init=False)

    def __post_init__(self) -> None:
        self._carefully = Carefully(self.store)
        self._begun: set[str] = set()

    async def start(self, identity: UUID) -> None:
        """Make and check what the read models need; those that don't fit this log are stopped."""
        checkpoints = await start(self.store, identity, [each.model for each in self.plans])
        self.workings.clear()
        for each in self.plans:
            found = checkpoints[each.model.name]
            self.workings[found.id] = Working(each, found, found.stopped)
            if found.stopped:
                _log.error("The read model %s is stopped: %s", each.model.name, found.stopped)
        self.collections = await self.store.collections()

    async def end(self) -> None:
        """It ends by itself: nothing that it did has ended the process."""
        await self._carefully.end(self._begun)

    def active(self) -> list[Working]:
        return [each for name, each in self.workings.items() if each.stopped is None and self.holds(name)]

    def able(self) -> list[str]:
        """The checkpoints that this process could move: a read model that it stopped is left to others."""
        return [name for name, each in self.workings.items() if each.stopped is None]

    async def _begin(self) -> list[Working]:
        """What is to be built now. Notes where this process begins it, and takes back what others build."""
        active = {each.checkpoint.id: each for each in self.active()}
        if given := self._begun - active.keys():
            await self._carefully.end(given)
        if taken := [each for name, each in active.items() if name not in self._begun]:
            most = Careful(self.settings.fold_commits, self.settings.fan_out)
            await self._carefully.begin(taken, await self.log.end(), most)
        self._begun = {*active}
        return [*active.values()]

    async def round(self) -> bool:
        """One batch for each lane; False when there is nothing more to do."""
        active = await self._begin()
        behind = [await self._creep(each) for each in active if each.careful]
        going = [each for each in active if not each.careful and each.stopped is None]
        behind += [await self._advance(lane) for lane in list(lanes(going))]
        return any(behind)

    async def beat(self) -> None:
        """What is looked at once a second: others' checkpoints, lost collections, a log that was exchanged.

        Says of those that miss nothing when that was seen.
        """
        await self.reload()
        active = self.active()  # a lease that comes back meanwhile is for the next beat
        there = await self.store.collections()
        chains = await self.store.chains({each.checkpoint.position for each in active})
        for each in active:
            lost = [name for name in names(each.plan.model) if there.get(name) != self.collections.get(name)]
            reason = f"Its collection {lost[0]} was dropped." if lost else foreign(each.checkpoint, chains)
            if reason:
                await self.stop(each, reason)
        seen = [(each.checkpoint, _seen(each)) for each in self.active() if each.caught_up]
        await self.store.note([each for each in seen if each[0] != each[1]])

    async def reload(self) -> None:
        """Go on from where the checkpoints are now, whoever moved them."""
        found = await self.store.checkpoints(self.workings)
        for name, each in self.workings.items():
            if name in found:
                each.found(found[name])
            elif each.stopped is None:
                await self.stop(each, "Its checkpoint is gone.")

    async def stop(self, working: Working, reason: str) -> None:
        """Leave a read model where it is, until the next start or until another watcher got past that place."""
        working.stopped = reason
        _log.error("The read model %s is stopped: %s", working.plan.model.name, reason)
        before = working.checkpoint
        await self.store.note([(before, replace(before, stopped=reason))])

    async def _advance(self, lane: Lane) -> bool:
        batch = await self._batch(lane)
        if batch is None:
            return False
        updating = (self._worker.update(each, batch) for each in lane.members)
        results = await asyncio.gather(*updating, return_exceptions=True)
        updates: list[Update] = []
        for working, result in zip(lane.members, results, strict=True):
            if isinstance(result, FoldFailed):
                await self.stop(working, str(result))
            elif isinstance(result, BaseException):
                raise result
            else:
                updates.append(result)
        for group in _groups(updates):
            await self._write(group)
        return True

    async def _creep(self, working: Working) -> bool:
        """One event, or one view, of a read model that goes carefully; False when it has to wait."""
        commits = await self._read(Lane([working], None), 1)
        if not commits or working.careful is None or working.careful.over(working.checkpoint):
            working.careful = None
            await self.store.attempts.forget(working.checkpoint.id)
            return bool(commits)
        try:
            update = await self._carefully.update(working, working.careful, commits[0])
        except FoldFailed as failed:
            await self.stop(working, str(failed))
            return False
        if update:
            await self._write([update])
        return update is not None

    @property
    def _worker(self) -> Worker:
        return Worker(self.store, self.settings.fan_out)

    async def _batch(self, lane: Lane) -> Commits | Parts | None:
        seen = datetime.now(UTC)
        most = min(self.settings.fold_commits, MOST_WITH_HISTORY if lane.history else self.settings.fold_commits)
        limit = 1 if lane.progress else min(most, lane.room or most)
        commits = await self._read(lane, limit)
        for each in lane.members:
            each.caught_up = None if commits else seen
        if not commits:
            return None
        if lane.progress:
            return Parts(commits[0], lane.progress.event)
        whole = len(commits) < limit and sum(each.size for each in commits) < self.settings.fold_bytes
        return Commits(commits, seen if whole else None)

    async def _read(self, lane: Lane, limit: int) -> list[Commit]:
        """The next commits, up to where the log is broken; at that place the whole lane is stopped."""
        try:
            return await self.log.read(lane.position, limit, self.settings.fold_bytes)
        except LogBroken as error:
            sound = error.position - 1 - lane.position
            if sound > 0:
                return await self.log.read(lane.position, sound, self.settings.fold_bytes)
            for each in lane.members:
                await self.stop(each, str(error))
            return []

    async def _write(self, updates: Sequence[Update]) -> None:
        """All of them in one transaction; who can't be stored is stopped and left out."""
        while updates:
            try:
                await self.store.write(updates)
            except Refused as refused:
                working = self.workings[refused.checkpoint.id]
                if working.thorough:
                    await self.stop(working, str(refused))
                working.thorough = True
                updates = [each for each in updates if each.before != refused.checkpoint]
            else:
                for each in updates:
                    working = self.workings[each.before.id]
                    working.checkpoint, working.thorough = each.after, False
                    _tell(each)
                return


def _seen(working: Working) -> Any:
    return replace(working.checkpoint, at_head=working.caught_up or working.checkpoint.at_head, stopped=None)


def _tell(update: Update) -> None:
    """One line, however many keys were parked at once."""
    for park in update.folded.parks[:1]:
        error, at, count = type(park.error).__name__, park.step.recorded.position, len(update.folded.parks)
        _log.error("%s: %d keys are parked, the first one by %s at position %d.", update.after.id, count, error, at)


def _groups(updates: Sequence[Update]) -> list[list[Update]]:
    """Those that come to the same place together; a part of a commit is a transaction of its own."""
    groups: dict[Any, list[Update]] = {}
    for each in updates:
        place = each.after.id if each.after.progress or each.before.progress else each.after.position
        groups.setdefault(place, []).append(each)
    return list(groups.values())
