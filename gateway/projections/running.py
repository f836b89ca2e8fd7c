"""Lanes at work side by side: each batch of one is a task of its own, so none waits for another."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeAlias

from gateway.mongo.repeated import Repeated
from gateway.mongo.tasks import end
from gateway.projections.building import Builder
from gateway.projections.storage import Fenced
from gateway.projections.working import Working

BEAT = 1.0
"""Seconds between two looks at everything that nobody rings for."""

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
"""Seconds between two attempts while MongoDB does not answer."""

STAND_BACK = 0.1
"""Seconds at most that a watcher gives way to another one that was faster."""

_log = logging.getLogger(__name__)

Step: TypeAlias = Callable[[], Awaitable[bool]]
"""Something to do; whether there may be more of it."""


class Running:
    """Sets the lanes of a builder to work; `done` is called whenever something has come to its end."""

    def __init__(self, builder: Builder, done: Callable[[], object]) -> None:
        self._builder, self._done = builder, done
        self._tasks: set[asyncio.Task[None]] = set()
        self._heard = 0
        self._looked: dict[str, float] = {}
        self._inspected = 0.0
        self._inspecting: asyncio.Task[None] | None = None
        self._idle: dict[str, int] = {}
        """The read models that found nothing to do, with the last position that had been heard of by then."""
        self._repeated = Repeated()

    def hear(self, position: int) -> bool:
        """There is a commit at this position; whether somebody lacks it who is not at work anyway."""
        self._heard = max(self._heard, position)
        return any(each.checkpoint.position < position for each in self._builder.active() if not each.busy)

    def doubt(self) -> None:
        """Something may not have been heard: everybody looks."""
        self._idle.clear()

    def begin(self) -> float:
        """Set everybody to work who has some and is at none. Returns when to do that again, by the loop's clock."""
        now = asyncio.get_running_loop().time()
        if (self._inspecting is None or self._inspecting.done()) and self._inspected + BEAT <= now:
            self._inspected, self._inspecting = now, self._go((), self._builder.inspect)
        free = self._builder.free()
        known = [self._known(each, now) for each in free]
        if min(known, default=now) + BEAT <= now:  # with all whose time has nearly come: so they stay together
            due = [each for each, at in zip(free, known, strict=True) if at + BEAT / 2 <= now]
            self._looked.update({each.checkpoint.id: now for each in due})
            self._go(due, partial(self._builder.look, due))
        for lane in self._builder.lanes():
            if not all(map(self._rests, lane.members)):
                self._go(lane.members, partial(self._builder.advance, lane))
        return min([self._known(each, now) for each in free], default=now) + BEAT

    async def end(self) -> None:
        """Ends in the midst of whatever is at work: what is not committed never was."""
        for each in [*self._tasks]:
            await end(each)
        self._looked.clear()
        self._idle.clear()

    def log_once(self, error: Exception) -> None:
        if kind := self._repeated.first(error):
            _log.warning("The watcher tries again after %s.", kind, exc_info=True)

    def _known(self, working: Working, now: float) -> float:
        """When it was last looked at, or when a batch said as much: then no batch has to wait for a look."""
        return max(self._looked.setdefault(working.checkpoint.id, now), working.said)

    def _rests(self, working: Working) -> bool:
        """Whether there is nothing new since it found nothing."""
        known = self._idle.get(working.checkpoint.id)
        return known is not None and self._heard <= max(known, working.checkpoint.position)

    def _go(self, members: Sequence[Working], step: Step) -> asyncio.Task[None]:
        for each in members:
            each.busy = True
            self._idle.pop(each.checkpoint.id, None)
        task = asyncio.create_task(self._step(members, step), name="lane")
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._settle(members, done))
        return task

    def _settle(self, members: Sequence[Working], task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        for each in members:
            each.busy = False
        self._done()

    async def _step(self, members: Sequence[Working], step: Step) -> None:
        heard = self._heard
        try:
            more = await step()
        except Fenced:
            await self._again(members, random.uniform(0, STAND_BACK))
        except Exception as error:
            self.log_once(error)
            failures = max((each.failures for each in members), default=0)
            await self._again(members, pause(failures), failures + 1)
        else:
            if not more:
                self._idle.update({each.checkpoint.id: heard for each in members})
                for each in members:
                    each.failures = 0

    async def _again(self, members: Sequence[Working], seconds: float, failures: int = 0) -> None:
        """After a pause, go on from where the checkpoints are now."""
        for each in members:
            each.failures = failures
        await asyncio.sleep(seconds)
        while True:
            try:
                return await self._builder.reload(members)
            except Exception as error:
                self.log_once(error)
                failures += 1
                await asyncio.sleep(pause(failures))


def pause(failures: int) -> float:
    """Seconds until the next attempt after so many that failed."""
    return min(FIRST_PAUSE * 2 ** min(failures, 10), LONGEST_PAUSE)
