"""Connections that don't wait for ever: a peer that says or takes nothing is cut off."""

from asyncio import AbstractEventLoop, Event, Queue, TimerHandle
from asyncio.transports import Transport
from collections.abc import Callable, Iterable
from typing import Any, Final, cast

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.http11 import Request

from gateway.web.exchange import Exchange
from gateway.web.waiting import Gate, Mail

CONNECTION: Final = "connection"
"""Where the application finds the connection of a request: in its scope's `state`."""

_HEAD_TIMEOUT: Final = 10.0
"""How many seconds a request's line and headers may take."""
_HEAD_LIMIT: Final = 64_000
"""How many bytes of them are taken before they end."""
_STUCK: Final = 15.0
"""For how many seconds a peer may take nothing of what is sent to it."""

_HEAD_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
)


class HttpConnection(HttpToolsProtocol):
    """HTTP/1.1 whose headers end in time, and whose answers are taken."""

    _slow: TimerHandle | None = None
    _stuck: TimerHandle | None = None
    _heading = False
    _head: int = 0
    leaving: Callable[[], object] | None = None
    """What hears that the server goes while this connection's answer is under way."""

    def connection_made(self, transport: Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] # as uvicorn has it
        super().connection_made(transport)
        self._slow = self.loop.call_later(_HEAD_TIMEOUT, transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        _cancel(self._slow)
        _cancel(self._stuck)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        begun = self.scope if self._heading else None
        super().data_received(data)
        if self._heading:  # a piece with the end of something else in it is not counted
            self._expect_more(len(data) if self.scope is begun else 0)
        elif self.cycle and self.cycle.response_complete and not self.transport.is_closing():
            self._expect_more(0)  # what was answered goes on, or nothing has begun yet: that is not for ever either

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope.setdefault("state", {})[CONNECTION] = self
        self._heading, self._head = True, 0
        self._go_on()

    def on_headers_complete(self) -> None:
        self._heading = False
        self._go_on()
        super().on_headers_complete()
        if self.cycle and self.cycle.scope is self.scope:
            Exchange(self.cycle).go_along()

    def shutdown(self) -> None:
        super().shutdown()
        if self.leaving:
            self.leaving()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stuck = self.loop.call_later(_STUCK, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        _cancel(self._stuck)

    def _expect_more(self, received: int) -> None:
        """A head has begun and has not ended; mostly it comes in one piece, and needs no timer."""
        self._slow = self._slow or self.loop.call_later(_HEAD_TIMEOUT, self.transport.close)
        self._head += received
        if self._head > _HEAD_LIMIT and not self.transport.is_closing():
            self.transport.write(_HEAD_TOO_LARGE)
            self.transport.close()

    def _go_on(self) -> None:
        """What was expected is here."""
        _cancel(self._slow)
        self._slow = None


class SocketConnection(WebSocketsSansIOProtocol):
    """WebSocket whose messages are taken, and which says that the server goes (1001) rather than restarts."""

    _stuck: TimerHandle | None = None

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.queue = cast("Queue[Any]", Mail())
        self.writable = cast(Event, Gate())

    def start_keepalive(self) -> None:
        """Called when the handshake is done: what it was made of would only take room from now on."""
        super().start_keepalive()
        del self.request, self.response

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.handshake_initiated and not self.close_sent:
            self.scope.setdefault("state", {})[CONNECTION] = self

    def connection_lost(self, exc: Exception | None) -> None:
        _cancel(self._stuck)
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stuck = self.loop.call_later(_STUCK, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        _cancel(self._stuck)

    def push(self, text: bytes) -> bool:
        """Send a message at once; False where the peer has not taken what was sent before, or is gone."""
        if not self.writable.is_set() or self.close_sent or self.transport.is_closing():
            return False
        self.transport.write(_framed(text))
        return True

    def cut_off(self, last: Iterable[bytes], code: int, reason: str) -> None:
        """Close although the peer takes nothing: it finds these messages and the code if it does read on."""
        if self.close_sent or self.transport.is_closing():
            return
        self.stop_keepalive()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.transport.write(b"".join(map(_framed, last)))
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.transport.close()

    def shutdown(self) -> None:
        if self.close_sent or not self.handshake_complete:
            super().shutdown()
            return
        self.stop_keepalive()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": 1001, "reason": None})
        self.conn.send_close(1001, "The server is going away")
        self.transport.write(b"".join(self.conn.data_to_send()))
        leave = self.transport.close if self.writable.is_set() else self.transport.abort
        leave()


def _framed(text: bytes) -> bytes:
    """A text message, whole and unmasked: https://www.rfc-editor.org/rfc/rfc6455#section-5.2"""
    length = len(text)
    if length < 126:
        return bytes((0x81, length)) + text
    if length < 1 << 16:
        return b"\x81\x7e" + length.to_bytes(2) + text
    return b"\x81\x7f" + length.to_bytes(8) + text


def _cancel(timer: TimerHandle | None) -> None:
    if timer:
        timer.cancel()
