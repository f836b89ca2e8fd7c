"""Rebuilds read models beside the live ones: build, compare at one position, switch, keep the old one.

Nothing that is asked is touched before the switch, and nobody waits: the live edition is kept current meanwhile by
whoever keeps it current.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from uuid import UUID

from gateway.application.model import Model, ReadModel
from gateway.errors import LogBroken, RebuildRefused
from gateway.eventlog.storage import EventLog
from gateway.messages import Commit
from gateway.mongo.checkpoints import Checkpoint
from gateway.mongo.client import Database
from gateway.mongo.live import Live, Lives, Moved, live
from gateway.mongo.rebuilds import Rebuilds
from gateway.mongo.tasks import end
from gateway.projections.building import Builder
from gateway.projections.comparing import Comparison, Snapshot, compare
from gateway.projections.editions import fits, own, unused
from gateway.projections.leases import RENEWAL, Leases
from gateway.projections.reach import plan
from gateway.projections.starting import id_of
from gateway.projections.storage import Fenced, ViewStore
from gateway.settings import Settings

CLOSE = 1_000
"""Commits that are folded while a snapshot waits for them."""

_BATCH = 10
"""So many times the commits of a watcher's batch are applied at once: nobody waits for one of them."""

_ATTEMPTS = 6
"""So often in a row MongoDB may fail, with a longer pause each time."""

_PAUSE = 0.05
"""Seconds between two looks while another watcher builds what this rebuild waits for."""

_log = logging.getLogger(__name__)

Progress = Callable[[int, int], object]
"""Told how far the hindmost read model is, and how many events were read by then."""


class Counted(EventLog):
    """The log up to a position, read ahead by one batch, with a count of the events that were read."""

    def __init__(self, database: Database, model: Model) -> None:
        super().__init__(database, model)
        self.until: int | None = None
        self.events = 0
        self._ahead: tuple[int, asyncio.Task[list[Commit]]] | None = None

    async def read(self, after: int, limit: int, size: int = 16_000_000) -> list[Commit]:
        found = (await self._taken(after) or await super().read(after, limit, size))[: self._room(after, limit)]
        if len(found) == limit and self._room(after, 2 * limit) > limit:
            last = found[-1].position
            self._ahead = last, asyncio.create_task(super().read(last, limit, size))
        self.events += sum(len(each.events) for each in found)
        return found

    def _room(self, after: int, limit: int) -> int:
        return limit if self.until is None else max(0, min(limit, self.until - after))

    async def _taken(self, after: int) -> list[Commit]:
        """What was read ahead from this place; nothing where that is another one, or was in vain."""
        ahead, self._ahead = self._ahead, None
        if ahead is None:
            return []
        with suppress(LogBroken):  # it is met again, and then it is told
            found = await ahead[1]
            return found if ahead[0] == after else []
        return []

    async def close(self) -> None:
        if self._ahead:
            await end(self._ahead[1])


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: read models by name, none being all that have changed; all of them with `every`.

    With `dry` everything is built and compared and nothing is kept; with `back` the edition of this code that was
    live last becomes live again.
    """

    names: tuple[str, ...] = ()
    every: bool = False
    dry: bool = False
    back: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """An edition that may become live in the place of another, the first one where there is none.

    `begun` says that there was nothing of it before.
    """

    model: ReadModel
    live: Live | None
    begun: bool

    @property
    def id(self) -> str:
        return id_of(self.model)


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What became of a candidate: `switched`, or not, and then `reason` says why."""

    candidate: Candidate
    comparison: Comparison | None
    switched: bool
    reason: str = ""


