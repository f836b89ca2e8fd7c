"""One read model under way: what it makes of a batch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.mongo.checkpoints import Checkpoint, Progress
from gateway.projections.batches import Commits, Parts
from gateway.projections.fold import fold, fold_most
from gateway.projections.reach import Plan, Reached, fitting, reach
from gateway.projections.storage import Fenced, Update, ViewStore


@dataclass
class Working:
    """A read model, how far it is built, and why it can't go on."""

    plan: Plan
    checkpoint: Checkpoint
    stopped: str | None = None
    caught_up: datetime | None = None
    "When this process last saw nothing behind it, None while there is more."

    @property
    def place(self) -> tuple[int, bool]:
        """Where it stands in the log, and whether in the midst of a commit."""
        return self.checkpoint.position, self.checkpoint.progress is not None

    def found(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint that was read; past the place where this process was stopped if need be."""
        if checkpoint.position > self.checkpoint.position:
            self.stopped = None
        self.checkpoint = checkpoint


@dataclass(frozen=True, slots=True)
class Lane:
    """Read models at one place, which share a transaction; `room` commits lie before the next lane."""

    members: Sequence[Working]
    room: int | None

    @property
    def position(self) -> int:
        return self.members[0].checkpoint.position

    @property
    def history(self) -> bool:
        return any(each.plan.model.history for each in self.members)

    @property
    def progress(self) -> Progress | None:
        return self.members[0].checkpoint.progress


def lanes(workings: Sequence[Working]) -> Iterator[Lane]:
    """The lanes from the hindmost on. Whoever is in the midst of a commit has a lane of its own."""
    places = sorted({each.place for each in workings})
    for place in places:
        position, amid = place
        members = [each for each in workings if each.place == place]
        ahead = [other for other, _ in places if other > position]
        room = ahead[0] - position if ahead else None
        yield from (Lane([each], room) for each in members) if amid else [Lane(members, room)]


@dataclass(frozen=True, slots=True)
class Worker:
    """Works out the updates of read models; `most` linked views at once."""

    store: ViewStore
    most: int

    async def update(self, working: Working, batch: Commits | Parts) -> Update:
        """What becomes of a read model by as much of a batch as can be applied at once.

        Raises FoldFailed when not even its first unit can be folded.
        """
        progress = working.checkpoint.progress
        if isinstance(batch, Parts) and progress and progress.after is not None:
            return await self._page(working, batch)
        reached = reach(working.plan, batch.units)
        documents = await self.store.load(working.plan, reached, self.most)
        if documents is None:
            counts = await self.store.counts(working.plan, reached)
            reached = fitting(reached, counts, self.most)
            if not reached.units:
                return await self._wide(working, batch)
            documents = await self.store.load(working.plan, reached, self.most)
            if documents is None:  # there are more than were counted: somebody else is at work
                raise Fenced
        return self._folded(working, batch, reached, documents)

    def _folded(
        self, working: Working, batch: Commits | Parts, reached: Reached, documents: Sequence[dict[str, object]]
    ) -> Update:
        outcome = fold_most(working.plan, reached, documents)
        if outcome.failure and not outcome.units:
            raise outcome.failure
        after = batch.after(working.checkpoint, outcome.units)
        return Update(working.plan, working.checkpoint, after, outcome.folded)

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
        folded = fold(working.plan, reached.steps, documents)
        if len(documents) < self.most:
            return Update(working.plan, before, batch.after(before, 1), folded)
        return Update(working.plan, before, batch.at(before, documents[-1]["_id"]), folded)
