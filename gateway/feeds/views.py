"""Who follows which view, and what wakes them."""

import asyncio
from collections import defaultdict
from collections.abc import Generator, Hashable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Self

from gateway.mongo.changes import CheckpointMoved
from gateway.mongo.codec import value_encoder
from gateway.mongo.paths import name_of


class ViewChanges:
    """The positions at which a view may have changed; of those not taken yet, the latest alone."""

    def __init__(self, position: int) -> None:
        self._pending: int | None = position
        self._closed = False
        self._news = asyncio.Event()

    def move(self, position: int) -> None:
        self._pending = max(position, self._pending or 0)
        self._news.set()

    def close(self) -> None:
        self._closed = True
        self._news.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> int:
        while not self._closed:
            if self._pending is not None:
                position, self._pending = self._pending, None
                return position
            self._news.clear()
            await self._news.wait()
        raise StopAsyncIteration


class Followers:
    """Everybody who follows a view, by read model and key."""

    def __init__(self) -> None:
        self._by_key: defaultdict[str, dict[Hashable, set[ViewChanges]]] = defaultdict(dict)
        self._reached: defaultdict[str, int] = defaultdict(int)

    @property
    def subscribers(self) -> int:
        return sum(len(each) for keys in self._by_key.values() for each in keys.values())

    @contextmanager
    def following(self, read_model: str, key: Any) -> Generator[ViewChanges]:
        name, changes = name_of(value_encoder(key.__class__)(key)), ViewChanges(self._reached[read_model])
        self._by_key[read_model].setdefault(name, set()).add(changes)
        try:
            yield changes
        finally:
            self._leave(read_model, name, changes)

    def hear(self, moved: CheckpointMoved) -> None:
        """Wake those whose views changed, or may have."""
        read_model, position = moved.checkpoint.read_model, moved.checkpoint.position
        self._reached[read_model] = position
        keys = self._by_key.get(read_model)
        if not keys:
            return
        touched = keys if moved.touched is None else map(name_of, moved.touched)
        for changes in self._of(read_model, touched):
            changes.move(position)

    def doubt(self) -> None:
        """Wake everybody: something may have been missed."""
        for read_model, keys in self._by_key.items():
            for changes in self._of(read_model, keys):
                changes.move(self._reached[read_model])

    def close(self) -> None:
        for read_model, keys in self._by_key.items():
            for changes in self._of(read_model, keys):
                changes.close()

    def _of(self, read_model: str, names: Iterable[Hashable]) -> Iterator[ViewChanges]:
        keys = self._by_key[read_model]
        return (changes for name in names for changes in keys.get(name, ()))

    def _leave(self, read_model: str, name: Hashable, changes: ViewChanges) -> None:
        keys = self._by_key[read_model]
        keys[name].discard(changes)
        if not keys[name]:
            del keys[name]
