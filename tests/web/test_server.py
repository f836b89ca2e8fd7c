"""The real server on a real socket: what only the network shows."""

import asyncio
import json
import socket
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any

import httpx2
import pytest
from starlette.types import Receive, Scope, Send
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from gateway.errors import Unsuitable
from gateway.settings import load_settings
from gateway.web import connections, http, websocket
from gateway.web.listening import Address, listen
from gateway.web.server import new_event_loop, serve
from tests.api.sample import Control
from tests.web.serving import BODY_LIMIT, code, served

pytestmark = pytest.mark.anyio

QUERY = b'{"query": "{ hello }"}'
PATIENCE = 5
"""How many seconds a test waits for what must come at once."""
HEAD = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"


@pytest.fixture
async def at() -> AsyncGenerator[Address]:
    async with served() as address:
        yield address


async def raw(at: Address, *parts: bytes) -> bytes:
    """What the server answers to these bytes, until it hangs up."""
    reader, writer = await asyncio.open_connection(at.host, at.port)
    try:
        for each in parts:
            writer.write(each)
            await writer.drain()
        async with asyncio.timeout(PATIENCE):
            return await reader.read()
    except ConnectionError:
        return b"reset"
    finally:
        writer.close()


async def post(at: Address, content: bytes | AsyncGenerator[bytes]) -> httpx2.Response:
    async with httpx2.AsyncClient() as client:
        return await client.post(f"{at.url}/graphql", content=content, headers={"content-type": "application/json"})


async def opened(at: Address, **options: Any) -> ClientConnection:
    url = at.url.replace("http", "ws") + "/graphql"
    session = await connect(url, subprotocols=[Subprotocol("graphql-transport-ws")], **options)
    await session.send('{"type": "connection_init"}')
    assert json.loads(await session.recv()) == {"type": "connection_ack"}
    return session


def subscribe(query: str, id_: str = "1") -> str:
    return json.dumps({"type": "subscribe", "id": id_, "payload": {"query": query}})


async def closing(session: ClientConnection) -> int | None:
    """The code with which the server closes, after whatever it still sends; None if it just hangs up."""
    with suppress(ConnectionClosed):
        async with asyncio.timeout(PATIENCE):
            while True:
                await session.recv()
    return session.close_code if session.close_code != 1006 else None


async def test_a_query_is_answered(at: Address) -> None:
    assert (await post(at, QUERY)).json() == {"data": {"hello": "world"}}


async def test_a_body_beyond_the_limit_is_refused_and_its_sender_hears_it(at: Address) -> None:
    response = await post(at, b" " * (BODY_LIMIT + 1))
    assert (response.status_code, code(response)) == (413, "TOO_LARGE")
    assert response.headers["connection"] == "close"


