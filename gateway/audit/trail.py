"""The audit trail's queue: entries are taken at once and written later, in batches, by one task a process."""

import asyncio
import logging
import secrets
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from gateway.audit.entries import AUDIT_TRAIL, AuditEntry, AuditEntryId, AuditKind, AuditOutcome
from gateway.audit.storage import Entries
from gateway.errors import Unavailable
from gateway.mongo.client import Database
from gateway.mongo.codec import encoder
from gateway.mongo.tasks import end

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 1.0
"""Seconds between two attempts while MongoDB does not take entries."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much may wait, and how long.

    `waiting` entries fill the queue, some 10 MB. A batch is written when it has `batch` entries or is `linger`
    seconds old. When the trail is closed, what waits is written within `closing` seconds or is lost.
    """

    waiting: int = 10_000
    batch: int = 500
    linger: float = 0.25
    closing: float = 2.0


class Trail:
    """Takes entries while it is entered. Nobody waits for it, and no request fails because of it.

    When the queue is full, entries are dropped until half of it is written. How many they were is told by an
    entry in their place, and by the log.
    """

    def __init__(self, database: Database, days: int, bounds: Bounds | None = None) -> None:
        self._entries, self._days, self._bounds = Entries(database), days, bounds or Bounds()
        self._queue: deque[AuditEntry] = deque()
        self._underway: Sequence[AuditEntry] = ()
        self._missing = 0
        self._overflowing = self._closing = self._failing = False
        self._some, self._many = asyncio.Event(), asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._process = secrets.token_hex(4)
        self._number = self._latest = 0

    async def __aenter__(self) -> Self:
        """Raises Unavailable where the collection can't be made ready."""
        await self._entries.prepare(self._days)
        self._task = asyncio.create_task(self._run(), name="audit trail")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing = True
        self._some.set()
        self._many.set()
        if self._task:
            await asyncio.wait([self._task], timeout=self._bounds.closing)
            await end(self._task)
        if lost := len(self._queue) + len(self._underway) + self._missing:
            _log.warning("The audit trail ends without %d entries that could not be written in time.", lost)

    def stamp(self) -> tuple[AuditEntryId, datetime]:
        """The id and the time of a new entry: both grow, within this process."""
        self._latest = max(self._latest, time.time_ns() // 1_000_000)
        self._number = (self._number + 1) & 0xFFFFFF
        id_ = f"{self._latest:011x}.{self._number:06x}.{self._process}"
        return AuditEntryId(id_), datetime.fromtimestamp(self._latest / 1000, UTC)

    def enter(self, entry: AuditEntry) -> None:
        """Take an entry, or count it as missing."""
        if self._overflowing:
            self._missing += 1
            return
        self._queue.append(entry)
        self._some.set()
        if len(self._queue) >= self._bounds.batch:
            self._many.set()
        self._overflowing = len(self._queue) >= self._bounds.waiting

    async def _run(self) -> None:
        while self._queue or not self._closing:
            await self._gathered()
            self._underway = self._taken()
            await self._write(self._underway)
            self._underway = ()

    async def _gathered(self) -> None:
        """Returns when there is enough for a batch, or anything for long enough."""
        await self._some.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._bounds.linger):
                await self._many.wait()

    def _taken(self) -> list[AuditEntry]:
        batch = [self._queue.popleft() for _ in range(min(len(self._queue), self._bounds.batch))]
        if len(self._queue) <= self._bounds.waiting // 2:
            self._overflowing = False
        if self._missing and not self._overflowing and any(each.dropped is None for each in batch):
            self._queue.append(self._gap())
        if not self._closing:
            self._note()
        return batch

    def _note(self) -> None:
        if not self._queue:
            self._some.clear()
        if len(self._queue) < self._bounds.batch:
            self._many.clear()

    def _gap(self) -> AuditEntry:
        """The entry in the place of those that are missing."""
        missing, self._missing = self._missing, 0
        _log.warning("The audit trail lacks %d entries: they came faster than they could be written.", missing)
        return gap(*self.stamp(), missing)

    async def _write(self, batch: Sequence[AuditEntry]) -> None:
        """Returns when a batch is written, however long MongoDB is away, or can never be."""
        pause = FIRST_PAUSE
        while batch:
            try:
                self._missing += await self._entries.insert([_document(each) for each in batch])
                self._failing = False
                return
            except Unavailable as error:
                self._say_once(error)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            except Exception:
                _log.exception("The audit trail can't hold some of %d entries: they are dropped.", len(batch))
                self._missing += len(batch)
                return

    def _say_once(self, error: Unavailable) -> None:
        if not self._failing:
            _log.warning("The audit trail waits with up to %d entries: %s", self._bounds.waiting, error)
        self._failing = True


def gap(id_: AuditEntryId, at: datetime, missing: int) -> AuditEntry:
    """An entry that stands for so many others."""
    return AuditEntry(
        entry=id_,
        at=at,
        kind=AuditKind.UNKNOWN,
        outcome=AuditOutcome.DROPPED,
        code=None,
        actor="",
        operation=None,
        fields=(),
        command=None,
        command_id=None,
        position=None,
        duration_ms=0,
        correlation_id=None,
        causation_id=None,
        dropped=missing,
    )


_document = encoder(AuditEntry, AUDIT_TRAIL.key_field)
