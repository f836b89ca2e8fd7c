"""The log walked by several processes: each takes segments of it, and what they find is joined in order.

A segment is walked from the chain value that the commit before it ends with. When it is joined, that must be the
one to which the segments before it led, and each stream must go on where they left it. A segment that does not join
is walked once more from what is proved by then: so the first bad position is named, as by a single walk.
"""

import asyncio
import os
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import get_all_start_methods, get_context, parent_process
from threading import Thread
from typing import TypeAlias

from gateway.application.model import Model
from gateway.errors import LogBroken
from gateway.eventlog.chain import chain_of, place_of
from gateway.eventlog.storage import EMPTY, EventLog
from gateway.eventlog.verification import Noted, Verification, Verified, verify
from gateway.eventlog.versions import Versions
from gateway.messages import Head

SEGMENT = 20_000
"""Commits of a segment: a tenth of a second, and a megabyte or two of versions."""

Opening: TypeAlias = AbstractAsyncContextManager[tuple[EventLog, Model]]
Open: TypeAlias = Callable[[str], Opening]
"""Opens the log at an address, in another process."""

_MOST = 4
"""MongoDB reads for no more of them at once."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Segment:
    """The commits behind `after` up to `last`."""

    after: int
    last: int
    noted: Noted | None


@dataclass(frozen=True, slots=True)
class Walked:
    """What a process found in a segment, which it began at `start`."""

    start: Head
    head: Head
    versions: Versions
    problem: str | None


@dataclass(frozen=True, slots=True)
class Processes:
    """So many processes that walk one log, a `segment` of so many commits each at a time."""

    pool: ProcessPoolExecutor
    count: int
    segment: int

    def walk(self, uri: str, segment: Segment) -> asyncio.Future[Walked]:
        return asyncio.get_running_loop().run_in_executor(self.pool, _walk, uri, segment)


@contextmanager
def processes(open_: Open, segment: int = SEGMENT) -> Generator[Processes | None]:
    """One for each core, up to four; None on a machine with one, and where processes can't be forked.

    To be entered before there is a thread or an event loop. Forked processes hash streams alike and have imported
    everything; they end with the block, or with this process.
    """
    count = min(os.cpu_count() or 1, _MOST)
    if count == 1 or "fork" not in get_all_start_methods():
        yield None
        return
    pool = ProcessPoolExecutor(count, get_context("fork"), _begin, (open_,))
    pool.submit(int).result()  # with the first task all are forked
    try:
        yield Processes(pool, count, segment)
    finally:
        pool.shutdown(cancel_futures=True)


async def verify_in(
    walkers: Processes, uri: str, log: EventLog, verification: Verification, progress: Callable[[int], None]
) -> Verified:
    """What `verify` finds of the log, which stands at `uri`. Raises Unavailable when MongoDB does not answer.

    Where a process is killed, this one walks the rest alone.
    """
    rest = deque(_segments(verification, await log.end(), walkers.segment))
    walking = deque[tuple[Segment, asyncio.Future[Walked]]]()
    try:
        while rest or walking:
            while rest and len(walking) <= walkers.count:
                walking.append((rest[0], walkers.walk(uri, rest.popleft())))
            segment, walked = walking.popleft()
            if not _join(verification, await walked):
                found = await verify(log, verification, progress, segment.last)
                if found.problem:
                    return found
            progress(verification.position)
    except BrokenProcessPool:
        pass
    finally:
        for _, walked in walking:
            walked.cancel()
    return await verify(log, verification, progress)  # what came meanwhile, and whether anything is missing


def _segments(verification: Verification, end: int, size: int) -> Iterator[Segment]:
    for after in range(verification.position, end, size):
        yield Segment(after, min(after + size, end), verification.noted)


def _join(verification: Verification, walked: Walked) -> bool:
    return not walked.problem and verification.join(walked.start, walked.head, walked.versions)


@dataclass
class _Child:
    """What a process keeps from segment to segment; the log is opened with the first one."""

    open: Open
    runner: asyncio.Runner
    opened: tuple[Opening, EventLog, Model] | None = None

    def walk(self, uri: str, segment: Segment) -> Walked:
        if self.opened is None:
            opening = self.open(uri)
            self.opened = opening, *self.runner.run(opening.__aenter__())
        return self.runner.run(_walked(*self.opened[1:], segment))


_child: _Child | None = None


def _begin(open_: Open) -> None:
    """Ctrl-C is for the parent, who ends this process; so does its death."""
    global _child  # noqa: PLW0603 # the pool gives its functions no other place to keep anything
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()
    _child = _Child(open_, asyncio.Runner())


def _end_with_parent() -> None:
    if parent := parent_process():
        parent.join()
    os._exit(1)


def _walk(uri: str, segment: Segment) -> Walked:
    assert _child
    return _child.walk(uri, segment)


async def _walked(log: EventLog, model: Model, segment: Segment) -> Walked:
    start, versions = await _head_at(log, segment.after), Versions(partial=True)
    if start is None:
        return Walked(EMPTY, EMPTY, versions, "the commit before it can't be read.")
    found = await verify(log, Verification(model, start, segment.noted, versions), lambda _: None, segment.last)
    return Walked(start, found.head, versions, found.problem)


async def _head_at(log: EventLog, position: int) -> Head | None:
    """What the commit at a position says of itself; None where there is no commit."""
    if position == 0:
        return EMPTY
    try:
        for document in await log.raw(position - 1, 1):
            found, time = place_of(document)
            return Head(found, chain_of(document), _EPOCH + timedelta(milliseconds=time))
    except (LogBroken, OverflowError):
        pass
    return None
