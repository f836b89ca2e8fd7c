"""Serving an application at an address of this machine until it is enough."""

import asyncio
import socket
import sys
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from gateway.settings import Settings
from gateway.web.connections import HttpConnection, SocketConnection
from gateway.web.listening import Address, listen

_GRACE: Final = 8
"""How many seconds requests under way may take when the server ends; with what surrounds it, less than 10."""


async def serve(app: ASGIApp, settings: Settings, announce: Callable[[Address], None]) -> None:
    """Serves at the wanted port or the next free one after it; `announce` hears of it when it is served.

    See `serve_at`. Raises Unsuitable where no port is to be had.
    """
    with closing(listen(settings.host, settings.port)) as listener:
        address = Address.of(listener, settings)
        await serve_at(listener, app, settings, lambda: announce(address))


async def serve_at(listener: socket.socket, app: ASGIApp, settings: Settings, started: Callable[[], None]) -> None:
    """Serves until this is cancelled; then nothing new is taken, sockets close, and what is under way is answered.

    Signals are the caller's business.
    """
    _open_many_files()
    server = _Server(_config(app, settings), started)
    serving = asyncio.create_task(server.serve([listener]))
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        await serving
        raise


def new_event_loop() -> asyncio.AbstractEventLoop:
    """The fastest event loop of this platform; give it to `asyncio.Runner` as its `loop_factory`."""
    if sys.platform == "win32":
        return asyncio.new_event_loop()
    import uvloop  # noqa: PLC0415 # there is none for Windows

    return uvloop.new_event_loop()


def _open_many_files() -> None:
    """Every socket is a file: as many as this process may have, also where that takes asking for."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 # there is none for Windows

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._started()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leaves signals alone: whoever runs the process decides."""
        yield


def _config(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    """uvicorn, which logs errors only, believes no proxy's headers and unpacks no compressed messages."""
    return uvicorn.Config(
        app,
        http=HttpConnection,
        ws=SocketConnection,
        ws_max_size=settings.body_limit,
        ws_per_message_deflate=False,
        lifespan="on",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE,
    )
