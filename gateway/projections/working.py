"""One read model under way: what it makes of a batch."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from gateway.mongo.checkpoints import Checkpoint, with_parked
from gateway.projections.batches import Commits, Parts
from gateway.projections.folding.fold import Folded, folding
from gateway.projections.folding.reach import Plan, Reached, fitting, reach
from gateway.projections.folding.turns import in_turns
from gateway.projections.recent import Recent
from gateway.projections.storage import Fenced, Update, ViewStore


@dataclass(slots=True)
class Careful:
    """How far a read model is built carefully: to a position, and by links to so many views."""

    until: int
    views: int

    def over(self, checkpoint: Checkpoint) -> bool:
        return self.views < 0 or (checkpoint.position >= self.until and checkpoint.progress is None)


@dataclass(eq=False)
class Working:
    """A read model, how far it is built, and why it can't go on."""

    plan: Plan
    checkpoint: Checkpoint
    stopped: str | None = None
    thorough: bool = False
    "Whether MongoDB refused views, so that the next batch is looked at view by view."
    careful: Careful | None = None
    "There while one event and one view at a time is built, because a batch may have ended a process."
    busy: bool = False
    "While a task works on it: no other one touches it then."
    wrong: str | None = None
    "Why it is to be stopped as soon as nothing works on it."
    said: float = 0.0
    "When this process last wrote that nothing was missing, by the clock of the event loop."
    failures: int = 0
    "How often it could not go on since something of it was written."
    recent: Recent = field(default_factory=Recent)
    "The views that it read or wrote last."
    apart: float = 0.0
    "Until when it goes alone, because it held others up; by the clock that only goes forward."

    @property
    def alone(self) -> bool:
        """Whether it shares no transaction for now."""
        amid = self.checkpoint.progress is not None
        return amid or self.careful is not None or self.failures > 0 or self.apart > time.monotonic()

    def written(self, update: Update) -> None:
        """Its update was acknowledged."""
        if not self.plan.model.history:  # a view with its past is not stored as it was folded
            self.recent.written(update.before, update.after, update.views)
        self.checkpoint, self.thorough, self.failures = update.after, False, 0
        if update.after.at_head != update.before.at_head:
            passed = (datetime.now(UTC) - update.after.at_head).total_seconds()
            self.said = asyncio.get_running_loop().time() - max(0.0, passed)

    def found(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint that was read; past the place where this process was stopped if need be."""
        if checkpoint.position > self.checkpoint.position:
            self.stopped = None
        self.checkpoint = checkpoint


@dataclass(slots=True)
class Worker:
    """Works out the update of a read model; `most` linked views at once.

    Who holds `folding` folds: what others do then is to wait for MongoDB. `waited` is how many seconds it was held
    by others.
    """

    store: ViewStore
    most: int
    folding: asyncio.Lock = field(default_factory=asyncio.Lock)
    waited: float = 0.0

    async def update(self, working: Working, batch: Commits | Parts) -> Update:
        """What becomes of a read model by as much of a batch as can be applied at once.

        Raises FoldFailed when not even its first unit can be folded.
        """
        progress = working.checkpoint.progress
        if isinstance(batch, Parts) and progress and progress.after is not None:
            return await self._page(working, batch)
        reached = reach(working.plan, batch.units)
        documents = await self._begun(working, reached)
        if documents is None:
            counts = await self.store.counts(working.plan, reached)
            reached = fitting(reached, counts, self.most)
            if not reached.units:
                return await self._wide(working, batch)
            documents = await self._begun(working, reached)
            if documents is None:  # there are more than were counted: somebody else is at work
                raise Fenced
        return await self._folded(working, batch, reached, documents)

    async def _begun(self, working: Working, reached: Reached) -> list[dict[str, object]] | None:
        """What the steps begin with, see `ViewStore.load`; what is known already is not read again."""
        plan, before = working.plan, working.checkpoint
        if plan.model.alone or plan.model.history or any(step.links for step in reached.steps):
            return await self.store.load(plan, reached, self.most)
        keys = {plan.store_key(step.key) for step in reached.steps}
        known = working.recent.known(before, keys)
        if missing := keys - known.keys():
            found = {each["_id"]: each for each in await self.store.by_key(plan.model, [*missing])}
            read = {key: found.get(key) for key in missing}
            working.recent.read(before, read)
            known |= read
        return [each for each in known.values() if each is not None]

    async def _folded(
        self, working: Working, batch: Commits | Parts, reached: Reached, documents: Sequence[dict[str, object]]
    ) -> Update:
        if reached.failure and not reached.units:
            raise reached.failure
        folded = await self._fold(working, reached, documents)
        return updated(working, batch.after(working.checkpoint, reached.units), folded)

    async def _fold(self, working: Working, reached: Reached, documents: Sequence[dict[str, object]]) -> Folded:
        plan = working.plan
        aside = await self.store.aside(plan, working.checkpoint, reached.steps, documents)
        began = time.perf_counter()
        async with self.folding:
            self.waited += time.perf_counter() - began
            return await in_turns(folding(plan, reached.steps, documents, aside, working.thorough))

    async def _wide(self, working: Working, batch: Commits | Parts) -> Update:
        """The first unit reaches more views than one transaction may touch."""
        if isinstance(batch, Commits):
            return await self.update(working, Parts(batch.commits[0]))
        return await self._page(working, batch)

    async def _page(self, working: Working, batch: Parts) -> Update:
        """The next views that the first event reaches, in key order."""
        before, progress = working.checkpoint, working.checkpoint.progress
        reached = reach(working.plan, batch.units[:1])
        if reached.failure:
            raise reached.failure
        (step,) = reached.steps
        start = progress.after if progress else None
        documents = await self.store.page(working.plan, step, start, self.most)
        folded = await self._fold(working, reached, documents)
        if len(documents) < self.most:
            return updated(working, batch.after(before, 1), folded)
        return updated(working, batch.at(before, documents[-1]["_id"]), folded)


def updated(working: Working, after: Checkpoint, folded: Folded) -> Update:
    """The update to a checkpoint that names what is parked with it."""
    parks = ((each.key, each.step.recorded.position) for each in folded.parks)
    parked = with_parked(working.checkpoint.parked, parks)
    return Update(working.plan, working.checkpoint, replace(after, parked=parked), folded)
