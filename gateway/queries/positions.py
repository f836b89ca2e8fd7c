"""How far each read model is, as this process knows it."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from gateway.application.model import Model
from gateway.errors import NotYetVisible, ReadModelNotBuilt, ReadModelStopped, Unavailable
from gateway.mongo.changes import Changes, CheckpointMoved, CommitAdded, Heard, Interrupted, LiveMoved
from gateway.mongo.checkpoints import Checkpoint
from gateway.mongo.client import Database
from gateway.mongo.live import Live
from gateway.mongo.tasks import end
from gateway.queries.answering import Answering, answering
from gateway.queries.storage import Checkpoints

SILENCE = 1.0
"""Seconds without a word of any checkpoint after which those who wait have them looked up."""

HEARTBEAT = 1.5
"""Seconds within which a watcher that stands at the head has said so again."""


@dataclass(frozen=True, slots=True, eq=False)
class _Waiter:
    position: int
    woken: asyncio.Future[None]

    def wake(self) -> None:
        if not self.woken.done():
            self.woken.set_result(None)


class Positions:
    """What this process knows of the checkpoints: read when it is entered, then kept by listening.

    They are looked up again after an interruption, and when nothing is heard while somebody waits; never
    otherwise.
    """

    def __init__(self, database: Database, changes: Changes, model: Model) -> None:
        self.seen = changes.seen
        """Reads that show all that is known here."""
        self._checkpoints = Checkpoints(database, self.seen)
        self._changes = changes
        self._answering: dict[str, Answering] = answering(model.read_models)
        self._waiters: dict[str, dict[_Waiter, None]] = {name: {} for name in self._answering}
        self._began = datetime.now(UTC)
        self.head = 0
        "The greatest position of the log that this process has heard of."
        self._heard = time.monotonic()
        self._looking: asyncio.Task[None] | None = None
        self._stop: Callable[[], None] = lambda: None

    async def __aenter__(self) -> Self:
        """Raises Unavailable where the checkpoints can't be read."""
        self._stop = self._changes.listen(self._hear)
        try:
            await self._look()
        except BaseException:
            self._stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop()
        if self._looking:
            await end(self._looking)

    def edition(self, read_model: str) -> str:
        """The edition of the read model that answers now. Raises ReadModelNotBuilt where there is none."""
        found = self._answering[read_model].edition
        if found is None:
            raise ReadModelNotBuilt(read_model)
        return found

    def answers(self, checkpoint: Checkpoint) -> bool:
        """Whether it is the checkpoint of an edition that answers here."""
        found = self._answering.get(checkpoint.read_model)
        return found is not None and found.edition == checkpoint.id

    def frozen(self, read_model: str) -> bool:
        """Whether the read model stands still: nobody runs any more who could move what answers."""
        return self._answering[read_model].frozen

    def unready(self, read_model: str) -> str | None:
        """Why the read model can't be asked, or shows less and less; None while all is well."""
        if self._answering[read_model].edition is None:
            return str(ReadModelNotBuilt(read_model))
        return self.stopped(read_model)

    def reached(self, read_model: str) -> int:
        """The position up to which the read model shows everything, at least; 0 where nothing is built."""
        known = self.checkpoint(read_model)
        return known.position if known else 0

    def lag(self, read_model: str) -> float:
        """Seconds since the read model last stood at the head; 0 when it does."""
        known = self.checkpoint(read_model)
        passed = datetime.now(UTC) - (known.at_head if known else self._began)
        return passed.total_seconds() if passed.total_seconds() > HEARTBEAT else 0.0

    def stopped(self, read_model: str) -> str | None:
        """Why the read model can't go on; None while it can."""
        known = self.checkpoint(read_model)
        return known.stopped if known else None

    def checkpoint(self, read_model: str) -> Checkpoint | None:
        """Of the edition that answers; None before anything is known of it, and for what follows from no events."""
        found = self._answering.get(read_model)
        return found.checkpoint if found else None

    async def wait(self, read_model: str, position: int, timeout: float) -> None:
        """Return when the read model has reached `position`.

        Raises NotYetVisible after `timeout` seconds; at once, ReadModelStopped when it won't come so far, and
        ReadModelNotBuilt when there is nothing to ask, whatever the position.
        """
        deadline = time.monotonic() + timeout
        self.edition(read_model)
        while self.reached(read_model) < position:
            if reason := self.stopped(read_model):
                raise ReadModelStopped(read_model, self.reached(read_model), reason)
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise NotYetVisible(read_model, position, self.reached(read_model))
            await self._news(read_model, position, remaining)

    async def wait_until(self, read_model: str, moment: datetime, timeout: float) -> None:
        """Return when the read model has stood at the head of the log at a moment or after it; raises the same."""
        deadline = time.monotonic() + timeout
        while (known := self.checkpoint(read_model)) is None or known.at_head < moment:
            reached = self.reached(read_model)
            if reason := self.stopped(read_model):
                raise ReadModelStopped(read_model, reached, reason)
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise NotYetVisible(read_model, max(self.head, reached + 1), reached)
            await self._news(read_model, 0, remaining)

    async def _news(self, read_model: str, position: int, remaining: float) -> None:
        """Wait until the read model may be there, until time is up, or until it has been silent too long."""
        silent = time.monotonic() - self._heard
        if silent >= SILENCE:
            self._look_up()
            silent = 0.0
        loop = asyncio.get_running_loop()
        waiter = _Waiter(position, loop.create_future())
        self._waiters[read_model][waiter] = None
        timer = loop.call_later(min(remaining, SILENCE - silent), waiter.wake)
        try:
            await waiter.woken
        finally:
            timer.cancel()
            del self._waiters[read_model][waiter]

    def _hear(self, heard: Heard) -> None:
        match heard:
            case CheckpointMoved(checkpoint):
                self._heard = time.monotonic()
                self._learn(checkpoint, heard=True)
            case LiveMoved(live):
                self._switch(live)
            case CommitAdded(position):
                self.head = max(self.head, position)
            case Interrupted():
                self._look_up()
            case _:
                pass

    def _learn(self, checkpoint: Checkpoint, heard: bool) -> None:
        name = checkpoint.read_model
        if (found := self._answering.get(name)) is None:
            return  # of another application
        if heard:
            found.hear(checkpoint)
        else:
            found.read(checkpoint)
        self._wake(name)

    def _switch(self, live: Live) -> None:
        if found := self._answering.get(live.read_model):
            found.switch(live)
            self._wake(live.read_model)

    def _wake(self, name: str) -> None:
        known = self.checkpoint(name)
        for waiter in self._waiters[name]:
            if known and (known.position >= waiter.position or known.stopped):
                waiter.wake()

    def _look_up(self) -> None:
        """Look without making anybody wait for it."""
        self._heard = time.monotonic()
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._try_to_look())

    async def _try_to_look(self) -> None:
        with suppress(Unavailable):  # the next word of a checkpoint, or the next one who waits, makes it good
            await self._look()

    async def _look(self) -> None:
        """Take in what is stored, unless something newer was heard meanwhile."""
        before = {name: (each.live, {**each.editions}) for name, each in self._answering.items()}
        for live in await self._checkpoints.live():
            if live.read_model in before and self._answering[live.read_model].live is before[live.read_model][0]:
                self._switch(live)
        for checkpoint in await self._checkpoints.all():
            name, id_ = checkpoint.read_model, checkpoint.id
            if name in before and self._answering[name].editions.get(id_) is before[name][1].get(id_):
                self._learn(checkpoint, heard=False)
