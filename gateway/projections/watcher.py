"""The watcher: follows the log and keeps the read models up to it.

The change stream only rings; what is to be done is read from the log by position. If nothing rings for a
second, the watcher looks anyway.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from gateway.application.model import Model
from gateway.eventlog.storage import EventLog
from gateway.mongo.changes import (
    Changes,
    CommitAdded,
    Heard,
    Interrupted,
    LiveMoved,
    LogInvalidated,
    WatchersChanged,
)
from gateway.mongo.client import Database
from gateway.mongo.collections import Identity
from gateway.mongo.tasks import end
from gateway.projections import codes
from gateway.projections.building import Builder
from gateway.projections.editions import Editions
from gateway.projections.leases import Leases
from gateway.projections.reading import Reader
from gateway.projections.running import BEAT, Running, pause
from gateway.projections.starting import Taken
from gateway.projections.storage import ViewStore
from gateway.settings import Settings


@dataclass(frozen=True, slots=True)
class Status:
    """How far a read model is built in this process's eyes; `stopped` says why it can't go on."""

    read_model: str
    version: int
    position: int
    at_head: datetime
    stopped: str | None


@dataclass
class Watcher:
    """Builds an application's read models while it is entered; any number of them may run at once."""

    database: Database
    model: Model
    identity: Identity
    log: EventLog
    changes: Changes
    settings: Settings

    def __post_init__(self) -> None:
        self._rung = asyncio.Event()
        self._editions = Editions(self.database, self.model)
        self._leases = Leases(self.database, self._rung.set)
        self._reader = Reader(self.log, self.settings.fold_commits, self.settings.fold_bytes)
        store = ViewStore(self.database)
        self._builder = Builder([], self._reader, store, self.settings, self._leases.holds)
        self._running = Running(self._builder, self._rung.set)
        self._switched = self._doubt = False
        self._beat = 0.0
        self._invalidated: str | None = None
        self._task: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None

    def status(self) -> list[Status]:
        return [
            Status(each.read_model, each.version, each.position, each.at_head, working.stopped)
            for working in self._builder.workings.values()
            for each in [working.checkpoint]
        ]

    def held(self) -> list[str]:
        """The read models that this process builds now; others are built by other watchers."""
        return [each.plan.model.name for each in self._builder.active()]

    async def __aenter__(self) -> Self:
        """Returns when collections, indexes and checkpoints are there. Raises PyMongoError when they can't be."""
        self._deaf = self.changes.listen(self._hear)
        try:
            await self._begin()
            await self._leases.__aenter__()
        except BaseException:
            self._deaf()
            raise
        self._task = asyncio.create_task(self._run(), name="watcher")
        models = [each.model for each in self._builder.plans]
        self._looking = asyncio.create_task(codes.look(self.database, models), name="codes")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Ends in the midst of whatever it does: what is not committed never was."""
        self._deaf()
        if self._task:
            await end(self._task)
        if self._looking:
            await end(self._looking)
        await self._running.end()
        await self._reader.close()
        await self._builder.end()
        await self._leases.__aexit__()

    async def _begin(self) -> None:
        """Begin with the editions that this code folds, as they are now."""
        while True:
            self._builder.plans = await self._editions.plans()
            with suppress(Taken):
                await self._builder.start(self.identity.log)
                break
        await self._editions.begin([each.checkpoint for each in self._builder.workings.values()])
        self._leases.fold(self._builder.able())

    async def _follow(self) -> None:
        """Begin anew where another edition of this code is live now."""
        doubt, switched, self._doubt, self._switched = self._doubt, self._switched, False, False
        try:
            if switched or (doubt and await self._editions.missed(self._builder.workings)):
                await self._running.end()
                await self._begin()
        except BaseException:  # the next turn does it
            self._doubt, self._switched = self._doubt or doubt, self._switched or switched
            raise

    def _hear(self, heard: Heard) -> None:
        match heard:
            case CommitAdded(position):
                if self._running.hear(position):
                    self._rung.set()
            case LogInvalidated(reason):
                self._invalidated = reason
                self._rung.set()
            case LiveMoved(live):
                self._switched |= self._editions.hear(live, self._builder.workings)
                self._rung.set()
            case Interrupted():
                self._doubt = True
                self._running.doubt()
                self._rung.set()
            case WatchersChanged():
                self._leases.look()
            case _:
                pass  # a checkpoint: that of another watcher is found when it comes to that

    async def _run(self) -> None:
        failures = 0
        while True:
            self._rung.clear()
            try:
                until = await self._turn()
            except Exception as error:
                self._running.log_once(error)
                await asyncio.sleep(pause(failures))
                failures += 1
            else:
                failures = 0
                await self._quiet(until)

    async def _turn(self) -> float:
        """Set to work what has something to do; returns until when nothing else is to be done if nobody rings."""
        await self._follow()
        for each in self._builder.active():
            if (reason := self._invalidated or each.wrong) and not each.busy:
                await self._builder.reload([each])  # it may have been moved by others, who must be told as well
                if each.stopped is None:
                    await self._builder.stop(each, reason)
        await self._builder.take()
        until = self._running.begin()
        await self._switch()
        self._leases.fold(self._builder.able())
        return until

    async def _switch(self) -> None:
        """Once a second, make live what has caught up."""
        now = asyncio.get_running_loop().time()
        if now < self._beat:
            return
        self._beat = now + BEAT
        if waiting := self._editions.waiting(self._builder.active()):
            await self._editions.switch(waiting, await self.log.end(), self._leases.living)

    async def _quiet(self, until: float) -> None:
        """Returns when it rings, or at the next beat."""
        with suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                await self._rung.wait()
