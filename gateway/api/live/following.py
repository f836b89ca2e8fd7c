"""One subscription of one client, from the past into the present."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Hashable
from contextlib import aclosing
from typing import Any, Protocol

from gateway.api.live.audience import ROOM, Audience, Audiences, Listener, Seat, Told
from gateway.api.live.feed import Feed, Item, Opened
from gateway.api.requests import Answer


class Operation(Protocol):
    """A subscription's operation, ready to be executed for each item."""

    async def tell(self, item: Item) -> Told:
        """The message for an item."""
        ...

    def refused(self, error: Exception) -> Answer:
        """The last answer of a subscription that broke."""
        ...

    def name(self, feed: Feed) -> Hashable:
        """Equal for all whose messages are the same."""
        ...

    def rest(self) -> None:
        """Let go of what is only needed to execute."""
        ...


class Following:
    """First `catch_up`, then `sit` down among those who are told what is new; again and again, where it takes that.

    A source that opens no feed is told of by `catch_up` alone, up to its end. `finished` says that nothing more
    comes. Who stops calls `leave`.
    """

    __slots__ = ("_audience", "_audiences", "_name", "_operation", "_source", "finished", "seat")

    def __init__(self, operation: Operation, source: AsyncGenerator[Any], audiences: Audiences) -> None:
        self.seat = Seat()
        self.finished = False
        self._operation, self._audiences = operation, audiences
        self._source: AsyncGenerator[Any] | None = source
        self._audience: Audience | None = None
        self._name: Hashable = None

    @property
    def cursor(self) -> str | None:
        """Behind the last message that was taken, where it has one."""
        return self.seat.cursor

    async def catch_up(self) -> AsyncGenerator[Told]:
        """What this subscriber has not been told yet. Where something breaks, that is the last message."""
        try:
            async with aclosing(self._untold()) as messages:
                async for told in messages:
                    yield told
                    self.seat.cursor = told.cursor or self.seat.cursor  # whoever asks for more has taken this
        except Exception as error:
            self.finished = True
            yield Told(self._operation.refused(error))
        self._operation.rest()

    def sit(self, listener: Listener) -> bool:
        """Go live; False when there is more to catch up with first."""
        return self._audience is None or self._audience.sit(self.seat, listener)

    def leave(self) -> None:
        """End this subscription, wherever it is."""
        if self._audience is not None:
            self._audiences.leave(self._name, self.seat, self._audience)

    async def messages(self) -> AsyncGenerator[Told]:
        """All messages one after the other, for whoever takes them at leisure."""
        try:
            while not self.finished:
                async with aclosing(self.catch_up()) as messages:
                    async for told in messages:
                        yield told
                kept = _Kept()
                if not self.finished and self.sit(kept):
                    while (told := await kept.next()) is not None:
                        yield told
                    self.finished = kept.over
        finally:
            self.leave()
            if self._source is not None:
                await self._source.aclose()

    async def _untold(self) -> AsyncGenerator[Told]:
        if self._audience is None:
            async with aclosing(self._opened()) as messages:
                async for told in messages:
                    yield told
        else:
            self._audience.arrive(self.seat)
        if self._audience is not None:
            async with aclosing(self._past(self._audience)) as messages:
                async for told in messages:
                    yield told

    async def _opened(self) -> AsyncGenerator[Told]:
        """Opens the feed, or tells of a source that has none."""
        source, self._source = self._source, None
        assert source is not None
        async with aclosing(source) as roots:
            async for root in roots:
                if isinstance(root, Opened):
                    self._arrive(root)
                    return
                yield await self._operation.tell(Item(None, root))
        self.finished = True

    def _arrive(self, opened: Opened) -> None:
        operation, feed = self._operation, opened.feed
        self.seat.place, self._name = opened.after, operation.name(feed)
        self._audience = self._audiences.arrive(
            self._name, self.seat, lambda: Audience(feed, operation.tell, operation.refused)
        )

    async def _past(self, audience: Audience) -> AsyncGenerator[Told]:
        up_to = await audience.begun()
        if audience.over:
            return  # whoever sits down is told how it ended
        async with aclosing(audience.feed.past(self.seat.place, up_to)) as items:
            async for item in items:
                self.seat.place = item.place
                if item.root is not None:
                    yield await self._operation.tell(item)


class _Kept:
    """Messages that wait for somebody who takes them one by one."""

    def __init__(self) -> None:
        self.over = False
        self._messages: deque[Told] = deque()
        self._behind = False
        self._news = asyncio.Event()

    def push(self, told: Told) -> bool:
        if len(self._messages) >= ROOM:
            return False
        self._messages.append(told)
        self._news.set()
        return True

    def behind(self) -> None:
        self._behind = True
        self._news.set()

    def end(self, last: Answer | None) -> None:
        self._messages.extend([Told(last)] if last else [])
        self.over = True
        self._news.set()

    async def next(self) -> Told | None:
        while not self._messages and not self._behind and not self.over:
            self._news.clear()
            await self._news.wait()
        return self._messages.popleft() if self._messages else None
