"""Connections that don't wait for ever: a peer that says or takes nothing is cut off."""

from asyncio import TimerHandle
from asyncio.transports import Transport
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

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
    _head: int = 0

    def connection_made(self, transport: Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] # as uvicorn has it
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        _cancel(self._slow)
        _cancel(self._stuck)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._head += len(data) if self._slow else 0
        if self._head > _HEAD_LIMIT and not self.transport.is_closing():
            self.transport.write(_HEAD_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._expect_head()

    def on_headers_complete(self) -> None:
        _cancel(self._slow)
        self._slow = None
        super().on_headers_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stuck = self.loop.call_later(_STUCK, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        _cancel(self._stuck)

    def _expect_head(self) -> None:
        _cancel(self._slow)
        self._head = 0
        self._slow = self.loop.call_later(_HEAD_TIMEOUT, self.transport.close)


class SocketConnection(WebSocketsSansIOProtocol):
    """WebSocket whose messages are taken, and which says that the server goes (1001) rather than restarts."""

    _stuck: TimerHandle | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        _cancel(self._stuck)
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stuck = self.loop.call_later(_STUCK, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        _cancel(self._stuck)

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


def _cancel(timer: TimerHandle | None) -> None:
    if timer:
        timer.cancel()
