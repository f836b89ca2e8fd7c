"""Answers and refusals as JSON."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

import orjson
from starlette.responses import Response

from gateway.api.errors import internal
from gateway.api.requests import Answer
from gateway.web.bodies import BadRequest
from gateway.web.exchange import Exchange
from gateway.web.negotiation import GRAPHQL, JSON

_STATUSES: Final = {"GET_IS_FOR_QUERIES": 405, "INTERNAL": 500, "UNAVAILABLE": 503}
"""The HTTP statuses of refused answers that are not the document's fault."""

SECURITY: Final = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)
"""What every answer carries, unless it says otherwise itself. No other site may read an answer: no CORS."""

_HEADERS: Final = {
    each: (
        (b"cache-control", b"no-store"),
        (b"vary", b"accept"),
        (b"content-type", f"{each}; charset=utf-8".encode()),
        *SECURITY,
    )
    for each in (GRAPHQL, JSON)
}

_HEADS: Final = {
    media_type: b"HTTP/1.1 200 OK\r\n" + b"".join(b"%b: %b\r\n" % each for each in headers)
    for media_type, headers in _HEADERS.items()
}
"""The status line and the headers of most answers, as they go over a connection."""


def to_json(document: object) -> bytes:
    """An answer's text. What can't be written as JSON is the application's mistake: then the answer is INTERNAL."""
    try:
        return orjson.dumps(document)
    except TypeError as error:
        return orjson.dumps({"errors": [internal(error)]})


def answered(answer: Answer, media_type: str) -> "Json":
    """The response for an answer, with the status that GraphQL over HTTP wants for its media type."""
    status = _status(answer, media_type)
    return respond(answer.document(), status, media_type, {"allow": "POST"} if status == 405 else {})


def refused(error: BadRequest) -> "Json":
    """The response to a request that has not reached GraphQL."""
    return respond(error.document(), error.status, JSON, error.headers)


def respond(
    document: Mapping[str, Any], status: int = 200, media_type: str = JSON, headers: Mapping[str, str] | None = None
) -> "Json":
    """JSON that no cache keeps."""
    response = Json(to_json(document), status, media_type)
    if headers:
        response.headers.update(headers)
    return response


class Json(Response):
    """A response whose headers are there as they are sent: nothing is looked up and encoded again each time."""

    def __init__(self, body: bytes, status: int, media_type: str) -> None:
        self.status_code, self.body, self.background = status, body, None
        self.media_type = media_type

    @cached_property
    def raw_headers(self) -> list[tuple[bytes, bytes]]:
        return [*_HEADERS[self.media_type], (b"content-length", b"%d" % len(self.body))]

    def sent(self, exchange: Exchange) -> bool:
        """Send the answer at once where nothing is special about it; False where it is, or can't be sent now."""
        plain = self.status_code == 200 and "raw_headers" not in self.__dict__
        return plain and exchange.answer(_HEADS[self.media_type], self.body)


def _status(answer: Answer, media_type: str) -> int:
    """`application/json` says 200 for whatever GraphQL itself answers, `application/graphql-response+json` 400
    where nothing was executed: https://graphql.github.io/graphql-over-http/draft/#sec-Status-Codes"""
    if not answer.refused:
        return 200
    codes = {each.get("extensions", {}).get("code") for each in answer.errors}
    own = [status for code, status in _STATUSES.items() if code in codes]
    return own[0] if own else 400 if media_type == GRAPHQL else 200
