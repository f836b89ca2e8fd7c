"""Events of the log, followed: a stream's, a category's, or all."""

from collections.abc import AsyncGenerator, Hashable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

from gateway.api.live.feed import Item, Live
from gateway.api.live.places import event_cursor
from gateway.feeds.feeds import Feeds
from gateway.feeds.readers import BEGINNING, Place, place_of
from gateway.messages import RecordedEvent
from gateway.signing import Signer


@dataclass(frozen=True, slots=True)
class Followed:
    """An event and the cursor behind it."""

    cursor: str
    node: RecordedEvent


@dataclass(frozen=True, slots=True)
class EventFeed:
    """Every event once and in order, from the log's beginning where nothing was told; `follows` None is all."""

    feeds: Feeds
    signer: Signer
    follows: str | None

    @property
    def name(self) -> Hashable:
        return ("events", self.follows)

    async def past(self, after: Place | None, up_to: Place) -> AsyncGenerator[Item]:
        async with aclosing(self.feeds.past(self.follows, after, up_to)) as events:
            async for event in events:
                yield self._item(event)
        yield Item(max(after or BEGINNING, up_to))

    @asynccontextmanager
    async def live(self) -> AsyncGenerator[Live]:
        since = await self.feeds.now()
        async with aclosing(self._since(since)) as items:
            yield since, items

    def is_new(self, place: Place, told: Place) -> bool:
        return place > told

    async def until(self, after: Place | None, until: Place) -> AsyncGenerator[Followed]:
        """Those behind one place and up to another, also one that is yet to come; then it ends."""
        async with aclosing(self.feeds.events(self.follows, after, until)) as events:
            async for event in events:
                yield Followed(event_cursor(self.signer, event), event)

    async def _since(self, since: Place) -> AsyncGenerator[Item]:
        async with aclosing(self.feeds.events(self.follows, since, None)) as events:
            async for event in events:
                yield self._item(event)

    def _item(self, event: RecordedEvent) -> Item:
        return Item(place_of(event), Followed(event_cursor(self.signer, event), event))
