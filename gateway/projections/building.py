"""The read models that a process builds: where they stand, which ones are its own to move, and what is wrong."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from gateway.mongo.checkpoints import Checkpoint
from gateway.projections.advancing import Advancing
from gateway.projections.folding.reach import Plan
from gateway.projections.lanes import Lane, lanes
from gateway.projections.parking.starts import Carefully
from gateway.projections.reading import Reader
from gateway.projections.recent import Recent
from gateway.projections.starting import foreign, start
from gateway.projections.storage import ViewStore, names
from gateway.projections.working import Careful, Working
from gateway.settings import Settings

_log = logging.getLogger(__name__)


@dataclass
class Builder:
    """Builds some read models from the log: those whose checkpoint it is to move, `holds` says.

    What works on a read model marks it as busy, and nobody else here touches it then.
    """

    plans: Sequence[Plan]
    reader: Reader
    store: ViewStore
    settings: Settings
    holds: Callable[[str], bool]
    workings: dict[str, Working] = field(default_factory=dict[str, Working], init=False)
    collections: dict[str, Any] = field(default_factory=dict[str, Any], init=False)

    def __post_init__(self) -> None:
        self._carefully = Carefully(self.store)
        self._advancing = Advancing(self.reader, self.store, self.settings, self.stop)
        self._begun: set[str] = set()

    async def start(self, identity: UUID) -> None:
        """Make and check what the read models need; those that don't fit this log are stopped."""
        checkpoints = await start(self.store, identity, [each.model for each in self.plans])
        self.reader.forget()
        before = dict(self.workings)
        self.workings.clear()
        for each in self.plans:
            found = checkpoints[each.model.name]
            known = before.get(found.id)
            careful = known.careful if known and known.checkpoint.position == found.position else None
            self.workings[found.id] = Working(each, found, found.stopped, careful=careful)
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

    def free(self) -> list[Working]:
        return [each for each in self.workings.values() if not each.busy]

    async def take(self) -> None:
        """Note where this process begins what it is to build now, and take back what others build."""
        active = {each.checkpoint.id for each in self.active()}
        busy = {name for name, each in self.workings.items() if each.busy}
        if given := self._begun - active - busy:
            await self._carefully.end(given)
            self._begun -= given
            for name in given & self.workings.keys():
                self.workings[name].recent, self.workings[name].wrong = Recent(), None
        if taken := [self.workings[name] for name in active - self._begun - busy]:
            await self.reload(taken)
            taken = [each for each in taken if each.stopped is None]
            most = Careful(self.settings.fold_commits, self.settings.fan_out)
            await self._carefully.begin(taken, await self.reader.end(), most)
            self._begun |= {each.checkpoint.id for each in taken}

    def lanes(self) -> list[Lane]:
        """What can go on now by a batch each, at once."""
        going = [each for each in self.active() if each.checkpoint.id in self._begun]
        self.reader.keep({each.checkpoint.position for each in going})
        return lanes(going, self.settings.fold_commits)

    async def advance(self, lane: Lane) -> bool:
        """One batch; False when there is nothing more to do. Raises Fenced and PyMongoError."""
        return await self._advancing.advance(lane)

    async def round(self) -> None:
        """One batch for each lane, for whoever has no other work. Raises Fenced and PyMongoError."""
        await self.take()
        done = await asyncio.gather(*map(self.advance, self.lanes()), return_exceptions=True)
        for each in done:
            if isinstance(each, BaseException):
                raise each

    async def look(self, workings: Sequence[Working]) -> bool:
        """Go on from where others moved checkpoints to; say of those that miss nothing when that was seen."""
        await self.reload(workings)
        active = [each for each in self.active() if each in workings]  # asked once: leases come and go
        seen, end = datetime.now(UTC), await self.reader.end()
        at_head = [each.checkpoint for each in active if each.stopped is None and _misses_nothing(each, end)]
        notes = [(each, replace(each, at_head=seen, stopped=None)) for each in at_head]
        await self.store.note(notes)
        for before, after in notes:
            self.workings[before.id].checkpoint = after
        return True

    async def inspect(self) -> bool:
        """Look for lost collections and for a log that was exchanged; who is at work meanwhile does not wait."""
        known, standing = self.collections, [(each, each.checkpoint) for each in self.active()]
        there, chains = await asyncio.gather(
            self.store.collections(), self.store.chains({checkpoint.position for _, checkpoint in standing})
        )
        for working, checkpoint in standing:
            lost = [name for name in names(working.plan.model) if there.get(name) != known.get(name)]
            dropped = f"Its collection {lost[0]} was dropped." if lost else None
            if working.stopped is None and self.holds(checkpoint.id):  # still
                working.wrong = dropped or foreign(checkpoint, chains)
        return True

    async def reload(self, workings: Sequence[Working]) -> None:
        """Go on from where the checkpoints are now, whoever moved them."""
        found = await self.store.checkpoints(each.checkpoint.id for each in workings)
        for each in workings:
            if each.checkpoint.id in found:
                each.found(found[each.checkpoint.id])
            elif each.stopped is None:
                await self.stop(each, "Its checkpoint is gone.")

    async def stop(self, working: Working, reason: str) -> None:
        """Leave a read model where it is, until the next start or until another watcher got past that place."""
        working.stopped, working.wrong = reason, None
        _log.error("The read model %s is stopped: %s", working.plan.model.name, reason)
        before = working.checkpoint
        await self.store.note([(before, replace(before, stopped=reason))])


def _misses_nothing(working: Working, end: int) -> bool:
    found: Checkpoint = working.checkpoint
    return found.position == end and found.progress is None
