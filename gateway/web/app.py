"""The Starlette application: which address is answered by what, and what every answer carries."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from gateway.api.errors import internal
from gateway.api.execution import Api
from gateway.settings import Settings
from gateway.web import playground
from gateway.web.answers import SECURITY, respond
from gateway.web.exchange import Exchange
from gateway.web.health import Health
from gateway.web.http import HttpEndpoint
from gateway.web.metrics import metrics_endpoint
from gateway.web.streams import StreamEndpoint
from gateway.web.websocket import SocketEndpoint

_CODES: Final = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}


def create_app(api: Api, health: Health, settings: Settings) -> ASGIApp:
    """The gateway as an ASGI application. It ends when no mutation is under way any more."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        yield
        await api.settle()

    http = HttpEndpoint(api, settings.body_limit, playground.playground_page)
    app = Starlette(
        routes=[
            Route("/graphql", http.answer, methods=["GET", "POST"]),
            Route("/graphql/stream", StreamEndpoint(http).answer, methods=["GET", "POST"]),
            Route("/healthz", health.alive),
            Route("/readyz", health.ready),
            Route("/metrics", metrics_endpoint(api.metrics.registry, health.read_models).answer),
            *playground.routes(),
        ],
        middleware=[Middleware(SecurityHeaders)],
        exception_handlers={HTTPException: _refuse, Exception: _fail},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    return Direct(app, http, SocketEndpoint(api))


class Direct:
    """Leads what is asked most past all that only other requests need.

    An open WebSocket would keep it in memory, and a query by id would spend a good part of its time there.
    """

    def __init__(self, app: ASGIApp, http: HttpEndpoint, sockets: SocketEndpoint) -> None:
        self._app, self._http, self._sockets = app, http, sockets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange.out_of(scope)
        if scope["type"] == "lifespan" or scope["path"] != "/graphql":
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._sockets.converse(WebSocket(scope, receive, send))
        elif scope["method"] == "POST":
            await self._post(scope, receive, send, exchange)
        else:
            await self._app(scope, receive, send)

    async def _post(self, scope: Scope, receive: Receive, send: Send, exchange: Exchange | None) -> None:
        try:
            await self._http.post(scope, receive, send, exchange)
        except Exception as error:
            await respond({"errors": [internal(error)]}, 500)(scope, receive, send)


class SecurityHeaders:
    """Adds the headers that keep other sites out to every response."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(each for each in SECURITY if each[0] not in own),
                ]
            await send(message)

        await self._app(scope, receive, secured)


async def _refuse(_: Request, error: Exception) -> Response:
    """An address or a method that is not answered."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    code = _CODES.get(status, "REFUSED")
    message = "There is nothing at this address." if status == 404 else "This address does not take this method."
    headers = error.headers if isinstance(error, HTTPException) else None
    return respond({"errors": [{"message": message, "extensions": {"code": code}}]}, status, headers=headers)


async def _fail(_: Request, error: Exception) -> Response:
    return respond({"errors": [internal(error)]}, 500)
