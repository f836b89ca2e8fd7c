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


class TooSlow(Closing):
    """A client did not take its messages in time. Where it has one subscription, the reason says where to go on."""

    def __init__(self, *cursors: str | None) -> None:
        behind = f"; go on after {cursors[0]}" if len(cursors) == 1 and cursors[0] else ""
        super().__init__(4413, f"Too slow: messages were not taken in time{behind}")


def too_slow(cursor: str | None) -> dict[str, Any]:
    """The error that ends an operation of a client that is too slow, with the cursor behind its last message."""
    extensions = {"code": "TOO_SLOW", "retryable": True, **({"cursor": cursor} if cursor else {})}
    return {"message": "Messages were not taken in time: go on after the cursor.", "extensions": extensions}