async def test_a_body_without_a_length_is_counted(at: Address) -> None:
    async def endless() -> AsyncGenerator[bytes]:
        for _ in range(8):
            yield b" " * (BODY_LIMIT // 4)

    assert code(await post(at, endless())) == "TOO_LARGE"


async def test_a_body_that_never_ends_is_not_read_to_its_end(at: Address) -> None:
    chunk = b"8000\r\n" + b" " * 0x8000 + b"\r\n"
    answer = await raw(at, HEAD + b"transfer-encoding: chunked\r\n\r\n", *[chunk] * 40)
    assert b" 413 " in answer or answer == b"reset"


@pytest.mark.parametrize("length", [b"5", b"0"])
async def test_a_length_that_is_too_short_cuts_the_body(at: Address, length: bytes) -> None:
    head = HEAD + b"connection: close\r\ncontent-length: " + length + b"\r\n\r\n"
    assert b"BAD_JSON" in await raw(at, head + QUERY)


@pytest.mark.parametrize("length", [b"-1", b"x", b"9" * 30])
async def test_a_length_that_is_none_is_refused(at: Address, length: bytes) -> None:
    assert b" 400 " in await raw(at, HEAD + b"content-length: " + length + b"\r\n\r\n" + QUERY)


async def test_a_body_that_does_not_come_is_not_waited_for(at: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_SLOWEST", 0.05)
    answer = await raw(at, HEAD + b"content-length: 100\r\n\r\n" + QUERY)
    assert b" 408 " in answer
    assert b"TOO_SLOW" in answer


async def test_headers_that_do_not_come_are_not_waited_for(at: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_HEAD_TIMEOUT", 0.05)
    assert await raw(at, HEAD) == b""
    assert await raw(at) == b""
    first = HEAD + b"content-length: %d\r\n\r\n" % len(QUERY) + QUERY
    assert (await raw(at, first, HEAD)).count(b"HTTP/1.1") == 1


async def test_headers_without_an_end_are_refused(at: Address) -> None:
    answer = await raw(at, HEAD, *[b"x-a: " + b"a" * 20_000 + b"\r\n"] * 10)
    assert b" 431 " in answer or answer == b"reset"


async def test_a_client_that_hangs_up_does_not_end_its_mutation() -> None:
    control = Control()
    async with served(control) as at:
        body = b'{"query": "mutation { note(what: \\"wait\\") }"}'
        _, writer = await asyncio.open_connection(at.host, at.port)
        writer.write(HEAD + b"content-length: %d\r\n\r\n" % len(body) + body)
        await control.begun.wait()
        writer.transport.abort()
        control.gate.set()
    assert control.done == ["wait"]


async def test_a_port_that_is_taken_gives_way_to_the_next_one() -> None:
    async with served() as first:
        with listen("127.0.0.1", first.port) as second:
            moved = Address("127.0.0.1", second.getsockname()[1], first.port)
        assert moved.port > first.port
        assert moved.moved
        assert not first.moved


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::1", "http://[::1]:8000"),
        ("::", "http://[::1]:8000"),
    ],
)
def test_an_address_can_be_opened_in_a_browser(host: str, url: str) -> None:
    assert Address(host, 8000, 8000).url == url


def test_an_address_of_another_machine_is_refused_with_a_sentence() -> None:
    with pytest.raises(Unsuitable, match="Can't listen on"):
        listen("192.0.2.1", 0)


def test_only_this_machine_can_reach_it_unless_told_otherwise() -> None:
    with listen(load_settings().host, 0) as found:
        assert found.getsockname()[0] == "127.0.0.1"
        assert found.family == socket.AF_INET


async def test_the_end_waits_for_what_is_under_way() -> None:
    control = Control()
    announced: asyncio.Future[Address] = asyncio.get_running_loop().create_future()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return
        control.begun.set()
        await control.gate.wait()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    serving = asyncio.create_task(serve(slow_with_lifespan(slow), load_settings(port=0), announced.set_result))
    at = await announced
    asking = asyncio.create_task(raw(at, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"))
    await control.begun.wait()
    serving.cancel()
    asyncio.get_running_loop().call_later(0.05, control.gate.set)
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert b" 204 " in await asking


def slow_with_lifespan(app: Any) -> Any:
    """The application, and the little that a server expects of its beginning and end."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return
        for each in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{each}.complete"})

    return answer


async def test_a_subscription_is_carried(at: Address) -> None:
    session = await opened(at)
    await session.send(subscribe("subscription { count(to: 2) }"))
    assert [json.loads(await session.recv())["type"] for _ in range(3)] == ["next", "next", "complete"]
    await session.close()


async def test_sockets_close_at_once_when_the_server_goes() -> None:
    async with served() as at:
        session = await opened(at)
        await session.send(subscribe("subscription { silent }"))
    assert await closing(session) == 1001


async def test_a_message_beyond_the_limit_closes_the_socket(at: Address) -> None:
    session = await opened(at)
    await session.send(json.dumps({"type": "ping", "payload": {"x": "x" * BODY_LIMIT}}))
    assert json.loads(await session.recv())["type"] == "pong"
    await session.send("x" * 1_100_000)
    assert await closing(session) == 1009


async def test_messages_are_not_packed(at: Address) -> None:
    session = await opened(at)
    assert session.response is not None
    assert "sec-websocket-extensions" not in session.response.headers
    await session.close()


@pytest.mark.parametrize(("where", "what"), [(websocket, "_SEND_TIMEOUT"), (connections, "_STUCK")])
async def test_a_client_that_takes_nothing_fills_no_memory(
    where: object, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The conversation gives up on it, and the connection would, too."""
    monkeypatch.setattr(websocket, "_SEND_TIMEOUT", 60)
    monkeypatch.setattr(websocket, "_CLOSE_TIMEOUT", 0.1)
    monkeypatch.setattr(where, what, 0.1)
    control = Control()
    async with served(control) as at:
        session = await opened(at, max_queue=1)
        session.transport.pause_reading()
        await session.send(subscribe("subscription { endless(size: 100000) }"))
        await asyncio.wait_for(control.closed.wait(), PATIENCE)
        session.transport.resume_reading()
        assert await closing(session) in (4413, None)


async def test_the_end_waits_for_mutations_that_nobody_waits_for() -> None:
    control = Control()
    async with served(control) as at:
        session = await opened(at)
        await session.send(subscribe('mutation { note(what: "wait") }'))
        await control.begun.wait()
        await session.close()
        asyncio.get_running_loop().call_later(0.5, control.gate.set)
    assert control.done == ["wait"]


def test_the_event_loop_is_the_fast_one() -> None:
    loop = new_event_loop()
    assert "uvloop" in type(loop).__module__
    loop.close()
