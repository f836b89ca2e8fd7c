"""Who follows whole read models, and how those move: batch by batch, with what each batch touched."""

import asyncio
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import Self

from gateway.mongo.changes import CheckpointMoved

ROOM = 100
"""How many moves wait for one follower; of more it is only known that something was touched."""


class ModelChanges:
    """The moves of one read model's checkpoint in their order, for one follower.

    None of them is left out but heartbeats; where some were missed, or are too many to keep, the next one says
    that any view may have changed since.
    """

    def __init__(self) -> None:
        self._moves: deque[CheckpointMoved] = deque()
        self._unsure = False
        self._closed = False
        self._news = asyncio.Event()

    def move(self, moved: CheckpointMoved) -> None:
        if moved.touched == () and not self._unsure:
            return
        if self._unsure or len(self._moves) >= ROOM:
            self._moves.clear()
            moved = replace(moved, touched=None, differences=())
        self._unsure = False
        self._moves.append(moved)
        self._news.set()

    def doubt(self) -> None:
        """Something may have been missed."""
        self._unsure = True

    def close(self) -> None:
        self._closed = True
        self._news.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> CheckpointMoved:
        while not self._closed:
            if self._moves:
                return self._moves.popleft()
            self._news.clear()
            await self._news.wait()
        raise StopAsyncIteration


class ModelFollowers:
    """Everybody who follows a whole read model, by its name."""

    def __init__(self) -> None:
        self._by_model: dict[str, set[ModelChanges]] = {}

    @property
    def subscribers(self) -> int:
        return sum(map(len, self._by_model.values()))

    @contextmanager
    def following(self, read_model: str) -> Generator[ModelChanges]:
        changes = ModelChanges()
        followers = self._by_model.setdefault(read_model, set())
        followers.add(changes)
        try:
            yield changes
        finally:
            followers.discard(changes)

    def hear(self, moved: CheckpointMoved) -> None:
        for changes in self._by_model.get(moved.checkpoint.read_model, ()):
            changes.move(moved)

    def doubt(self) -> None:
        for changes in self._everybody():
            changes.doubt()

    def close(self) -> None:
        for changes in self._everybody():
            changes.close()

    def _everybody(self) -> list[ModelChanges]:
        return [changes for followers in self._by_model.values() for changes in followers]
