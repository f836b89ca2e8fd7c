"""What one subscriber has not taken yet: a bounded queue that refers to the log when it is full."""

import asyncio
from collections import deque
from dataclasses import dataclass

from gateway.messages import RecordedEvent


@dataclass(frozen=True, slots=True)
class Batch:
    """Events of the commits from position `first` to `last`, in order: all, or those of a stream or a category."""

    first: int
    last: int
    events: tuple[RecordedEvent, ...]


class Inbox:
    """Live events for one subscriber: of one stream, one category, or all; at most about `room` of them.

    It holds what was published since it was opened. What does not fit is thrown away, and nothing is put in
    until the subscriber has read the log and opens it again: so nobody slow costs memory, or others' time.
    """

    def __init__(self, name: str | None, until: int | None, room: int) -> None:
        self.name, self.until = name, until
        self.since = 0
        self._closed = False
        self._room = room
        self._batches: deque[Batch] = deque()
        self._size = 0
        self._complete = False
        self._error: Exception | None = None
        self._news = asyncio.Event()

    def open(self, since: int) -> bool:
        """Begin anew, with what comes behind the position `since`; False when nothing comes any more.

        Raises what the inbox was closed with.
        """
        if self._error:
            raise self._error
        self.since = since
        self._drop()
        self._complete = not self._closed
        return self._complete

    def put(self, batch: Batch) -> None:
        if self._complete and self._batches and self._size + len(batch.events) > self._room:
            self.refer()
        if self._complete:
            self._batches.append(batch)
            self._size += len(batch.events)
            self._news.set()

    def refer(self) -> None:
        """Send the subscriber to the log: what is there is more than what is here."""
        self._drop()
        self._complete = False
        self._news.set()

    def close(self, error: Exception | None = None) -> None:
        """Nothing comes any more, because of an error or because the process ends."""
        self._closed, self._error = True, error
        self.refer()

    async def get(self) -> Batch | None:
        """The next batch; None when nothing more is here: the inbox is to be opened again."""
        while not self._batches:
            if not self._complete:
                return None
            self._news.clear()
            await self._news.wait()
        batch = self._batches.popleft()
        self._size -= len(batch.events)
        return batch

    def _drop(self) -> None:
        self._batches.clear()
        self._size = 0
