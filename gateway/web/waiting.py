"""A queue and a gate that weigh next to nothing: each open socket has them, and most are idle for hours.

Those of asyncio hold deques of 600 bytes, several each. Here, one task waits at a queue, and few at a gate.
"""

import asyncio
from typing import Any


class Mail:
    """A queue without a bound, for one reader: the part of `asyncio.Queue` that a socket needs."""

    __slots__ = ("_letters", "_reader")

    def __init__(self) -> None:
        self._letters: list[Any] = []
        self._reader: asyncio.Future[None] | None = None

    def empty(self) -> bool:
        return not self._letters

    def put_nowait(self, letter: Any) -> None:
        self._letters.append(letter)
        if self._reader and not self._reader.done():
            self._reader.set_result(None)

    async def get(self) -> Any:
        while not self._letters:
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader
        return self._letters.pop(0)


class Gate:
    """Something that is open or not, and can be waited for: the part of `asyncio.Event` that a socket needs."""

    __slots__ = ("_opened",)

    def __init__(self) -> None:
        self._opened: asyncio.Future[None] | None = None

    def is_set(self) -> bool:
        return self._opened is None

    def set(self) -> None:
        opened, self._opened = self._opened, None
        if opened and not opened.done():
            opened.set_result(None)

    def clear(self) -> None:
        self._opened = self._opened or asyncio.get_running_loop().create_future()

    async def wait(self) -> bool:
        while self._opened is not None:
            await asyncio.shield(self._opened)  # whoever gives up leaves the others waiting
        return True
