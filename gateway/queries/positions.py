"""How far each read model is, as this process knows it."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from gateway.application.model import Model
from gateway.errors import NotYetVisible, ReadModelStopped, Unavailable
from gateway.mongo.changes import Changes, CheckpointMoved, CommitAdded, Heard, Interrupted
from gateway.mongo.checkpoints import Checkpoint
from gateway.mongo.client import Database
from gateway.mongo.tasks import end
from gateway.queries.storage import Checkpoints

SILENCE = 1.0
"""Seconds without a word of any checkpoint after which those who wait have them looked up."""

HEARTBEAT = 1.5
"""Seconds within which a watcher that stands at the head has said so again."""


@dataclass(frozen=True, slots=True)
class _Waiter:
    position: int
    woken: asyncio.Future[None]


class Positions:
    """What this process knows of the checkpoints: read when it is entered, then kept by listening.

    They are looked up again after an interruption, and when nothing is heard while somebody waits; never
    otherwise.
    """

    def __init__(self, database: Database, changes: Changes, model: Model) -> None:
        self._checkpoints = Checkpoints(database)
        self._changes = changes
        self._versions = {each.name: each.version for each in model.read_models}
        self._known: dict[str, Checkpoint] = {}
        self._waiters: dict[str, list[_Waiter]] = {name: [] for name in self._versions}
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

    def reached(self, read_model: str) -> int:
        """The position up to which the read model shows everything, at least; 0 where nothing is built."""
        known = self._known.get(read_model)
        return known.position if known else 0

    def lag(self, read_model: str) -> float:
        """Seconds since the read model last stood at the head; 0 when it does."""
        known = self._known.get(read_model)
        passed = datetime.now(UTC) - (known.at_head if known else self._began)
        return passed.total_seconds() if passed.total_seconds() > HEARTBEAT else 0.0

    def stopped(self, read_model: str) -> str | None:
        """Why the read model can't go on; None while it can."""
        known = self._known.get(read_model)
        return known.stopped if known else None

    async def wait(self, read_model: str, position: int, timeout: float) -> None:
        """Return when the read model has reached `position`.

        Raises NotYetVisible after `timeout` seconds, ReadModelStopped at once when it won't come so far.
        """
        deadline = time.monotonic() + timeout
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
        while (known := self._known.get(read_model)) is None or known.at_head < moment:
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
        waiter = _Waiter(position, asyncio.get_running_loop().create_future())
        self._waiters[read_model].append(waiter)
        try:
            await asyncio.wait([waiter.woken], timeout=min(remaining, SILENCE - silent))
        finally:
            self._waiters[read_model].remove(waiter)

    def _hear(self, heard: Heard) -> None:
        match heard:
            case CheckpointMoved(checkpoint):
                self._heard = time.monotonic()
                self._learn(checkpoint)
            case CommitAdded(position):
                self.head = max(self.head, position)
            case Interrupted():
                self._look_up()
            case _:
                pass

    def _learn(self, checkpoint: Checkpoint) -> None:
        name = checkpoint.read_model
        if checkpoint.version != self._versions.get(name):
            return  # of another release: its views are not those that are read here
        self._known[name] = checkpoint
        for waiter in self._waiters[name]:
            if (checkpoint.position >= waiter.position or checkpoint.stopped) and not waiter.woken.done():
                waiter.woken.set_result(None)

    def _look_up(self) -> None:
        """Look without making anybody wait for it."""
        self._heard = time.monotonic()
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._try_to_look())

    async def _try_to_look(self) -> None:
        with suppress(Unavailable):  # the next word of a checkpoint, or the next one who waits, makes it good
            await self._look()

    async def _look(self) -> None:
        before = {**self._known}
        for checkpoint in await self._checkpoints.all():
            if self._known.get(checkpoint.read_model) is before.get(checkpoint.read_model):
                self._learn(checkpoint)  # what was heard meanwhile is newer
