"""The post of a worker: what the process that started it has handed to it, and the line between the two.

The worker says on it that it is prepared, hears when to serve, and says that it does. When the line breaks, the
other end is gone.
"""

import asyncio
import socket
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from typing import Final

from gateway.errors import BadInput

PREPARED: Final = b"p"
SERVE: Final = b"s"
SERVING: Final = b"S"


class Post:
    """A worker's end; `port` is the one at which all workers listen, `first` the one who goes ahead."""

    def __init__(self, port: int, number: int, line: socket.socket, gone: Callable[[], object]) -> None:
        self.port, self.first = port, number == 1
        self._line, self._gone = line, gone
        self._turn = asyncio.Event()

    @classmethod
    @contextmanager
    def of(cls, handed: str, gone: Callable[[], object]) -> "Generator[Post]":
        """The post of this process; `gone` is called when the one that started it is no more."""
        port, number, line = _read(handed)
        loop = asyncio.get_running_loop()
        with closing(line):
            post = cls(port, number, line, gone)
            loop.add_reader(line, post._hear)
            try:
                yield post
            finally:
                loop.remove_reader(line)

    async def turn(self) -> None:
        """Say that this worker is prepared; returns when it may serve."""
        self._line.send(PREPARED)
        await self._turn.wait()

    def serving(self) -> None:
        """Say that this worker serves."""
        self._line.send(SERVING)

    def _hear(self) -> None:
        try:
            heard = self._line.recv(1)
        except OSError:
            heard = b""
        if heard:
            self._turn.set()
        else:
            asyncio.get_running_loop().remove_reader(self._line)
            self._gone()


def _read(handed: str) -> tuple[int, int, socket.socket]:
    try:
        port, descriptor, number = map(int, handed.split(","))
        line = socket.socket(fileno=descriptor)
    except (OSError, ValueError):
        raise BadInput("--as-worker is not for users: give --workers.") from None
    line.setblocking(False)
    return port, number, line
