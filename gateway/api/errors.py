"""From exceptions to what a client may read: one closed table of codes.

A code is `extensions.code` of an error. What the API itself refuses:

GRAPHQL_PARSE_FAILED         the document is no GraphQL
GRAPHQL_VALIDATION_FAILED    the document does not fit the schema
QUERY_TOO_COMPLEX            the document asks for too much; `limit` and `allowed` say of what
UNKNOWN_OPERATION            the document has no operation of this name
OPERATION_NAME_MISSING       the document has several operations, and the request names none
GET_IS_FOR_QUERIES           a mutation over HTTP GET
WEBSOCKET_ONLY               a subscription over HTTP
BAD_INPUT                    a value that its type or the application refuses; `inputPath` names the place

What the gateway raises on purpose has the codes of the table below: the client's mistakes (BAD_…), what passes
by itself (`retryable`), and what an operator must see to. The transports add codes of their own in
`gateway.web.bodies`. Anything else is INTERNAL: a sentence that says nothing and a random `id`, under which
the log has the exception.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

from graphql import GraphQLError

from gateway.errors import (
    BadAsOf,
    BadCursor,
    BadInput,
    BadPage,
    BadToken,
    CommandFailed,
    CommandIdReused,
    CommitTooLarge,
    CommitUnknown,
    CursorExpired,
    GatewayError,
    LogBroken,
    NoHistory,
    NotYetVisible,
    ReadModelNotBuilt,
    ReadModelStopped,
    Unavailable,
    ViewParked,
)

MOST_ERRORS = 10
"""How many errors the answer to a refused request holds at most."""
_LONGEST = 500

_log = logging.getLogger("tidegate.api")

_CODES: dict[type[GatewayError], str] = {
    BadToken: "BAD_TOKEN",
    BadCursor: "BAD_CURSOR",
    CursorExpired: "CURSOR_EXPIRED",
    BadPage: "BAD_PAGE",
    BadAsOf: "BAD_AS_OF",
    NoHistory: "NO_HISTORY",
    BadInput: "BAD_INPUT",
    CommandIdReused: "COMMAND_ID_REUSED",
    CommitTooLarge: "COMMIT_TOO_LARGE",
    CommitUnknown: "COMMIT_UNKNOWN",
    CommandFailed: "COMMAND_FAILED",
    Unavailable: "UNAVAILABLE",
    NotYetVisible: "NOT_YET_VISIBLE",
    ReadModelStopped: "READ_MODEL_STOPPED",
    ViewParked: "VIEW_PARKED",
    ReadModelNotBuilt: "READ_MODEL_NOT_BUILT",
    LogBroken: "LOG_BROKEN",
}

_UNSAID: dict[type[GatewayError], str] = {
    CommandFailed: "The command failed; nothing was changed.",
    Unavailable: "The database did not answer in time; try again.",
    ReadModelStopped: "This read model can't go on; what it knows stands still.",
    LogBroken: "The log can't be read; an operator must see to it.",
}
"""Errors whose own sentences tell of the inside: the client gets these, the log gets theirs."""


def describe(errors: Sequence[GraphQLError], code: str | None = None) -> tuple[dict[str, Any], ...]:
    """The errors of an answer, all of them: each explains a null. `code` is for those of graphql-core itself.

    Without it they are told apart: a value that the client gave is BAD_INPUT, all others are INTERNAL.
    """
    return tuple(_describe(each, code) for each in errors)


def describe_exception(error: Exception) -> dict[str, Any]:
    """One error of an answer, for an exception that belongs to no place of the document."""
    return _describe(error if isinstance(error, GraphQLError) else GraphQLError("", original_error=error), None)


def internal(error: BaseException | None) -> dict[str, Any]:
    """An error that says nothing but an id, under which the log has the exception."""
    id_ = uuid4().hex
    _log.error("Internal error %s", id_, exc_info=error)
    return {
        "message": "Something went wrong here; its id is in the log.",
        "extensions": {"code": "INTERNAL", "id": id_},
    }


def code_of(error: Exception) -> str:
    """The code under which an exception of a resolver stands in the answer."""
    kind = _kind(error)
    return _CODES[kind] if kind else "INTERNAL"


def _describe(error: GraphQLError, code: str | None) -> dict[str, Any]:
    formatted: dict[str, Any] = {**error.formatted}
    return {key: formatted[key] for key in ("locations", "path") if key in formatted} | _say(error, code)


def _say(error: GraphQLError, code: str | None) -> dict[str, Any]:
    """The message and the extensions of an error."""
    cause = _root(error)
    if isinstance(cause, BadInput):
        return _bad_input(error, cause)
    if (kind := _kind(cause)) is not None:
        return _gateway(cause, kind)
    if not isinstance(cause, GraphQLError):
        return _foreign(error, cause, code)
    if cause.extensions and "code" in cause.extensions:
        return {"message": cause.message, "extensions": dict(cause.extensions)}
    # What graphql-core says without a place in the document is about an answer: a resolver's mistake.
    found = code or ("BAD_INPUT" if cause.nodes else None)
    return _plain(error.message, found) if found else internal(cause)


def _root(error: GraphQLError) -> Exception:
    """What was raised first, under all that graphql-core wrapped around it."""
    found: Exception = error
    while isinstance(found, GraphQLError) and found.original_error is not None:
        found = found.original_error
    return found


def _bad_input(error: GraphQLError, cause: BadInput) -> dict[str, Any]:
    """A refused value: the sentence of who refused it, after the variable's place as graphql-core tells it."""
    inner = error.original_error
    outer = error.message.removesuffix(inner.message) if isinstance(inner, GraphQLError) else ""
    place = outer if outer.startswith("Variable ") and outer != error.message else ""
    path = {"inputPath": list(cause.path)} if cause.path else {}
    return _plain(place + str(cause), _CODES[_kind(cause) or BadInput], path)


