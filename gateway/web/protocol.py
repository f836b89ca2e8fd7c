"""The words of graphql-transport-ws: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md"""

from collections.abc import Mapping
from typing import Any, Final, Literal, NotRequired, TypedDict

PROTOCOL: Final = "graphql-transport-ws"

_LONGEST_REASON: Final = 123
"""Bytes: https://www.rfc-editor.org/rfc/rfc6455#section-5.5"""


class ConnectionInit(TypedDict):
    """Client to server, first and once. `payload.after` is a token for all operations of the conversation;
    `gateway.web.tracing` has what else it may say."""

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


Outgoing = ConnectionAck | Ping | Pong | Next | Error | Complete


class Closing(Exception):
    """The conversation ends with a code and a reason."""

    def __init__(self, code: int, reason: str) -> None:
        self.code, self.reason = code, reason.encode()[:_LONGEST_REASON].decode(errors="ignore")
        super().__init__(reason)
