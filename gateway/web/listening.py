"""The socket that an application is served at, and its address."""

import errno
import socket
import sys
from dataclasses import dataclass
from typing import Final

from gateway.errors import Unsuitable
from gateway.settings import Settings

_ATTEMPTS: Final = 100


@dataclass(frozen=True, slots=True)
class Address:
    """Where the application is served; `wanted` is the port that was asked for, which may have been taken."""

    host: str
    port: int
    wanted: int

    @classmethod
    def of(cls, bound: socket.socket, settings: Settings) -> "Address":
        """Where this socket is."""
        return cls(settings.host, bound.getsockname()[1], settings.port)

    @property
    def url(self) -> str:
        host = "127.0.0.1" if self.host in ("", "0.0.0.0") else "[::1]" if self.host == "::" else self.host
        return f"http://[{host}]:{self.port}" if ":" in host and host[0] != "[" else f"http://{host}:{self.port}"

    @property
    def moved(self) -> bool:
        return self.wanted not in (0, self.port)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket at this port or the next free one; 0 is any. Raises Unsuitable where there is none."""
    for each in range(port, min(port + _ATTEMPTS, 65_536)) if port else [0]:
        try:
            return _bind(host, each)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise Unsuitable(f"Can't listen on {host}: {error.strerror or error}.") from None
    raise Unsuitable(f"No port from {port} on is free on {host}; choose another one with TIDEGATE_PORT.")


def reserve(host: str, port: int) -> socket.socket:
    """Keeps this port or the next free one for processes that `listen_together`, and does not listen itself.

    Raises Unsuitable where there is none.
    """
    with listen(host, port) as free:  # who listens together would not notice somebody who does that already
        port = free.getsockname()[1]
    kept = _together(host, port, listening=False)
    # A bound socket that may be shared so is no hindrance to others until it listens, and this one never does.
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    return kept


def listen_together(host: str, port: int) -> socket.socket:
    """One of several sockets that listen at this port: on Linux each gets its share of the connections."""
    return _together(host, port, listening=True)


def _together(host: str, port: int, *, listening: bool) -> socket.socket:
    try:
        return _bind(host, port, together=True, listening=listening)
    except OSError as error:
        raise Unsuitable(f"Can't listen on {host}, port {port}: {error.strerror or error}.") from None


def _bind(host: str, port: int, *, together: bool = False, listening: bool = True) -> socket.socket:
    family, kind, *_, address = socket.getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    found = socket.socket(family, kind)
    try:
        if sys.platform != "win32":  # there, it would share a port that is taken
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if together:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        found.bind(address)
        if listening:
            found.listen(2048)
    except OSError:
        found.close()
        raise
    return found
