"""Serving an application at an address of this machine until it is enough."""

import asyncio
import errno
import socket
import sys
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from gateway.errors import Unsuitable
from gateway.settings import Settings
from gateway.web.connections import HttpConnection, SocketConnection

_ATTEMPTS: Final = 100
_GRACE: Final = 8
"""How many seconds requests under way may take when the server ends; with what surrounds it, less than 10."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the application is served; `wanted` is the port that was asked for, which may have been taken."""

    host: str
    port: int
    wanted: int

    @property
    def url(self) -> str:
        host = "127.0.0.1" if self.host in ("", "0.0.0.0") else "[::1]" if self.host == "::" else self.host
        return f"http://[{host}]:{self.port}" if ":" in host and host[0] != "[" else f"http://{host}:{self.port}"

    @property
    def moved(self) -> bool:
        return self.wanted not in (0, self.port)


async def serve(app: ASGIApp, settings: Settings, announce: Callable[[Address], None]) -> None:
    """Serves until this is cancelled; then nothing new is taken, sockets close, and what is under way is answered.

    The port is the wanted one or the next free one after it; `announce` hears of it when it is served. Signals
    are the caller's business. Raises Unsuitable where no port is to be had.
    """
    _open_many_files()
    with closing(listen(settings.host, settings.port)) as listener:
        address = Address(settings.host, listener.getsockname()[1], settings.port)
        server = _Server(_config(app, settings), lambda: announce(address))
        serving = asyncio.create_task(server.serve([listener]))
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            server.should_exit = True
            await serving
            raise


def listen(host: str, port: int) -> socket.socket:
    """A listening socket at this port or the next free one; 0 is any. Raises Unsuitable where there is none."""
    for each in range(port, min(port + _ATTEMPTS, 65_536)) if port else [0]:
        try:
            return _bind(host, each)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise Unsuitable(f"Can't listen on {host}: {error.strerror or error}.") from None
    raise Unsuitable(f"No port from {port} on is free on {host}; choose another one with TIDEGATE_PORT.")


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


def _bind(host: str, port: int) -> socket.socket:
    family, kind, *_, address = socket.getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    found = socket.socket(family, kind)
    try:
        if sys.platform != "win32":  # there, it would share a port that is taken
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
        found.listen(2048)
    except OSError:
        found.close()
        raise
    return found


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