@dataclass
class Rebuilding:
    """One run of `tidegate rebuild`."""

    database: Database
    model: Model
    identity: UUID
    settings: Settings
    progress: Progress = lambda position, events: None
    _names: list[str] = field(default_factory=list[str], init=False)
    "Of the read models that are claimed."
    _failures: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._lives, self._rebuilds = Lives(self.database), Rebuilds(self.database)
        self._log = Counted(self.database, self.model)
        self._batches = self.settings.model_copy(update={"fold_commits": _BATCH * self.settings.fold_commits})
        self._store = ViewStore(self.database)
        self._leases = Leases(self.database, lambda: None)

    async def run(self, wish: Wish) -> list[Rebuilt]:
        """Raises RebuildRefused, and then nothing was changed."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._store.close)
            stack.push_async_callback(self._log.close)
            await stack.enter_async_context(self._leases)
            chosen = await self._chosen(wish)
            candidates = [await stack.enter_async_context(self._claimed(each)) for each in chosen]
            await self._refuse_if_built_already(candidates)
            await stack.enter_async_context(self._renewed())
            self._leases.fold([each.id for each in candidates])
            return await self._rebuilt(candidates, wish)

    async def _chosen(self, wish: Wish) -> list[Candidate]:
        models = {each.name: each for each in self.model.read_models}
        for name in wish.names:
            if name not in models:
                raise RebuildRefused(f"There is no read model {name}; there are {', '.join(models)}.")
        lives, editions = await self._lives.all(), await self._lives.editions()
        chosen = [models[name] for name in wish.names] or [*models.values()]
        if wish.back:
            found = [_back(each, lives.get(each.name), editions) for each in chosen]
        else:
            forced = wish.every or bool(wish.names)
            found = [_anew(each, lives.get(each.name), editions, forced) for each in chosen]
        if wish.back and not any(found):
            raise RebuildRefused("This release has no edition that was live before; nothing was changed.")
        return [each for each in found if each]

    @asynccontextmanager
    async def _claimed(self, chosen: Candidate) -> AsyncGenerator[Candidate]:
        """The candidate while nobody else may rebuild it, or what a killed rebuild has left of it."""
        claim = await self._rebuilds.claim(chosen.model.name)
        try:
            left = [each for each in await self._lives.editions(claim.read_model) if each.id == claim.left]
            candidate = _resumed(chosen, left[0]) if left else chosen
            await self._rebuilds.name(claim.read_model, candidate.id)
            self._names.append(claim.read_model)
            try:
                yield candidate
            except BaseException:
                await self._discard(candidate)
                raise
        finally:
            await self._rebuilds.release(claim.read_model)

    @asynccontextmanager
    async def _renewed(self) -> AsyncGenerator[None]:
        """While in the block, everybody can see that this rebuild lives."""

        async def renew() -> None:
            while True:
                await asyncio.sleep(RENEWAL)
                await self._prove()

        task = asyncio.create_task(renew(), name="rebuild")
        try:
            yield
        finally:
            await end(task)

    async def _prove(self) -> None:
        """Raises RebuildRefused where another rebuild took over."""
        for name in self._names:
            await self._rebuilds.renew(name)

    async def _refuse_if_built_already(self, candidates: Sequence[Candidate]) -> None:
        others = await self._leases.others()
        for each in candidates:
            if any(each.id in folds for folds in others):
                raise RebuildRefused(
                    f"The read model {each.model.name} is being built by a running watcher; it becomes live by "
                    "itself. Nothing was changed."
                )

    async def _rebuilt(self, candidates: Sequence[Candidate], wish: Wish) -> list[Rebuilt]:
        """All are built together up to where the live ones are; then each one is compared and switched to."""
        live = [each.live.edition for each in candidates if each.live]
        if candidates:
            until = min(await self._positions(live), default=0)
            await self._fold(await self._builder(candidates), until)
        return [await self._finished(each, wish) for each in candidates]

    async def _finished(self, candidate: Candidate, wish: Wish) -> Rebuilt:
        builder = await self._builder([candidate])
        comparison = await self._compared(candidate, builder)
        if wish.dry:
            await self._discard(candidate)
            return Rebuilt(candidate, comparison, False, "not asked to switch")
        await self._fold(builder, await self._log.end())
        if await self._would_freeze(candidate):
            return Rebuilt(
                candidate, comparison, False, "no process of this release runs that would keep it current"
            )
        await self._switch(candidate, builder)
        return Rebuilt(candidate, comparison, True)

    async def _discard(self, candidate: Candidate) -> None:
        """Leave nothing of what this rebuild has begun, unless a watcher goes on with it."""
        others = await self._leases.others()
        if candidate.begun and not any(candidate.id in folds for folds in others):
            await self._prove()
            await self._lives.drop(candidate.id)

    async def _builder(self, candidates: Sequence[Candidate]) -> Builder:
        """What builds these editions from where they stand."""
        plans = [plan(each.model) for each in candidates]
        builder = Builder(plans, self._log, self._store, self._batches, self._leases.holds)
        await builder.start(self.identity)
        return builder

    async def _fold(self, builder: Builder, until: int) -> None:
        """Returns when these editions stand at `until`, or where they were if that is further."""
        self._log.until = until
        while (reached := min(each.checkpoint.position for each in builder.workings.values())) < until:
            self.progress(reached, self._log.events)
            await self._round(builder)

    async def _round(self, builder: Builder) -> None:
        """Go on by a batch. Raises RebuildRefused where an edition can't be built."""
        try:
            await builder.round()
            if len(builder.active()) < len(builder.workings):
                await asyncio.sleep(_PAUSE)  # a watcher of this release has come, and has taken its share
                await builder.reload()
        except Fenced:
            await builder.reload()
        except Exception as error:
            await self._patiently(error)
            await builder.reload()
        else:
            self._failures = 0
        for each in builder.workings.values():
            if each.stopped:
                raise RebuildRefused(f"The read model {each.plan.model.name} can't be rebuilt: {each.stopped}")

    async def _patiently(self, error: Exception) -> None:
        """An election, or a server that is late: what is not committed is done again. Raises what goes on too long."""
        self._failures += 1
        if self._failures > _ATTEMPTS:
            raise error
        _log.warning("The rebuild tries again after %s.", type(error).__name__)
        await asyncio.sleep(self._failures)

    async def _compared(self, candidate: Candidate, builder: Builder) -> Comparison | None:
        """None where there is nothing to compare with, or only something that is behind and stands still."""
        while candidate.live:
            built = builder.workings[candidate.id].checkpoint.position
            async with Snapshot(self.database, candidate.live.edition) as before:
                if built > before.position:
                    return None
                if before.position - built <= CLOSE:
                    await self._fold(builder, before.position)
                    return await compare(before, self.database, candidate.id)
            await self._fold(builder, before.position)
        return None

    async def _would_freeze(self, candidate: Candidate) -> bool:
        """Whether the live edition is kept current by processes that can't do that for this one."""
        others, live = await self._leases.others(), candidate.live
        if live is None or fits(candidate.model, live) or any(candidate.id in folds for folds in others):
            return False
        return any(live.edition in folds for folds in others)

    async def _switch(self, candidate: Candidate, builder: Builder) -> None:
        """Follows the log until it is as far as the live edition, which moves on meanwhile."""
        await self._prove()
        self._log.until = None
        edition = builder.workings[candidate.id].checkpoint
        if candidate.live is None:
            return await self._lives.begin(live(edition))
        while True:
            try:
                await self._lives.switch(candidate.live, candidate.live.then(edition))
            except Moved:
                if (await self._lives.all())[candidate.model.name] != candidate.live:
                    raise RebuildRefused(f"Somebody else switched {candidate.model.name} meanwhile.") from None
                await self._round(builder)
            else:
                return await self._forget(candidate)

    async def _forget(self, candidate: Candidate) -> None:
        """Drop what was live before the one that was live before, unless a release runs that still reads it."""
        now = (await self._lives.all())[candidate.model.name]
        others = await self._leases.others()
        old = [each for each in now.past[:-1] if not any(each in folds for folds in others)]
        if old:
            await self._lives.forget(now, tuple(old))

    async def _positions(self, editions: Sequence[str]) -> list[int]:
        found = {each.id: each.position for each in await self._lives.editions()}
        return [found.get(each, 0) for each in editions]


