"""Folds that end their process: a segmentation fault, `os._exit`, no memory left.

Nothing can be caught then, so it is counted before it is tried. Of each read model that it begins to build a
watcher notes where it begins, and takes that back when it ends or another one builds it. Whoever finds a note of
the very place where it begins itself goes carefully: one event and one view at a time, each noted before it is
tried, as far as a batch might have reached. Of several read models that go carefully one tries at a time, or the
others would be blamed for what it does. What has ended two processes that went carefully, after a first one that
did not, is parked. Ordinarily that costs one note for each read model that is taken up.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from gateway.errors import Unavailable
from gateway.messages import Commit, RecordedEvent
from gateway.mongo.checkpoints import Checkpoint
from gateway.mongo.client import answering
from gateway.projections.batches import Parts
from gateway.projections.folding.fold import Folded
from gateway.projections.folding.past import waiting
from gateway.projections.folding.reach import FoldFailed, Step, Units, reach, routed
from gateway.projections.parking.aside import Kept, Park, place_of
from gateway.projections.parking.attempts import TRIES, Attempt
from gateway.projections.storage import Update, ViewStore
from gateway.projections.working import Careful, Worker, Working, updated

_FAREWELL = 1.0
"""Seconds that taking back the note may take."""


class ProcessEnded(Exception):
    """A fold ended its process at each of three starts; it is not tried again."""


@dataclass(frozen=True, slots=True)
class OneEvent(Parts):
    """The first of a commit's events that are left, alone."""

    @property
    def units(self) -> Units:
        return [(self.commit.events[self.first],)]


@dataclass(frozen=True, slots=True)
class Carefully:
    """Builds read models one event and one view at a time."""

    store: ViewStore

    async def begin(self, workings: Iterable[Working], head: int, most: Careful) -> None:
        """Note where these begin; those that have not come further since an earlier start go carefully."""
        there = {each.checkpoint.id: each for each in workings}
        for name in await self.store.attempts.begin(each.checkpoint for each in there.values()):
            position = there[name].checkpoint.position
            if position < head:
                there[name].careful = Careful(min(head, position + most.until), most.views)

    async def end(self, checkpoints: Iterable[str]) -> None:
        """Take back what was noted of these, if MongoDB can be told now."""
        with suppress(Unavailable, TimeoutError):
            async with asyncio.timeout(_FAREWELL):
                with answering():
                    await self.store.attempts.end(checkpoints)

    async def update(self, working: Working, careful: Careful, commit: Commit) -> Update | None:
        """What becomes of a read model by its next event, or its next view; None while another process may try it.

        Raises FoldFailed where it is the key function that ends its process.
        """
        before, plan = working.checkpoint, working.plan
        rest = Parts(commit, before.progress.event if before.progress else 0)
        events = commit.events[rest.first :]
        passed = next((n for n, each in enumerate(events) if routed(plan, each)), len(events))
        if passed:
            return updated(working, rest.after(before, passed), Folded())
        batch = OneEvent(commit, rest.first)
        if plan.model.key is not None and not await self._may_tell(before, events[0]):
            return None
        reached = reach(plan, batch.units)
        if reached.failure:
            raise reached.failure
        (step,) = reached.steps
        return await self._step(working, careful, batch, step)

    async def _may_tell(self, before: Checkpoint, recorded: RecordedEvent) -> bool:
        """Whether the key of an event may be asked for now: that may end the process, too."""
        tries = await self.store.attempts.note(before.id, Attempt(_number(recorded), None))
        if tries is not None and tries >= TRIES:
            raise FoldFailed(recorded, 0, ProcessEnded())
        return tries is not None

    async def _step(self, working: Working, careful: Careful, batch: OneEvent, step: Step) -> Update | None:
        before = working.checkpoint
        key = await self._key(working, careful, step)
        if key is None:  # it reaches nobody any more
            return updated(working, batch.after(before, 1), Folded())
        tries = await self.store.attempts.note(before.id, Attempt(_number(step.recorded), key))
        if tries is None:
            return None
        if tries < TRIES or await self._parked(working, key):
            return await Worker(self.store, 1).update(working, batch)
        parks = [Park(key, step, ProcessEnded(ProcessEnded.__doc__))]
        kept = [Kept(None if step.links else key, place_of(step))]
        after = batch.at(before, key) if step.links else batch.after(before, 1)
        past = waiting(step.recorded) if working.plan.model.history else None
        return updated(working, after, Folded(touched=[key], parks=parks, kept=kept, past=past))

    async def _parked(self, working: Working, key: Any) -> bool:
        aside = await self.store.aside(working.plan, working.checkpoint, [], [{"_id": key}])
        return key in aside.keys

    async def _key(self, working: Working, careful: Careful, step: Step) -> Any:
        """The stored key of the next view that a step reaches."""
        if not step.links:
            return working.plan.store_key(step.key)
        careful.views -= 1
        progress = working.checkpoint.progress
        documents = await self.store.page(working.plan, step, progress.after if progress else None, 1)
        return documents[0]["_id"] if documents else None


def _number(recorded: RecordedEvent) -> int:
    return recorded.position * 1_000 + recorded.index
