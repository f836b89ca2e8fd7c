"""One subscriber's way through the log: history page by page, then what is published, without a gap.

Positions are gapless, and so are a stream's versions: whoever knows the last one that he was given sees at once
that something is missing, or was there before.
"""

from dataclasses import replace
from typing import Protocol, TypeAlias

from gateway.eventlog.storage import EventLog
from gateway.feeds.inbox import Batch
from gateway.messages import RecordedEvent

Place: TypeAlias = tuple[int, int]
"""A place in the log: a position, and the index of an event in its commit."""

BEGINNING: Place = (0, -1)

LAST = 2**16 - 1
"""An index behind that of every event of a commit."""

PAGE = 200
"""How many commits, or events of a stream, are read at once."""


class Reader(Protocol):
    """Reads on from where it stands."""

    async def read(self, up_to: int) -> list[RecordedEvent]:
        """The next page of history; empty when everything up to a position was given."""
        ...

    def take(self, batch: Batch) -> list[RecordedEvent] | None:
        """What is new in a published batch; None where something before it is missing."""
        ...


def place_of(event: RecordedEvent) -> Place:
    return (event.position, event.index)


class LogReader:
    """Reads all events, beginning with the commit of the place `after`."""

    def __init__(self, log: EventLog, after: Place) -> None:
        self._log = log
        self._given = max(after[0] - 1, 0)

    async def read(self, up_to: int) -> list[RecordedEvent]:
        if self._given >= up_to:
            return []
        commits = await self._log.read(self._given, PAGE)
        self._given = commits[-1].position if commits else self._given
        return [event for commit in commits for event in commit.events]

    @property
    def next(self) -> int:
        """The position behind everything that was given."""
        return self._given + 1

    def take(self, batch: Batch) -> list[RecordedEvent] | None:
        if batch.first > self.next:
            return None
        found = [event for event in batch.events if event.position > self._given]
        self._given = max(self._given, batch.last)
        return found


class CategoryReader:
    """Reads the events of all streams of a category, beginning with the commit of the place `after`.

    An inbox of its own misses nothing between what is read and what is published, so nothing is looked for here.
    """

    def __init__(self, log: EventLog, category: str, after: Place) -> None:
        self._log = LogReader(log, after)
        self._begins = f"{category}-"

    async def read(self, up_to: int) -> list[RecordedEvent]:
        while page := await self._log.read(up_to):
            if found := [event for event in page if event.stream.startswith(self._begins)]:
                return found
        return []

    def take(self, batch: Batch) -> list[RecordedEvent] | None:
        return self._log.take(replace(batch, first=min(batch.first, self._log.next)))


class StreamReader:
    """Reads the events of one stream, beginning behind the place `after`."""

    def __init__(self, log: EventLog, stream: str, after: Place) -> None:
        self._log, self._stream, self._after = log, stream, after
        self._given: int | None = None
        self._at_end = False

    async def read(self, up_to: int) -> list[RecordedEvent]:
        """A page that is not full ends at the stream's end, which is behind `up_to`: it was read later."""
        if self._at_end:
            self._at_end = False
            return []
        if self._given is None:
            self._given = await self._version_at(self._after)
        found = await self._log.stream(self._stream, self._given, PAGE)
        last = found[-1].version if found else self._given
        self._at_end = self._given < last < self._given + PAGE
        self._given = last
        return found

    def take(self, batch: Batch) -> list[RecordedEvent] | None:
        given = self._given or 0
        found = [event for event in batch.events if event.version > given]
        if found and found[0].version > given + 1:
            return None
        self._given = found[-1].version if found else given
        return found

    async def _version_at(self, place: Place) -> int:
        """How many of the stream's stored events lie wholly up to a place, found by halving."""
        if place == BEGINNING:
            return 0
        low, high = 0, 1
        while await self._is_before(high, place):
            low, high = high, high * 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if await self._is_before(middle, place) else (low, middle)
        return low

    async def _is_before(self, version: int, place: Place) -> bool:
        found = await self._log.stream(self._stream, version - 1, 1)
        places = [place_of(each) for each in found if each.version == version]
        return bool(places) and places[-1] <= place


def reader_of(log: EventLog, name: str | None, after: Place) -> Reader:
    """The way through the log for whoever follows a stream, a category, or everything (None)."""
    if name is None:
        return LogReader(log, after)
    return StreamReader(log, name, after) if "-" in name else CategoryReader(log, name, after)