def _anew(model: ReadModel, now: Live | None, editions: Sequence[Checkpoint], forced: bool) -> Candidate | None:
    """The edition of this code if it was never live; where it was, another one of the same version, if forced."""
    mine, there = own(model, editions, now), {each.id for each in editions}
    if id_of(mine) not in _asked(now):
        return Candidate(mine, now, id_of(mine) not in there)
    return Candidate(replace(model, generation=unused(model, editions)), now, True) if forced else None


def _back(model: ReadModel, now: Live | None, editions: Sequence[Checkpoint]) -> Candidate | None:
    """The edition of this code that was live last."""
    mine = {each.id: each for each in editions if fits(model, each)}
    found = next((mine[each] for each in reversed(now.past if now else ()) if each in mine), None)
    return Candidate(replace(model, generation=found.generation), now, False) if found else None


def _resumed(chosen: Candidate, left: Checkpoint) -> Candidate:
    """The edition that a killed rebuild had begun, if it is one that this one would build."""
    if not chosen.begun or not fits(chosen.model, left) or left.id in _asked(chosen.live):
        return chosen
    return replace(chosen, model=replace(chosen.model, generation=left.generation))


def _asked(now: Live | None) -> tuple[str, ...]:
    """The editions that are live or were it."""
    return (*now.past, now.edition) if now else ()
