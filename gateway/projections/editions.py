"""Editions: which ones a process's code folds, and when one of them becomes live by itself.

An edition is a read model in one version and one shape. It is folded only by code of that version and shape.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

from gateway.application.editions import shapes_read
from gateway.application.model import Model, ReadModel
from gateway.mongo.checkpoints import Checkpoint, checkpoint_id
from gateway.mongo.client import Database
from gateway.mongo.live import Live, Lives, Moved, live
from gateway.projections.folding.reach import Plan, plan
from gateway.projections.working import Working

_log = logging.getLogger(__name__)


def own(model: ReadModel, editions: Sequence[Checkpoint], live_: Live | None) -> ReadModel:
    """The read model as the edition that its code folds: the live one if it is of its version and shape.

    Else the one that was live last, else the one that was begun first; none being there, a new one.
    """
    order = (*live_.past, live_.edition) if live_ else ()
    fitting = [each for each in editions if fits(model, each)]
    if not fitting:
        return replace(model, generation=unused(model, editions))
    best = max(fitting, key=lambda each: (order.index(each.id) if each.id in order else -1, -each.generation))
    return replace(model, generation=best.generation)


async def folded_by(model: Model, lives: Lives) -> Model:
    """An application's model with the editions that its code folds, as they stand in MongoDB now."""
    live_, editions = await lives.all(), await lives.editions()
    return replace(model, read_models=[own(each, editions, live_.get(each.name)) for each in model.read_models])


def fits(model: ReadModel, edition: Checkpoint | Live) -> bool:
    """Whether an edition is of the version and the shape that the code has."""
    same = (edition.read_model, edition.version) == (model.name, model.version)
    return same and edition.shape in shapes_read(model)


def unused(model: ReadModel, editions: Sequence[Checkpoint]) -> int:
    """The first generation of this version that nobody has begun."""
    taken = {each.id for each in editions}
    wanted = (checkpoint_id(model.name, model.version, number) for number in range(1, len(taken) + 2))
    return next(number for number, id_ in enumerate(wanted, start=1) if id_ not in taken)


def _tell(edition: str, live_: Live) -> None:
    """Say at a start what is not as it is every day."""
    name, now = live_.read_model, live_.edition
    if edition in live_.past:
        _log.warning("%s is answered from %s; this release folds %s, which was live before.", name, now, edition)
    elif edition != now:
        _log.warning("%s has changed: %s is built beside %s, which is live until then.", name, edition, now)


Folding = Callable[[], Iterable[Collection[str]] | None]
"""What the other watchers that live can move; None while that is not known."""


def parks_more(edition: Checkpoint, than: Checkpoint) -> bool:
    """Whether more keys are parked in one edition than in another."""
    return _parked(edition) > _parked(than)


def _parked(edition: Checkpoint) -> int:
    return edition.parked.count if edition.parked else 0


class Editions:
    """The editions of one process, and those that are live as far as it knows."""

    def __init__(self, database: Database, model: Model) -> None:
        self._models = model.read_models
        self._store = Lives(database)
        self._live: dict[str, Live] = {}
        self._ends: dict[str, int] = {}
        self._worse: set[str] = set()

    async def plans(self) -> list[Plan]:
        """What this process folds, as it stands in MongoDB now."""
        self._live = await self._store.all()
        editions = await self._store.editions()
        return [plan(own(each, editions, self._live.get(each.name))) for each in self._models]

    async def begin(self, checkpoints: Collection[Checkpoint]) -> None:
        """Where no edition of a read model is live yet, the one that has come furthest is."""
        for each in checkpoints:
            if each.read_model not in self._live:
                there = await self._store.editions(each.read_model)
                await self._store.begin(live(max(there, key=lambda one: one.position)))
        self._live = await self._store.all()
        for each in checkpoints:
            _tell(each.id, self._live[each.read_model])

    def hear(self, moved: Live, folded: Collection[str]) -> bool:
        """Note what is live now; whether it is an edition that this process is to fold, and does not."""
        self._live[moved.read_model] = moved
        return moved.edition not in folded and any(fits(each, moved) for each in self._models)

    async def missed(self, folded: Collection[str]) -> bool:
        """The same for all that may not have been heard."""
        heard = [self.hear(each, folded) for each in (await self._store.all()).values()]
        return any(heard)

    def waiting(self, workings: Iterable[Working]) -> list[Checkpoint]:
        """The editions among these that were never live."""
        live_ = {name: (*each.past, each.edition) for name, each in self._live.items()}
        return [
            each.checkpoint
            for each in workings
            if each.checkpoint.id not in live_.get(each.checkpoint.read_model, (each.checkpoint.id,))
        ]

    async def switch(self, waiting: Iterable[Checkpoint], end: int, others: Folding) -> None:
        """Make those live that have come to where the log's end was the time before.

        One that parks more keys than the live one waits, as long as `others` keep that one current.
        """
        for edition in waiting:
            near, self._ends[edition.id] = self._ends.get(edition.id, end + 1), end
            name, before = edition.read_model, self._live[edition.read_model]
            if edition.position < near or await self._is_worse(edition, before, others):
                continue
            with suppress(Moved):  # the live one is ahead by a commit: the next time, then
                after = before.then(edition)
                await self._store.switch(before, after)
                self._live[name] = after
                _log.warning(
                    "%s is answered from %s now, and no longer from %s.", name, after.edition, before.edition
                )

    async def _is_worse(self, edition: Checkpoint, live_: Live, others: Folding) -> bool:
        """Whether an edition would take away what the live one answers and goes on to answer, or could."""
        if edition.parked is None:
            return False
        folding = others()
        if folding is None:
            return True  # the next time, then
        if not any(live_.edition in folds for folds in folding):
            return False
        there = {each.id: each for each in await self._store.editions(edition.read_model)}
        worse = live_.edition in there and parks_more(edition, there[live_.edition])
        if worse and edition.id not in self._worse:
            _log.warning(_WORSE, edition.read_model, edition.id, edition.parked.count, live_.edition)
        self._worse = self._worse | {edition.id} if worse else self._worse - {edition.id}
        return worse


_WORSE = (
    "%s: %s parks %d keys, more than %s, which is live and kept current by an older release. It does not become "
    "live before `tidegate parked` has retried or skipped them, or that release has stopped."
)
