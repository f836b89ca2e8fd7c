"""All views that fit a condition, followed: which of them enter, change and leave."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Hashable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import TypeAlias

from gateway.api.ids import global_id
from gateway.api.live.changed import Changed
from gateway.api.live.feed import Item, Live
from gateway.api.live.noticing import Noticed, Noticing
from gateway.api.live.places import name_of, token_place
from gateway.application.model import ReadModel
from gateway.errors import BadCursor, CursorExpired, Unavailable
from gateway.mongo.changes import CheckpointMoved
from gateway.queries.pages import PageRequest
from gateway.runtime import Services

MOST_COMMITS = 100_000
"""Behind so many commits a cursor is too old to be gone on from."""

Place: TypeAlias = tuple[int, int, int]
"""A position, the part of the next commit where one is applied in parts, and an index."""

PAUSE = 0.5
"""Seconds before views that could not be read are read again."""


def _complete(position: int) -> Place:
    """The place behind all that a position brought."""
    return position, 0, 2**31


@dataclass(frozen=True, slots=True)
class ManyFeed:
    """The views that fit a condition. Who has been told nothing is told of changes alone.

    What is new is told exactly, from the fields that the checkpoint's update names. What happened behind a cursor
    is found by the log's events: the view as it is now, CHANGED where it fits and LEFT where it does not, also
    of a view that was never told of.
    """

    services: Services
    read_model: ReadModel
    wanted: PageRequest
    noticing: Noticing

    @property
    def name(self) -> Hashable:
        return ("many", self.read_model.name, name_of(self.wanted))

    def place(self, cursor: str | None) -> Place | None:
        """The place behind a cursor of this subscription or a token. Raises BadCursor."""
        if cursor is None:
            return None
        signer = self.services.signer
        if (token := token_place(signer, cursor)) is not None:
            return _complete(token[0])
        if (found := signer.unseal(self._purpose, cursor)) is not None:
            return _complete(int.from_bytes(found))
        raise BadCursor("This is neither a cursor of this subscription nor a token of this log.", ("after",))

    async def past(self, after: Place | None, up_to: Place) -> AsyncGenerator[Item]:
        if after is None:
            yield Item(up_to)
            return
        reached = max(self.services.positions.reached(self.read_model.name), after[0])
        if reached - after[0] > MOST_COMMITS:
            raise CursorExpired(f"There were more than {MOST_COMMITS:,} commits since this cursor.", ("after",))
        found = await self.noticing.since(after[0], reached)
        for number, each in enumerate(found, 1):
            yield Item(after, self._changed(each, reached if number == len(found) else after[0]))
        yield Item(_complete(reached))

    @asynccontextmanager
    async def live(self) -> AsyncGenerator[Live]:
        with self.services.feeds.model_changes(self.read_model.name) as moves:
            position = self.services.positions.reached(self.read_model.name)
            async with aclosing(self._since(position, moves)) as items:
                yield _complete(position), items

    def is_new(self, place: Place, told: Place) -> bool:
        return place > told

    async def _since(self, position: int, moves: AsyncIterator[CheckpointMoved]) -> AsyncGenerator[Item]:
        part = 0
        async for moved in moves:
            reached = moved.checkpoint.position
            part = part + 1 if moved.checkpoint.progress else 0
            found = await self._noticed(moved, position)
            for index, each in enumerate(found):
                behind = reached if index == len(found) - 1 and not part else position
                yield Item((reached, part, index), self._changed(each, behind))
            position = position if part else reached

    async def _noticed(self, moved: CheckpointMoved, since: int) -> Sequence[Noticed]:
        """What a move changed, as soon as it can be read."""
        while True:
            try:
                if moved.touched is None:
                    return await self.noticing.since(since, moved.checkpoint.position)
                return await self.noticing.by(moved.touched, moved.differences)
            except Unavailable:
                await asyncio.sleep(PAUSE)

    def _changed(self, noticed: Noticed, behind: int) -> Changed:
        cursor = self.services.signer.seal(self._purpose, behind.to_bytes(8))
        id_ = global_id(self.read_model.view.__name__, noticed.key)
        return Changed(cursor, noticed.change, id_, behind, noticed.viewed)

    @property
    def _purpose(self) -> str:
        return f"many {name_of(self.read_model.name, self.wanted)}"
