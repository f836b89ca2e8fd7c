"""Leases: read models are spread over the watchers that run, without a leader and without comparing clocks.

Each watcher shows a sign of life once a second and looks at everybody's. One whose sign has not changed for some
time, by the clock of who looks, is taken for dead. From those who live all work out the same shares. Two may
hold one read model for a moment, or none: leases only save work. What is written is fenced by the checkpoint.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Mapping, Set
from contextlib import suppress
from typing import Self
from uuid import UUID, uuid4

from gateway.mongo.client import Database
from gateway.mongo.tasks import end
from gateway.mongo.transactions import end_abandoned
from gateway.mongo.watchers import Sign, Signs

RENEWAL = 1.0
"""Seconds between two signs of life."""

LEASE = 2.5
"""Seconds without a new sign after which a watcher is taken for dead, by others and by itself."""

FAREWELL = 1.0
"""Seconds at most that a watcher that stops takes to give its leases back."""

_log = logging.getLogger(__name__)


def shares(folding: Mapping[UUID, Set[str]]) -> dict[str, UUID]:
    """Who holds what: each checkpoint goes to a watcher that can move it, to the one that holds the fewest so far.

    What fewer watchers can move is given first, so that it does not come on top of a full share.
    """
    able = {
        each: sorted(one for one in folding if each in folding[one]) for some in folding.values() for each in some
    }
    held, holders = dict.fromkeys(folding, 0), dict[str, UUID]()
    for checkpoint in sorted(able, key=lambda each: (len(able[each]), each)):
        holder = min(able[checkpoint], key=lambda one: held[one])
        holders[checkpoint] = holder
        held[holder] += 1
    return holders


class Leases:
    """What one watcher holds, while it is entered. `changed` is called when that has become something else."""

    def __init__(self, database: Database, changed: Callable[[], object]) -> None:
        self._database, self._changed = database, changed
        self._signs = Signs(database)
        self._own = Sign(uuid4(), 0, frozenset())
        self._seen: dict[UUID, tuple[int, float]] = {}
        self._living: dict[UUID, frozenset[str]] = {}
        self._held: frozenset[str] = frozenset()
        self._until = 0.0
        self._rung, self._looked = asyncio.Event(), asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._failing = False

    def holds(self, checkpoint: str) -> bool:
        """Whether this watcher is the one to move a checkpoint; not when its own sign of life is too old."""
        return checkpoint in self._held and time.monotonic() < self._until

    def fold(self, checkpoints: Collection[str]) -> None:
        """From now on this watcher can move these checkpoints, and no others."""
        if self._own.folds != frozenset(checkpoints):
            self._own = Sign(self._own.watcher, self._own.beat, frozenset(checkpoints))
            self.look()

    def look(self) -> None:
        """Look at once: somebody came or went."""
        self._rung.set()

    def living(self) -> list[frozenset[str]] | None:
        """What the other watchers that live can move; None while the dead can't be told from them yet."""
        return [*self._living.values()] if self._living.keys() >= self._seen.keys() else None

    async def others(self) -> list[frozenset[str]]:
        """The same; returns when the dead can be told."""
        while (living := self.living()) is None:
            self._looked.clear()
            await self._looked.wait()
        return living

    async def __aenter__(self) -> Self:
        """Returns when it is known what this watcher holds. Raises PyMongoError."""
        await self._renew()
        self._task = asyncio.create_task(self._run(), name="leases")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Gives everything back at once."""
        if self._task:
            await end(self._task)
        with suppress(Exception):  # whoever can't be told sees it by himself, a little later
            async with asyncio.timeout(FAREWELL):
                await self._signs.withdraw(self._own.watcher)

    async def _run(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pause()):
                    await self._rung.wait()
            try:
                await self._renew()
            except Exception as error:
                self._fail(error)

    def _pause(self) -> float:
        """Until the next sign is due, or until somebody who lives no more can be told from one who is late."""
        expiries = [since + LEASE - time.monotonic() for _, since in self._seen.values()]
        return max(0.0, min([RENEWAL, *expiries]))

    async def _renew(self) -> None:
        self._rung.clear()
        began = time.monotonic()
        own = self._own = Sign(self._own.watcher, self._own.beat + 1, self._own.folds)
        await self._signs.give(own)
        signs = [each for each in await self._signs.all() if each.watcher != own.watcher]
        dead = self._dead(signs)
        self._until, self._failing = began + LEASE, False
        self._hold({each.watcher: each.folds for each in (own, *signs) if each not in dead})
        if dead:
            await self._bury(dead)
        self._looked.set()

    def _dead(self, signs: Collection[Sign]) -> list[Sign]:
        """Those whose sign is the same for too long, of those just read: this process may have slept."""
        now, before = time.monotonic(), self._seen
        self._seen = {}
        for each in signs:
            beat, since = before.get(each.watcher, (None, now))
            self._seen[each.watcher] = (each.beat, since if beat == each.beat else now)
            if beat not in (None, each.beat):
                self._living[each.watcher] = each.folds
        self._living = {one: folds for one, folds in self._living.items() if one in self._seen}
        return [each for each in signs if now >= self._seen[each.watcher][1] + LEASE]

    def _hold(self, folding: Mapping[UUID, Set[str]]) -> None:
        own = self._own.watcher
        held = frozenset(each for each, holder in shares(folding).items() if holder == own)
        if held != self._held:
            self._held = held
            self._changed()

    async def _bury(self, dead: Collection[Sign]) -> None:
        """Make room for whoever takes over: what a killed process left open in MongoDB is ended."""
        for each in dead:
            _log.warning("The watcher %s gave no sign for %s s: others take over.", each.watcher, LEASE)
            self._seen.pop(each.watcher, None)
            self._living.pop(each.watcher, None)
            await self._signs.remove(each)
        await end_abandoned(self._database)

    def _fail(self, error: Exception) -> None:
        self._seen.clear()  # who could not be seen meanwhile has his time anew
        if not self._failing:
            self._failing = True
            _log.warning("No sign of life could be given (%s): this watcher rests.", type(error).__name__)
