"""graphql-transport-ws: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md

A conversation is opened once and then carries any number of operations, each under an id of the client's.
What breaks the protocol closes the socket with a code; what is wrong with an operation is an answer.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NotRequired, TypedDict, cast
from urllib.parse import urlsplit

from starlette.websockets import WebSocket, WebSocketDisconnect

from gateway.api.execution import Api
from gateway.api.requests import Answer, Request
from gateway.web.answers import refused, to_json
from gateway.web.bodies import BadRequest, read_json, read_parameters, read_token
from gateway.web.http import correlation

PROTOCOL: Final = "graphql-transport-ws"

_INIT_TIMEOUT: Final = 5.0
_SEND_TIMEOUT: Final = 10.0
_CLOSE_TIMEOUT: Final = 1.0
"""Seconds: for `connection_init` to arrive, for a client to take a message, and to take the closing."""
_MOST_OPERATIONS: Final = 100
_MOST_SOCKETS: Final = 1_000
_LONGEST_ID: Final = 200


class ConnectionInit(TypedDict):
    """Client to server, first and once. `payload.after` is a token for all operations of the conversation."""

    type: Literal["connection_init"]
    payload: NotRequired[Mapping[str, Any] | None]


class ConnectionAck(TypedDict):
    """Server to client: operations may be sent from now on."""

    type: Literal["connection_ack"]


class Ping(TypedDict):
    """Either way, at any time; it is answered with Pong."""

    type: Literal["ping"]
    payload: NotRequired[Mapping[str, Any] | None]


class Pong(TypedDict):
    """Either way: the answer to Ping, or a sign of life."""

    type: Literal["pong"]
    payload: NotRequired[Mapping[str, Any] | None]


class Subscribe(TypedDict):
    """Client to server: one operation of any kind, under an id that is not in use."""

    type: Literal["subscribe"]
    id: str
    payload: Mapping[str, Any]


class Next(TypedDict):
    """Server to client: one answer of an operation."""

    type: Literal["next"]
    id: str
    payload: Mapping[str, Any]


class Error(TypedDict):
    """Server to client: the operation is refused, or broke; its id is free again."""

    type: Literal["error"]
    id: str
    payload: list[Mapping[str, Any]]


class Complete(TypedDict):
    """Either way: the operation has ended, its id is free again."""

    type: Literal["complete"]
    id: str


Incoming = ConnectionInit | Ping | Pong | Subscribe | Complete
Outgoing = ConnectionAck | Ping | Pong | Next | Error | Complete


class Closing(Exception):
    """The conversation ends with a code and a reason."""

    def __init__(self, code: int, reason: str) -> None:
        self.code, self.reason = code, reason
        super().__init__(reason)


@dataclass
class SocketEndpoint:
    """What `/graphql` answers over WebSocket; it keeps count of the open conversations."""

    api: Api
    most: int = _MOST_SOCKETS
    open: int = 0

    async def converse(self, socket: WebSocket) -> None:
        if not _same_site(socket):
            reason = BadRequest("FOREIGN_ORIGIN", "Other sites may not open a WebSocket here.", 403)
            return await socket.send_denial_response(refused(reason))
        offered = PROTOCOL in socket.scope["subprotocols"]
        await socket.accept(PROTOCOL if offered else None)
        self.open += 1
        try:
            await Conversation(self.api, socket).hold(self._objection(offered))
        finally:
            self.open -= 1

    def _objection(self, offered: bool) -> Closing | None:
        if not offered:
            return Closing(4406, f"Subprotocol not acceptable: only {PROTOCOL} is")
        return Closing(1013, "Too many open sockets") if self.open > self.most else None


@dataclass
class Conversation:
    """One socket, from its opening to its closing."""

    api: Api
    socket: WebSocket
    after: str | None = None
    operations: dict[str, asyncio.Task[None]] = field(default_factory=dict[str, asyncio.Task[None]])
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)
    failure: Closing | None = None

    async def hold(self, objection: Closing | None) -> None:
        """Talks until one side has enough; then every operation of the conversation ends, too.

        A mutation under way is not ended: it is in the log, or it is not.
        """
        try:
            if objection:
                raise objection
            await self._begin()
            while True:
                self._take(await self._receive())
        except Closing as closing:
            await self._close(self.failure or closing)
        except WebSocketDisconnect:
            pass
        finally:
            await self._end()

    async def _begin(self) -> None:
        ...
