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
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, TypeAlias, cast

from gateway.application.model import Model
from gateway.errors import LogBroken, Unavailable
from gateway.eventlog.storage import EMPTY, EventLog
from gateway.eventlog.verification import Noted, Verification, Verified, head_of, verify
from gateway.eventlog.versions import Versions
from gateway.messages import Head

SEGMENT = 20_000
"""Commits of a segment: a tenth of a second, and a megabyte or two of versions."""

Opening: TypeAlias = AbstractAsyncContextManager[tuple[EventLog, Model]]
Open: TypeAlias = Callable[[str], Opening]
"""Opens the log at an address, in another process."""

_MOST = 4
"""MongoDB reads for no more of them at once."""


class _Gone(Exception):
    """A process was killed."""


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
class Walker:
    """A process that walks one segment after the other, and the line to it."""

    process: BaseProcess
    line: "Connection[Any, Any]"

    def walk(self, uri: str, segment: Segment) -> Walked:
        """What it finds; for a thread, since it waits. Raises Unavailable, and _Gone."""
        try:
            self.line.send((uri, segment))
            found = self.line.recv()
        except (EOFError, OSError) as error:
            raise _Gone from error
        if isinstance(found, Unavailable):
            raise found
        return found


@dataclass(frozen=True, slots=True)
class Processes:
    """Those that walk one log, a `segment` of so many commits each at a time."""

    walkers: list[Walker]
    segment: int


@contextmanager
def processes(open_: Open, segment: int = SEGMENT) -> Generator[Processes | None]:
    """One for each core, up to four; None on a machine with one, and where processes can't be forked.

    To be entered before there is a thread or an event loop. Forked processes hash streams alike and have imported
    everything; they end with the block, or soon after this process.
    """
    count = min(os.cpu_count() or 1, _MOST)
    if count == 1 or "fork" not in get_all_start_methods():
        yield None
        return
    walkers = [_started(open_) for _ in range(count)]
    try:
        yield Processes(walkers, segment)
    finally:
        for each in walkers:
            each.process.kill()
        for each in walkers:
            each.process.join()
            each.line.close()


async def verify_in(
    walkers: Processes, uri: str, log: EventLog, verification: Verification, progress: Callable[[int], None]
) -> Verified:
    """What `verify` finds of the log, which stands at `uri`. Raises Unavailable when MongoDB does not answer.

    Where a process is killed, this one walks the rest alone.
    """
    walking = _walking(walkers, uri, _segments(verification, await log.end(), walkers.segment))
    begun = deque[tuple[Segment, asyncio.Task[Walked]]]()
    try:
        while True:
            while len(begun) <= len(walkers.walkers) and (coming := next(walking, None)):
                begun.append(coming)
            if not begun:
                break
            segment, walked = begun.popleft()
            if not _join(verification, await walked):
                found = await verify(log, verification, progress, segment.last)
                if found.problem:
                    return found
            progress(verification.position)
    except _Gone:
        pass
    finally:
        for _, each in begun:
            each.cancel()
        await asyncio.gather(*(each for _, each in begun), return_exceptions=True)
    return await verify(log, verification, progress)  # what came meanwhile, and whether anything is missing


def _segments(verification: Verification, end: int, size: int) -> Iterator[Segment]:
    for after in range(verification.position, end, size):
        yield Segment(after, min(after + size, end), verification.noted)


def _walking(
    walkers: Processes, uri: str, segments: Iterator[Segment]
) -> Iterator[tuple[Segment, asyncio.Task[Walked]]]:
    """The segments in their order, each begun when it is asked for; it waits for a process that is free."""
    free = asyncio.Queue[Walker]()
    for each in walkers.walkers:
        free.put_nowait(each)

    async def walked(segment: Segment) -> Walked:
        walker = await free.get()
        found = await asyncio.to_thread(walker.walk, uri, segment)
        free.put_nowait(walker)
        return found

    for each in segments:
        yield each, asyncio.create_task(walked(each))


def _join(verification: Verification, walked: Walked) -> bool:
    return not walked.problem and verification.join(walked.start, walked.head, walked.versions)


def _started(open_: Open) -> Walker:
    """Each has one end of the line alone, so that either is noticed to be killed."""
    ours, theirs = get_context("fork").Pipe()
    process = get_context("fork").Process(target=_serve, args=(open_, ours, theirs), daemon=True)
    process.start()
    theirs.close()
    return Walker(process, cast("Connection[Any, Any]", ours))


def _serve(open_: Open, others: "Connection[Any, Any]", line: "Connection[Any, Any]") -> None:
    """Walks until nobody is at the other end. Ctrl-C is for that one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    others.close()
    with asyncio.Runner() as runner, suppress(EOFError, OSError):
        uri, segment = line.recv()
        opening = open_(uri)
        log, model = runner.run(opening.__aenter__())
        while True:
            line.send(runner.run(_walked(log, model, segment)))
            _, segment = line.recv()


async def _walked(log: EventLog, model: Model, segment: Segment) -> Walked | Unavailable:
    versions = Versions(partial=True)
    try:
        start = await _head_at(log, segment.after)
        if start is None:
            return Walked(EMPTY, EMPTY, versions, "the commit before it can't be read.")
        verification = Verification(model, start, segment.noted, versions)
        found = await verify(log, verification, lambda _: None, segment.last)
        return Walked(start, found.head, versions, found.problem)
    except Unavailable as error:
        return error


async def _head_at(log: EventLog, position: int) -> Head | None:
    """What the commit at a position says of itself; None where there is no commit."""
    if position == 0:
        return EMPTY
    with suppress(LogBroken):
        for document in await log.raw(position - 1, 1):
            return head_of(document, position)
    return None
