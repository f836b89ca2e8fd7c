"""GraphQL over server-sent events, an operation a connection ("distinct connections mode"):
https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md

Each answer is an event `next`, the end is an event `complete`. An event's id is its cursor: who comes again with it
in `Last-Event-ID`, as browsers do by themselves, goes on behind it.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.api.live.audience import Told
from gateway.api.live.following import Following
from gateway.api.requests import Answer
from gateway.web.answers import refused, to_json
from gateway.web.bodies import BadRequest
from gateway.web.connections import CONNECTION, HttpConnection
from gateway.web.http import HttpEndpoint, Received
from gateway.web.negotiation import check_takes_events

_ALIVE: Final = 12.0
"""Seconds of silence after which a comment shows that the connection lives."""

_COMMENT: Final = b":\n\n"
_COMPLETE: Final = b"event: complete\ndata:\n\n"
_HEADERS: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


@dataclass(frozen=True, slots=True)
class StreamEndpoint:
    """What `/graphql/stream` answers: requests are read as `/graphql` reads them, all answers are event streams."""

    http: HttpEndpoint

    async def answer(self, request: Request) -> Response:
        received = Received.of(request.scope, request.receive)
        try:
            check_takes_events(received.accept)
            asked = await self.http.read(received)
        except BadRequest as error:
            return refused(error)
        return _EventStream(await self.http.api.follow(asked))


class _EventStream(Response):
    """Answers as they come, until they end, the client leaves, or the server does."""

    def __init__(self, found: Answer | Following) -> None:
        self._found = found
        self.background = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.Event()
        listening = asyncio.create_task(_listen(receive, gone.set))
        connection: HttpConnection | None = scope.get("state", {}).get(CONNECTION)
        if connection:
            connection.leaving = gone.set
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            async with aclosing(_texts(self._found, gone)) as texts:
                async for text in texts:
                    await send({"type": "http.response.body", "body": text, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            listening.cancel()
            if connection:
                connection.leaving = None


async def _listen(receive: Receive, gone: Callable[[], None]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    gone()


async def _texts(found: Answer | Following, gone: asyncio.Event) -> AsyncGenerator[bytes]:
    """The stream's text. Without `complete` where it is not complete: then the client comes again."""
    if isinstance(found, Answer):
        yield _next(Told(found))
        yield _COMPLETE
        return
    leaving = asyncio.create_task(gone.wait())
    async with aclosing(found.messages()) as messages:
        coming = asyncio.ensure_future(anext(messages, None))
        try:
            while True:
                await asyncio.wait([coming, leaving], timeout=_ALIVE, return_when=asyncio.FIRST_COMPLETED)
                if gone.is_set():
                    return
                if not coming.done():
                    yield _COMMENT
                elif (told := coming.result()) is None:
                    yield _COMPLETE
                    return
                else:
                    yield _next(told)
                    coming = asyncio.ensure_future(anext(messages, None))
        finally:
            leaving.cancel()
            await _ended(coming)


async def _ended(coming: asyncio.Future[Told | None]) -> None:
    coming.cancel()
    with suppress(asyncio.CancelledError, Exception):
        await coming


def _next(told: Told) -> bytes:
    if told.text is None:
        told.text = to_json(told.answer.document())
    id_ = f"id: {told.cursor}\n".encode() if told.cursor else b""
    return b"event: next\n" + id_ + b"data: " + told.text + b"\n\n"
