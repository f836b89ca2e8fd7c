"""Everybody who follows the same and is told the same of it."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Protocol

from gateway.api.live.feed import Feed, Item, Place
from gateway.api.requests import Answer
from gateway.mongo.tasks import end

ROOM = 1_000
"""How many messages are kept for a subscriber who is still being told of the past."""

AT_ONCE = 250
"""To how many a message goes before others have their turn."""


@dataclass(slots=True)
class Told:
    """A message: what it answers, and the cursor behind it. `text` is for whoever encodes it, once for all."""

    answer: Answer
    place: Place = None
    cursor: str | None = None
    text: bytes | None = None


class Listener(Protocol):
    """Somebody whom messages are handed to; none of it may wait."""

    def push(self, told: Told) -> bool:
        """Take a message; False when there is no room for it."""
        ...

    def behind(self) -> None:
        """A message was not taken: catch up, and go live again."""
        ...

    def end(self, last: Answer | None) -> None:
        """Nothing comes any more: it is complete, or `last` says what broke."""
        ...


class Seat:
    """One subscriber's place in an audience."""

    __slots__ = ("cursor", "listener", "place")

    def __init__(self) -> None:
        self.listener: Listener | None = None
        self.place: Place | None = None
        self.cursor: str | None = None


class Audience:
    """Tells whatever a feed brings to all seats: each item is made a message once, and nobody is waited for."""

    def __init__(
        self, feed: Feed, tell: Callable[[Item], Awaitable[Told]], broken: Callable[[Exception], Answer]
    ) -> None:
        self.feed = feed
        self.place: Place = None
        self._tell, self._broken = tell, broken
        self._live: dict[Seat, None] = {}
        self._arriving: dict[Seat, deque[Told]] = {}
        self._begun = asyncio.Event()
        self._ended: Answer | None = None
        self.over = False
        self._task = asyncio.create_task(self._run(), name="audience")

    @property
    def empty(self) -> bool:
        return not self._live and not self._arriving

    @property
    def size(self) -> int:
        return len(self._live)

    def arrive(self, seat: Seat) -> None:
        """From now on what is new is kept for this seat, as much as there is room for."""
        self._live.pop(seat, None)
        self._arriving[seat] = deque()

    async def begun(self) -> Place:
        """How far this audience has been told."""
        await self._begun.wait()
        return self.place

    def sit(self, seat: Seat, listener: Listener) -> bool:
        """Tell a seat that has caught up what was kept for it, and then all that comes.

        False when it is to catch up again: there was too much to keep, or the listener has no room.
        """
        if self.over:
            listener.end(self._ended)
            return True
        kept = self._arriving[seat]
        if len(kept) > ROOM or not all(self._push(seat, listener, told) for told in kept):
            return False
        seat.listener = listener
        del self._arriving[seat]
        self._live[seat] = None
        return True

    def leave(self, seat: Seat) -> None:
        self._live.pop(seat, None)
        self._arriving.pop(seat, None)

    async def close(self) -> None:
        await end(self._task)

    async def _run(self) -> None:
        try:
            async with self.feed.live() as (self.place, items):
                self._begun.set()
                async for item in items:
                    await self._publish(await self._tell(item))
        except Exception as error:  # whatever it is: nobody waits for what does not come
            self._ended = self._broken(error)
        self._finish()

    async def _publish(self, told: Told) -> None:
        self.place = told.place
        for kept in self._arriving.values():
            if len(kept) <= ROOM:
                kept.append(told)
        for number, seat in enumerate([*self._live]):
            if seat in self._live and seat.listener and not self._push(seat, seat.listener, told):
                self.arrive(seat)
                seat.listener.behind()
            if number % AT_ONCE == AT_ONCE - 1:
                await asyncio.sleep(0)

    def _push(self, seat: Seat, listener: Listener, told: Told) -> bool:
        if not self.feed.is_new(told.place, seat.place):
            return True
        if not listener.push(told):
            return False
        seat.place, seat.cursor = told.place, told.cursor
        return True

    def _finish(self) -> None:
        self.over = True
        self._begun.set()
        for seat in [*self._live]:
            self.leave(seat)
            if seat.listener:
                seat.listener.end(self._ended)


class Audiences:
    """The audiences of one process; one is there as long as somebody sits in it or arrives."""

    def __init__(self) -> None:
        self._by_name: dict[Hashable, Audience] = {}
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def sizes(self) -> list[int]:
        """How many are told what is new, in each audience."""
        return [each.size for each in self._by_name.values()]

    def arrive(self, name: Hashable, seat: Seat, make: Callable[[], Audience]) -> Audience:
        """The audience of this name, made when there is none, in which the seat arrives."""
        audience = self._by_name.get(name)
        if audience is None or audience.over:
            audience = self._by_name[name] = make()
        audience.arrive(seat)
        return audience

    def leave(self, name: Hashable, seat: Seat, audience: Audience) -> None:
        audience.leave(seat)
        if audience.empty:
            if self._by_name.get(name) is audience:
                del self._by_name[name]
            task = asyncio.create_task(audience.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
