"""One view, followed: always its latest state, not every state in between."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Hashable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from gateway.api.ids import global_id
from gateway.api.live.changed import Change, Changed
from gateway.api.live.feed import Item, Live
from gateway.api.live.places import name_of
from gateway.application.model import ReadModel
from gateway.errors import BadCursor, Unavailable
from gateway.mongo.codec import encoder
from gateway.queries.freshness import Freshness
from gateway.queries.values import packed
from gateway.queries.viewed import Viewed
from gateway.runtime import Services

PAUSE = 0.5
"""Seconds before a view that could not be read is read again."""

_DIGEST = 8
_NONE = bytes(_DIGEST)
"""Stands for a view that is not there."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A view's state in short, and the position that its read model had reached, at least, when it was read."""

    position: int
    digest: bytes
    version: int | None

    def older(self, than: "Seen") -> bool:
        """Whether this was read before the other one, as far as can be told."""
        if self.version is None or than.version is None:
            return self.position < than.position
        return (self.position, self.version) < (than.position, than.version)


_NOTHING_TOLD = Seen(0, b"", None)


@dataclass(frozen=True, slots=True)
class ViewFeed:
    """The view of one key. Who has been told nothing is told of it as it is, or that it is not there."""

    services: Services
    read_model: ReadModel
    key: Any

    @property
    def name(self) -> Hashable:
        return ("view", self.read_model.name, self.key)

    def place(self, cursor: str | None) -> Seen | None:
        """Raises BadCursor for a text that is no cursor of this view."""
        if cursor is None:
            return None
        found = self.services.signer.unseal(self._purpose, cursor)
        if found is None:
            raise BadCursor("This is no cursor of this subscription.", ("after",))
        return Seen(int.from_bytes(found[:-_DIGEST]), found[-_DIGEST:], None)

    async def past(self, after: Seen | None, up_to: Seen) -> AsyncGenerator[Item]:
        seen, viewed = await self._read()
        yield self._item(after or _NOTHING_TOLD, seen, viewed)

    @asynccontextmanager
    async def live(self) -> AsyncGenerator[Live]:
        async with self.services.feeds.view_changes(self.read_model.name, self.key) as moves:
            seen, _ = await self._patiently()
            async with aclosing(self._since(seen, moves)) as items:
                yield seen, items

    def is_new(self, place: Seen, told: Seen) -> bool:
        return place.digest != told.digest and not place.older(told)

    async def _since(self, told: Seen, moves: AsyncIterator[int]) -> AsyncGenerator[Item]:
        async for _ in moves:
            seen, viewed = await self._patiently()
            item = self._item(told, seen, viewed)
            if item.root is not None:
                told = seen
                yield item

    def _item(self, told: Seen, seen: Seen, viewed: Viewed | None) -> Item:
        if seen.digest == told.digest:
            return Item(seen)
        unknown = told.digest in (_NONE, _NOTHING_TOLD.digest)
        change = Change.LEFT if viewed is None else Change.ENTERED if unknown else Change.CHANGED
        cursor = self.services.signer.seal(self._purpose, seen.position.to_bytes(8) + seen.digest)
        id_ = global_id(self.read_model.view.__name__, self.key)
        return Item(seen, Changed(cursor, change, id_, seen.position, viewed))

    async def _patiently(self) -> tuple[Seen, Viewed | None]:
        """The view, as soon as it can be read."""
        while True:
            try:
                return await self._read()
            except Unavailable:
                await asyncio.sleep(PAUSE)

    async def _read(self) -> tuple[Seen, Viewed | None]:
        services, name = self.services, self.read_model.name
        position = services.positions.reached(name)
        viewed = await services.queries.one(self.read_model, self.key, Freshness(0, 0.0))
        return Seen(position, self._digest(viewed), viewed.version if viewed else None), viewed

    def _digest(self, viewed: Viewed | None) -> bytes:
        if viewed is None:
            return _NONE
        document = encoder(self.read_model.view)(viewed.view)
        return hashlib.sha256(packed({"": document, "version": viewed.version})).digest()[:_DIGEST]

    @property
    def _purpose(self) -> str:
        return f"view {name_of(self.read_model.name, self.key)}"
