"""GraphQL over HTTP: https://graphql.github.io/graphql-over-http/draft/

POST takes queries and mutations as JSON, GET takes queries in the address; a browser that opens the address
gets the playground. A client that hangs up does not end the mutation that it sent.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.api import requests
from gateway.api.execution import Api
from gateway.web.answers import Json, answered, refused
from gateway.web.bodies import BadRequest, Parameters, read_json, read_parameters
from gateway.web.exchange import Exchange
from gateway.web.negotiation import answer_type, check_body_type, wants_page
from gateway.web.tracing import of_headers

_SLOWEST: Final = 10.0
"""How many seconds a body may take to arrive."""
_PATIENCE: Final = 16
"""How many times the limit of a body is taken and thrown away, so that its sender hears why."""
_CLOSE: Final = {"connection": "close"}


class Received(NamedTuple):
    """A request as the server hands it over; of a header that is there twice the first one counts.

    There is an `exchange` where it comes straight from our server.
    """

    scope: Scope
    receive: Receive
    headers: dict[str, str]
    exchange: Exchange | None

    @classmethod
    def of(cls, scope: Scope, receive: Receive, exchange: Exchange | None = None) -> "Received":
        lines = reversed(scope["headers"])
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in lines}
        return cls(scope, receive, headers, exchange)

    @property
    def is_post(self) -> bool:
        return self.scope["method"] == "POST"

    async def body(self, limit: int) -> bytes:
        """See `read_body`; what has arrived already needs no clock."""
        here = self.exchange.take(limit) if self.exchange else None
        return await read_body(self.receive, limit) if here is None else here

    @property
    def accept(self) -> str:
        """What all `Accept` headers say together."""
        if "accept" not in self.headers:
            return ""
        return ", ".join(value.decode("latin-1") for name, value in self.scope["headers"] if name == b"accept")


@dataclass(frozen=True, slots=True)
class HttpEndpoint:
    """What `/graphql` answers over HTTP; `page` is what a browser gets, `body_limit` counts bytes."""

    api: Api
    body_limit: int
    page: Callable[[Request], Awaitable[Response]]

    async def answer(self, request: Request) -> Response:
        received = Received.of(request.scope, request.receive)
        asks = received.is_post or "query" in request.query_params
        return await (self.page(request) if not asks and wants_page(received.accept) else self._answer(received))

    async def post(self, scope: Scope, receive: Receive, send: Send, exchange: Exchange | None) -> None:
        """The same for a POST request, straight from the server."""
        response = await self._answer(Received.of(scope, receive, exchange))
        if not (exchange and response.sent(exchange)):
            await response(scope, receive, send)

    async def _answer(self, received: Received) -> Json:
        try:
            media_type = answer_type(received.accept)
            asked = await self.read(received)
        except BadRequest as error:
            return refused(error)
        return answered(await self.api.execute(asked), media_type)

    async def read(self, received: Received) -> requests.Request:
        """The operation that a request asks for. Raises BadRequest."""
        is_post, header = received.is_post, received.headers.get
        found = await self._posted(received) if is_post else _addressed(received, self.body_limit)
        trace = found.trace.otherwise(of_headers(header))
        return requests.Request(
            found.query,
            found.variables,
            found.operation,
            self.api.later(found.after, header("tidegate-after")),
            correlation=trace.correlation,
            causation=trace.causation,
            queries_only=not is_post,
            resume=header("last-event-id") or None,
        )

    async def _posted(self, received: Received) -> Parameters:
        header = received.headers.get
        check_body_type(header("content-type", ""), header("content-encoding", ""))
        return read_parameters(read_json(await received.body(self.body_limit)))


def _addressed(received: Received, limit: int) -> Parameters:
    """The parameters in an address: `variables` and `extensions` are JSON there."""
    text: bytes = received.scope["query_string"]
    if len(text) > limit:
        raise BadRequest("TOO_LARGE", f"An address may have {limit:,} bytes.", 414, _CLOSE)
    try:
        pairs = parse_qsl(text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError:
        raise BadRequest("BAD_ENCODING", "The address is not UTF-8, or has more than 100 parameters.") from None
    given: dict[str, Any] = dict(pairs)
    if len(given) < len(pairs):
        raise BadRequest("DUPLICATE_KEY", "The address has two values of the same name.")
    for name in ("variables", "extensions"):
        given[name] = read_json(given[name].encode()) if given.get(name) else None
    return read_parameters(given)


async def read_body(receive: Receive, limit: int) -> bytes:
    """The body, counted as it arrives whatever its headers say. Raises BadRequest for one too long or too slow."""
    try:
        async with asyncio.timeout(_SLOWEST):
            return await _read(receive, limit)
    except TimeoutError:
        raise BadRequest("TOO_SLOW", f"The body did not arrive in {_SLOWEST:.0f} seconds.", 408, _CLOSE) from None


async def _read(receive: Receive, limit: int) -> bytes:
    body, size, more = bytearray(), 0, True
    while more and size <= _PATIENCE * limit:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadRequest("TOO_SHORT", "The body ended before its end.", 400, _CLOSE)
        chunk, more = message.get("body", b""), message.get("more_body", False)
        size += len(chunk)
        if size <= limit:
            body += chunk
    if size > limit:
        raise BadRequest("TOO_LARGE", f"A body may have {limit:,} bytes.", 413, _CLOSE)
    return bytes(body)