def _foreign(error: GraphQLError, cause: Exception, code: str | None) -> dict[str, Any]:
    """Any other exception. Raised while a client's value is read, it is about the value; its text stays here."""
    if code is None:
        return internal(cause)
    return _plain(error.message.split(", but encountered error", 1)[0] + ".", code)


def _kind(error: Exception) -> type[GatewayError] | None:
    """The class under which an error stands in the table: its own, or the nearest that it is one of."""
    return next((each for each in type(error).__mro__ if each in _CODES), None)


def _gateway(error: Exception, kind: type[GatewayError]) -> dict[str, Any]:
    if kind in _UNSAID:
        _log.error("%s", error, exc_info=error if kind is CommandFailed else None)
    return _plain(_UNSAID.get(kind, str(error)), _CODES[kind], _DATA.get(kind, _nothing)(error))


def _plain(message: str, code: str, more: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"message": _short(message), "extensions": {"code": code, **(more or {})}}


def _short(message: str) -> str:
    return message if len(message) <= _LONGEST else message[: _LONGEST - 1] + "…"


def _nothing(_: Any) -> dict[str, Any]:
    return {}


def _commit_unknown(error: CommitUnknown) -> dict[str, Any]:
    return {"commandId": str(error.command_id), "retryable": True}


def _not_yet_visible(error: NotYetVisible) -> dict[str, Any]:
    """Positions are texts: they outgrow a JSON number."""
    return {
        "readModel": error.read_model,
        "wanted": str(error.wanted),
        "reached": str(error.reached),
        "retryable": True,
    }


_DATA: dict[type[GatewayError], Callable[[Any], dict[str, Any]]] = {
    CommandIdReused: lambda error: {"commandId": str(error.command_id)},
    CommitUnknown: _commit_unknown,
    CommitTooLarge: lambda error: {"events": error.events, "size": error.size},
    Unavailable: lambda _: {"retryable": True},
    NotYetVisible: _not_yet_visible,
    ReadModelStopped: lambda error: {"readModel": error.read_model, "reached": str(error.reached)},
    ViewParked: lambda error: {"readModel": error.read_model, "position": str(error.position)},
    ReadModelNotBuilt: lambda error: {"readModel": error.read_model, "retryable": True},
    LogBroken: lambda error: {"position": str(error.position)},
}
