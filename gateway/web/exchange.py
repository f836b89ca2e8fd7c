"""One request over HTTP and its answer, for who takes all of one and gives all of the other at once.

ASGI's messages for the same take a good part of a small query's time: a server checks an answer's headers one by
one. This goes with a request in its scope's `state`; who serves it takes it out, or the request would hold itself.
"""

from typing import Final

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

_KEY: Final = "exchange"


class Exchange:
    """A request under way on a connection of our server."""

    __slots__ = ("_cycle",)

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle

    def go_along(self) -> None:
        """Be where `out_of` finds it."""
        self._cycle.scope.setdefault("state", {})[_KEY] = self

    @staticmethod
    def out_of(scope: Scope) -> "Exchange | None":
        """The one of this scope, once; None where another server serves."""
        return scope.get("state", {}).pop(_KEY, None)

    def take(self, limit: int) -> bytes | None:
        """The body, if all of it is here and it has at most so many bytes; else it is for ASGI's `receive`."""
        cycle = self._cycle
        if cycle.more_body or cycle.disconnected or len(cycle.body) > limit:
            return None
        body, cycle.body = bytes(cycle.body), bytearray()
        cycle.flow.resume_reading()
        cycle.message_event.clear()
        return body

    def answer(self, head: bytes, body: bytes) -> bool:
        """Send a whole answer; `head` is its status line and its headers, each with its end of line.

        False where it is for ASGI's `send`, which waits: the peer has not taken yet what was sent before.
        """
        cycle = self._cycle
        if cycle.flow.write_paused or cycle.disconnected:
            return False
        every = [b"%b: %b\r\n" % each for each in cycle.default_headers]
        closing = b"" if cycle.keep_alive else b"connection: close\r\n"
        length = b"content-length: %d\r\n\r\n" % len(body)
        cycle.transport.write(b"".join((head, *every, closing, length, body)))
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        cycle.message_event.set()
        if not cycle.keep_alive:
            cycle.transport.close()
        cycle.on_response()
        return True
