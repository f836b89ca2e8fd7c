"""Parked keys, folded again: with the code as it is now, from the first event that their views lack.

Each step is one transaction that begins by taking the checkpoint: a watcher that is about to move it has to do that
again, from what is left here. So nothing is applied twice, and no event is lost between the two.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from gateway.errors import NotRetried, Unavailable
from gateway.eventlog.storage import EventLog
from gateway.messages import RecordedEvent
from gateway.mongo.checkpoints import Checkpoint, id_of
from gateway.mongo.client import Database, settle
from gateway.mongo.parked import ParkedKey, Place
from gateway.mongo.transactions import transact
from gateway.projections.folding.fold import Folded, fold
from gateway.projections.folding.reach import FoldFailed, Plan, Step, reach
from gateway.projections.parking.aside import Park, place_of
from gateway.projections.parking.storage import Skipped
from gateway.projections.storage import Update, ViewsRefused, ViewStore

MOST = 100
"""How many events one transaction applies."""

PATIENCE, PAUSE = 30.0, 0.05
"""Seconds for which a commit that is applied in parts is waited for, and between two looks."""


class _InMidCommit(Exception):
    """The read model stands between two views that an event reaches: which ones it has passed is not told."""


@dataclass(frozen=True, slots=True)
class Retried:
    """What came of it: how many events were applied, and the key if it is parked still, or again."""

    applied: int
    parked: ParkedKey | None


@dataclass(frozen=True, slots=True)
class Skip:
    """Who drops the event at a place."""

    place: Place
    by: str


@dataclass(frozen=True, slots=True)
class Retrying:
    """Folds parked keys of one read model again. Everything raises NotRetried for what is not parked."""

    database: Database
    log: EventLog
    plan: Plan
    store: ViewStore

    @property
    def of(self) -> str:
        return id_of(self.plan.model)

    async def parked(self, name: str) -> ParkedKey:
        """What is known of a parked key."""
        found = await self.store.parked.find(self.of, name)
        if found is None:
            raise self._unknown(name)
        return found

    async def keys(self) -> list[str]:
        """All parked keys of the read model, what waits longest first."""
        return [each.name for each in await self.store.parked.all([self.of], 0)]

    async def retry(self, name: str) -> Retried:
        """Apply the kept events of a key in their order, up to the first at which the fold raises."""
        return await self._go_on(name, await self._one(name, None))

    async def skip(self, name: str, skip: Skip) -> Retried:
        """Drop the event that a key waits for, if it is this one, put that on record, and apply the rest."""
        return await self._go_on(name, await self._one(name, skip))

    async def _go_on(self, name: str, done: "_Done") -> Retried:
        applied = done.applied
        while done.more:
            done = await self._one(name, None)
            applied += done.applied
        return Retried(applied, done.parked)

    async def _one(self, name: str, skip: Skip | None) -> "_Done":
        """One transaction, between two commits: one that is applied in parts is waited for."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return await self._transact(name, skip)
            except (FoldFailed, ViewsRefused) as error:
                raise NotRetried(f"The view of {name} can't be read or stored: {error}") from error
            except _InMidCommit:
                if time.monotonic() > deadline:
                    raise Unavailable(f"{self.of} is in the midst of a commit: a watcher must finish it.") from None
                await asyncio.sleep(PAUSE)

    async def _transact(self, name: str, skip: Skip | None) -> "_Done":
        """The body reads all that it rests on, so it may run twice."""
        done: list[_Done] = []

        async def body(session: Any) -> None:
            done.append(await self._attempt(name, skip, session))

        session: Any = await settle(self.database.client.start_session())
        try:
            await transact(self.database, session, body)
        finally:
            await settle(session.end_session())
        return done[-1]

    async def _attempt(self, name: str, skip: Skip | None, session: Any) -> "_Done":
        before = await self.store.taken(self.of, session)
        parked = await self.store.parked.find(self.of, name, session) if before else None
        if before is None or parked is None:
            raise self._unknown(name)
        if before.progress:
            raise _InMidCommit
        if skip and skip.place != parked.place:
            raise NotRetried(f"The key {name} waits for the event {parked.place}, not for {skip.place}.")
        places = await self.store.parked.places(parked, MOST + 1, session)
        steps = await self._steps(parked, places[:MOST], skip)
        documents = await self.store.begun(self.plan.model, [parked.key], session)
        folded = fold(self.plan, steps, documents, thorough=True)
        if skip:
            await self.store.parked.skip(Skipped(parked, skip.by, datetime.now(UTC)), session)
        return await self._write(before, parked, _Folding(folded, places), session)

    async def _write(self, before: Checkpoint, parked: ParkedKey, folding: "_Folding", session: Any) -> "_Done":
        store, again = self.store.parked, folding.again
        await self.store.put(Update(self.plan, before, before, replace(folding.folded, kept=())), session)
        if folding.rest:
            await store.move(parked, folding.rest[0], session)
        else:
            await store.release(parked, session)
        revision = before.parked.revision if before.parked else 0
        after = replace(before, parked=await store.keys(self.of, revision, session))
        await self.store.replace(after, [parked.key], session)
        left = await store.find(self.of, parked.name, session)
        return _Done(folding.applied, left, more=left is not None and again is None)

    async def _steps(self, parked: ParkedKey, places: Sequence[Place], skip: Skip | None) -> list[Step]:
        """The events at these places on their way to the key. Raises NotRetried where they lead elsewhere now."""
        commits = await self.log.at({each.position for each in places})
        found = [event for at in places for event in commits[at.position].events if event.index == at.index]
        reached = reach(self.plan, [[each] for each in found])
        if reached.failure:
            raise NotRetried(f"The key of an event can't be told: {reached.failure}")
        if any(not each.links and self.plan.store_key(each.key) != parked.key for each in reached.steps):
            raise NotRetried("The events of this key have another one now: the read model is to be built anew.")
        return [_dropped(each) if skip and place_of(each) == skip.place else each for each in reached.steps]

    def _unknown(self, name: str) -> NotRetried:
        return NotRetried(f"The read model {self.plan.model.name} has no parked key {name}.")

    async def first(self, parked: ParkedKey) -> RecordedEvent | None:
        """The event that a key waits for; None where it can't be found."""
        commit = (await self.log.at([parked.place.position]))[parked.place.position]
        return next((each for each in commit.events if each.index == parked.place.index), None)


@dataclass(frozen=True, slots=True)
class _Folding:
    """What became of the events at some places, of which the last may not have been tried."""

    folded: Folded
    places: Sequence[Place]

    @property
    def again(self) -> Park | None:
        return next(iter(self.folded.parks), None)

    @property
    def rest(self) -> Sequence[Place]:
        """The places that are not applied."""
        if self.again is None:
            return self.places[MOST:]
        return [each for each in self.places if each >= place_of(self.again.step)]

    @property
    def applied(self) -> int:
        return len(self.places) - len(self.rest)


@dataclass(frozen=True, slots=True)
class _Done:
    applied: int
    parked: ParkedKey | None
    more: bool


def _dropped(step: Step) -> Step:
    """An event that is not folded; its view has the stream's version all the same, and a link reaches nobody."""
    return step._replace(folded=False)
