"""Rebuilds read models beside the live ones: build, compare at one position, switch, keep the old one.

Nothing that is asked is touched before the switch, and nobody waits: the live edition is kept current meanwhile by
whoever keeps it current.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from uuid import UUID

from gateway.application.model import Model
from gateway.errors import RebuildRefused
from gateway.eventlog.storage import EventLog
from gateway.mongo.client import Database, answering
from gateway.mongo.live import Lives, Moved, live
from gateway.mongo.rebuilds import Rebuilds
from gateway.mongo.tasks import end
from gateway.projections import codes
from gateway.projections.building import Builder
from gateway.projections.editions import parks_more
from gateway.projections.folding.reach import plan
from gateway.projections.leases import RENEWAL, Leases
from gateway.projections.reading import Reader
from gateway.projections.rebuild.candidates import Candidate, Wish, asked, chosen, resumed
from gateway.projections.rebuild.comparing import SNAPSHOT_GONE, Comparison, Snapshot, compare
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
        self._batches = self.settings.model_copy(update={"fold_commits": _BATCH * self.settings.fold_commits})
        log = EventLog(self.database, self.model)
        self._reader = Reader(log, self._batches.fold_commits, self._batches.fold_bytes)
        self._store = ViewStore(self.database)
        self._leases = Leases(self.database, lambda: None)

    async def run(self, wish: Wish) -> list[Rebuilt]:
        """Raises RebuildRefused; what is live by then stays live, and of the rest nothing is left."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._reader.close)
            await stack.enter_async_context(self._leases)
            wanted = await chosen(self.model, self._lives, wish)
            candidates = [await stack.enter_async_context(self._claimed(each)) for each in wanted]
            await self._refuse_if_built_already(candidates)
            await stack.enter_async_context(self._renewed())
            await codes.look(self.database, [each.model for each in candidates])
            self._leases.fold([each.id for each in candidates])
            return await self._rebuilt(candidates, wish)

    @asynccontextmanager
    async def _claimed(self, wanted: Candidate) -> AsyncGenerator[Candidate]:
        """The candidate while nobody else may rebuild it, or what a killed rebuild has left of it."""
        claim = await self._rebuilds.claim(wanted.model.name)
        try:
            left = [each for each in await self._lives.editions(claim.read_model) if each.id == claim.left]
            candidate = resumed(wanted, left[0]) if left else wanted
            if candidate.begun and not left and candidate.anew:
                await self._lives.drop(candidate.id)  # what is there without a checkpoint was never taken away
            await self._rebuilds.name(claim.read_model, candidate.id)
            self._names.append(claim.read_model)
            try:
                yield candidate
            except BaseException:
                await self._discard(candidate)
                raise
        finally:
            self._names = [each for each in self._names if each != claim.read_model]
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
            bare = [replace(each, model=replace(each.model, paths=())) for each in candidates]
            async with self._builder(bare) as builder:  # indexes cost less when the views are there
                await self._fold(builder, until)
        return [await self._finished(each, wish) for each in candidates]

    async def _finished(self, candidate: Candidate, wish: Wish) -> Rebuilt:
        async with self._builder([candidate]) as builder:
            return await self._completed(candidate, wish, builder)

    async def _completed(self, candidate: Candidate, wish: Wish, builder: Builder) -> Rebuilt:
        comparison = await self._compared(candidate, builder)
        if wish.dry:
            await self._discard(candidate)
            return Rebuilt(candidate, comparison, False, "not asked to switch")
        await self._fold(builder, await self._reader.end())
        if more := await self._parks_more(candidate):
            await self._discard(candidate)
            return Rebuilt(candidate, comparison, False, more)
        if await self._would_freeze(candidate):
            return Rebuilt(
                candidate, comparison, False, "no process of this release runs that would keep it current"
            )
        await self._switch(candidate, builder)
        return Rebuilt(candidate, comparison, True)

    async def _discard(self, candidate: Candidate) -> None:
        """Leave nothing of what this rebuild has begun, unless it is live by now, or a watcher goes on with it."""
        name = candidate.model.name
        if not candidate.begun or candidate.id in asked((await self._lives.all()).get(name)):
            return
        if not any(candidate.id in folds for folds in await self._leases.others()):
            await self._rebuilds.renew(name)
            await self._lives.drop(candidate.id)

    @asynccontextmanager
    async def _builder(self, candidates: Sequence[Candidate]) -> AsyncGenerator[Builder]:
        """What builds these editions from where they stand."""
        plans = [plan(each.model) for each in candidates]
        builder = Builder(plans, self._reader, self._store, self._batches, self._leases.holds)
        await builder.start(self.identity)
        try:
            yield builder
        finally:
            await builder.end()

    async def _fold(self, builder: Builder, until: int) -> None:
        """Returns when these editions stand at `until`, or where they were if that is further."""
        self._reader.until = until
        while (reached := min(each.checkpoint.position for each in builder.workings.values())) < until:
            self.progress(reached, self._reader.events)
            await self._round(builder)

    async def _round(self, builder: Builder) -> None:
        """Go on by a batch. Raises RebuildRefused where an edition can't be built."""
        try:
            with answering():  # also ends here when it was told to and the driver swallowed it
                await builder.round()
            if len(builder.active()) < len(builder.workings):
                await asyncio.sleep(_PAUSE)  # a watcher of this release has come, and has taken its share
                await builder.reload(builder.free())
        except Fenced:
            await builder.reload(builder.free())
        except Exception as error:
            await self._patiently(error)
            await builder.reload(builder.free())
        else:
            self._failures = 0
        for each in builder.workings.values():
            if each.stopped:
                raise RebuildRefused(f"The read model {each.plan.model.name} can't be rebuilt: {each.stopped}")

    async def _patiently(self, error: Exception) -> None:
        """An election, or a server that is late: it is done again. Raises what goes on for too long."""
        self._failures += 1
        if self._failures > _ATTEMPTS:
            raise error
        _log.warning("The rebuild tries again after %s.", type(error).__name__)
        await asyncio.sleep(self._failures)

    async def _compared(self, candidate: Candidate, builder: Builder) -> Comparison | None:
        """None where there is nothing to compare with, or only what is behind and stands still, or is too large."""
        while candidate.live:
            built = builder.workings[candidate.id].checkpoint.position
            async with Snapshot(self.database, candidate.live.edition) as before:
                if built > before.position:
                    return None
                if before.position - built <= CLOSE:
                    await self._fold(builder, before.position)
                    return await self._compare(before, candidate)
            await self._fold(builder, before.position)
        return None

    async def _compare(self, before: Snapshot, candidate: Candidate) -> Comparison | None:
        try:
            return await compare(before, self.database, candidate.id)
        except Exception as error:
            if getattr(error, "code", None) not in SNAPSHOT_GONE:
                raise
            return None

    async def _parks_more(self, candidate: Candidate) -> str | None:
        """Why an edition may not take the live one's place: its code can't apply events that the other's could."""
        there = {each.id: each for each in await self._lives.editions(candidate.model.name)}
        live = there.get(candidate.live.edition) if candidate.live else None
        if live is None or not parks_more(there[candidate.id], live):
            return None
        return "it parks more keys than the live one: mend its code"

    async def _would_freeze(self, candidate: Candidate) -> bool:
        """Whether the live edition is kept current by processes that can't do that for this one."""
        others, live = await self._leases.others(), candidate.live
        if live is None or candidate.anew or any(candidate.id in folds for folds in others):
            return False
        return any(live.edition in folds for folds in others)

    async def _switch(self, candidate: Candidate, builder: Builder) -> None:
        """Follows the log until it is as far as the live edition, which moves on meanwhile."""
        await self._prove()
        self._reader.until = None
        edition = builder.workings[candidate.id].checkpoint
        if candidate.live is None:
            return await self._lives.begin(live(edition))
        while True:
            try:
                await self._lives.switch(candidate.live, candidate.live.then(edition))
            except Moved:
                now = (await self._lives.all())[candidate.model.name]
                if now.edition == candidate.id:
                    return None  # a watcher of this release has come, and was faster
                if now != candidate.live:
                    raise RebuildRefused(f"Somebody else switched {candidate.model.name} meanwhile.") from None
                await self._round(builder)
                edition = builder.workings[candidate.id].checkpoint
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
