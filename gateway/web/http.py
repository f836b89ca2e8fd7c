"""GraphQL over HTTP: https://graphql.github.io/graphql-over-http/draft/

POST takes queries and mutations as JSON, GET takes queries in the address; a browser that opens the address
gets the playground. A client that hangs up does not end the mutation that it sent.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from gateway.api import requests
from gateway.api.execution import Api
from gateway.web.answers import answered, refused
from gateway.web.bodies import BadRequest, Parameters, read_json, read_parameters
from gateway.web.negotiation import answer_type, check_body_type, wants_page
from gateway.web.tracing import of_headers

_SLOWEST: Final = 10.0
"""How many seconds a body may take to arrive."""
_PATIENCE: Final = 16
"""How many times the limit of a body is taken and thrown away, so that its sender hears why."""
_CLOSE: Final = {"connection": "close"}


@dataclass(frozen=True, slots=True)
class HttpEndpoint:
    """What `/graphql` answers over HTTP; `page` is what a browser gets, `body_limit` counts bytes."""

    api: Api
    body_limit: int
    page: Callable[[Request], Awaitable[Response]]

    async def answer(self, request: Request) -> Response:
        accept = ", ".join(request.headers.getlist("accept"))
        if request.method != "POST" and "query" not in request.query_params and wants_page(accept):
            return await self.page(request)
        try:
            media_type = answer_type(accept)
            asked = await self.read(request)
        except BadRequest as error:
            return refused(error)
        return answered(await self.api.execute(asked), media_type)

    async def read(self, request: Request) -> requests.Request:
        """The operation that a request asks for. Raises BadRequest."""
        is_post = request.method == "POST"
        found = await self._posted(request) if is_post else _addressed(request, self.body_limit)
        trace = found.trace.otherwise(of_headers(request.headers.get))
        return requests.Request(
            found.query,
            found.variables,
            found.operation,
            self.api.later(found.after, request.headers.get("tidegate-after")),
            correlation=trace.correlation,
            causation=trace.causation,
            queries_only=not is_post,
            resume=request.headers.get("last-event-id") or None,
        )

    async def _posted(self, request: Request) -> Parameters:
        header = request.headers.get
        check_body_type(header("content-type", ""), header("content-encoding", ""))
        return read_parameters(read_json(await read_body(request, self.body_limit)))


def _addressed(request: Request, limit: int) -> Parameters:
    """The parameters in an address: `variables` and `extensions` are JSON there."""
    text: bytes = request.scope["query_string"]
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


async def read_body(request: Request, limit: int) -> bytes:
    """The body, counted as it arrives whatever its headers say. Raises BadRequest for one too long or too slow."""
    try:
        async with asyncio.timeout(_SLOWEST):
            return await _read(request.stream(), limit)
    except TimeoutError:
        raise BadRequest("TOO_SLOW", f"The body did not arrive in {_SLOWEST:.0f} seconds.", 408, _CLOSE) from None
    except ClientDisconnect:
        raise BadRequest("TOO_SHORT", "The body ended before its end.", 400, _CLOSE) from None


async def _read(chunks: AsyncIterator[bytes], limit: int) -> bytes:
    body, size = bytearray(), 0
    async for chunk in chunks:
        size += len(chunk)
        if size <= limit:
            body += chunk
        elif size > _PATIENCE * limit:
            break
    if size > limit:
        raise BadRequest("TOO_LARGE", f"A body may have {limit:,} bytes.", 413, _CLOSE)
    return bytes(body)
