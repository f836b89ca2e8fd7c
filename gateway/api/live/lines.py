"""A journal's lines, followed: each once and in order, as soon as it can be read."""

from collections.abc import AsyncGenerator, Hashable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from gateway.api.live.feed import Item, Live
from gateway.api.live.places import LINES, line_cursor
from gateway.application.model import ReadModel
from gateway.errors import NotYetVisible
from gateway.feeds.readers import Place, place_of
from gateway.messages import RecordedEvent
from gateway.queries.freshness import Freshness
from gateway.queries.pages import Edge
from gateway.runtime import Services


@dataclass(frozen=True, slots=True)
class LineFeed:
    """The lines of one key: what its stream's events became. Who has been told nothing is told of new ones alone.

    They are found by the events, so that none is missed and none comes twice, whatever happens to the read model.
    """

    services: Services
    read_model: ReadModel
    stream: str

    @property
    def name(self) -> Hashable:
        return ("lines", self.read_model.name, self.stream)

    async def past(self, after: Place | None, up_to: Place) -> AsyncGenerator[Item]:
        if after is not None:
            async with aclosing(self.services.feeds.past(self.stream, after, up_to)) as events:
                async for event in events:
                    yield await self._item(event)
        yield Item(max(after or up_to, up_to))

    @asynccontextmanager
    async def live(self) -> AsyncGenerator[Live]:
        since = await self.services.feeds.now()
        async with aclosing(self._since(since)) as items:
            yield since, items

    def is_new(self, place: Place, told: Place) -> bool:
        return place > told

    async def _since(self, since: Place) -> AsyncGenerator[Item]:
        async with aclosing(self.services.feeds.events(self.stream, since, None)) as events:
            async for event in events:
                item = await self._item(event)
                if item.root is not None:
                    yield item

    async def _item(self, event: RecordedEvent) -> Item:
        """The line of an event; there is none where the journal does not follow such events."""
        await self._visible(event.position)
        number = event.position * LINES + event.index
        viewed = await self.services.queries.one(self.read_model, number, Freshness(0, 0.0))
        if viewed is None:
            return Item(place_of(event))
        seal = partial(line_cursor, self.services.signer, self.read_model, number)
        return Item(place_of(event), Edge(viewed, seal))

    async def _visible(self, position: int) -> None:
        """Returns when the journal has come so far. Raises ReadModelStopped when it never will."""
        positions, name = self.services.positions, self.read_model.name
        while True:
            try:
                return await positions.wait(name, position, self.services.settings.visibility_timeout or 1.0)
            except NotYetVisible:
                continue
