"""The attic behind the real server, and clients on real sockets."""

import asyncio
import json
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx2
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from gateway.settings import load_settings
from gateway.web.app import create_app
from gateway.web.health import Health
from gateway.web.listening import Address, listen
from gateway.web.server import serve
from tests.live.world import PATIENCE, World


async def _ping() -> None:
    """MongoDB is well."""


WIDE = (
    "subscription F($after: String) { events(after: $after) { cursor node { ...E } } }"
    f"fragment E on ThingPut {{ {' '.join(f'a{number}: roomId' for number in range(28))} }}"
)
"""Events whose messages are 2 kB long where a room's id is that of `FAR`."""

FAR = "far" * 20

SMALL = 4_096
"""Bytes of a socket's buffer in the system that are soon full."""


@asynccontextmanager
async def served(attic: World) -> AsyncGenerator[Address]:
    """The server of a world, on a free port."""
    settings = load_settings(port=0)
    announced = asyncio.get_running_loop().create_future()
    app = create_app(attic.api, Health(_ping, lambda: (), ready_lag=30.0), settings)
    serving = asyncio.create_task(serve(app, settings, announced.set_result))
    try:
        yield await announced
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


def narrow_listen(host: str, port: int) -> socket.socket:
    """What is accepted here keeps little in the system: what is not taken stays with the server."""
    found = listen(host, port)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)
    return found


def narrow_client(at: Address) -> socket.socket:
    """A connection that keeps little of what it does not read."""
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
    found.connect((at.host, at.port))
    return found


@asynccontextmanager
async def conversing(at: Address, **options: Any) -> AsyncGenerator[ClientConnection]:
    """An open conversation of graphql-transport-ws."""
    url = at.url.replace("http", "ws") + "/graphql"
    async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")], **options) as session:
        await session.send('{"type": "connection_init"}')
        assert json.loads(await session.recv()) == {"type": "connection_ack"}
        yield session


async def subscribe(session: ClientConnection, query: str, id_: str = "1", **variables: Any) -> None:
    payload = {"query": query, "variables": variables}
    await session.send(json.dumps({"type": "subscribe", "id": id_, "payload": payload}))


async def received(session: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE):
        return json.loads(await session.recv())


async def everything(session: ClientConnection) -> list[dict[str, Any]]:
    """All messages that still come, until the server closes."""
    found: list[dict[str, Any]] = []
    with suppress(ConnectionClosed):
        async with asyncio.timeout(PATIENCE):
            while True:
                found.append(json.loads(await session.recv()))
    return found


class Stream:
    """A response of server-sent events."""

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def event(self) -> dict[str, str]:
        """The next event's fields; a comment's is called `comment`. Nothing at the end."""
        found: dict[str, str] = {}
        async with asyncio.timeout(PATIENCE):
            async for line in self._lines:
                if not line:
                    return found
                name, _, value = line.partition(":")
                found[name or "comment"] = value.removeprefix(" ")
        return found

    async def next(self) -> tuple[Any, str]:
        """The next answer's data, and its event's id."""
        event = await self.event()
        assert event.get("event") == "next", event
        return json.loads(event["data"])["data"], event.get("id", "")


@asynccontextmanager
async def stream(at: Address, query: str, **headers: str) -> AsyncGenerator[Stream]:
    """What is answered to a POST that takes events."""
    sent = {"accept": "text/event-stream", **{name.replace("_", "-"): value for name, value in headers.items()}}
    async with (
        httpx2.AsyncClient(timeout=PATIENCE) as client,
        client.stream("POST", f"{at.url}/graphql/stream", json={"query": query}, headers=sent) as response,
    ):
        yield Stream(response)
