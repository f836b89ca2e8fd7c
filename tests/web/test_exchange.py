"""Answers that are sent whole, past ASGI's messages: a client can't tell, however it asks and listens."""

import asyncio
import gc
import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

import pytest
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from gateway.web import connections
from gateway.web.exchange import Exchange
from gateway.web.listening import Address
from tests.api.sample import Control
from tests.web.serving import BODY_LIMIT, served

pytestmark = pytest.mark.anyio

PATIENCE = 5
MANY = 800
"""So many large answers are more than the buffers between a server and its client hold."""
LAST = b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
HELLO = b'{"query": "{ hello }"}'
WORLD = b'{"data":{"hello":"world"}}'
WAITING = b'{"query": "mutation { note(what: \\"wait\\") }"}'
GRAPHQL = b"accept: application/graphql-response+json\r\n"


@pytest.fixture
async def at() -> AsyncGenerator[Address]:
    async with served() as address:
        yield address


@dataclass
class Sent:
    """Whether each answer was sent whole; `held` is set when one was not, for the peer took no more."""

    whole: list[bool] = field(default_factory=list[bool])
    held: asyncio.Event = field(default_factory=asyncio.Event)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    found, answer = Sent(), Exchange.answer

    def counted(self: Exchange, head: bytes, body: bytes) -> bool:
        whole = answer(self, head, body)
        found.whole.append(whole)
        if not whole:
            found.held.set()
        return whole

    monkeypatch.setattr(Exchange, "answer", counted)
    return found


def request(body: bytes, headers: bytes = b"", version: bytes = b"1.1") -> bytes:
    head = b"POST /graphql HTTP/" + version + b"\r\nhost: x\r\ncontent-type: application/json\r\n" + headers
    return head + b"content-length: %d\r\n\r\n" % len(body) + body


def not_whole(*_: object) -> bool:
    return False


async def answered(at: Address, *parts: bytes) -> bytes:
    """All that the server says to these bytes until it hangs up."""
    reader, writer = await asyncio.open_connection(at.host, at.port)
    for each in parts:
        writer.write(each)
        await writer.drain()
    async with asyncio.timeout(PATIENCE):
        found = await reader.read()
    writer.close()
    return found


def as_it_is_read(answer: bytes) -> tuple[bytes, list[bytes], bytes]:
    """The status line, the headers in no order and without the time and what is new each time, and the body."""
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *headers = head.split(b"\r\n")
    told = sorted(each for each in headers if not each.startswith(b"date: "))
    return status, told, re.sub(rb'"id":"[0-9a-f]{32}"', b'"id":"?"', body)


@pytest.mark.parametrize(
    "wanted",
    [
        request(HELLO, b"connection: close\r\n"),
        request(HELLO, b"connection: close\r\n" + GRAPHQL),
        request(HELLO, version=b"1.0"),
        request(b'{"query": "{ nothing }"}', b"connection: close\r\n"),
        request(b'{"query": "{ nothing }"}', b"connection: close\r\n" + GRAPHQL),
        request(b'{"query": "{ fail(how: \\"unexpected\\") }"}', b"connection: close\r\n"),
        request(b"{", b"connection: close\r\n"),
        request(b"", b"connection: close\r\n"),
        request(b" " * (BODY_LIMIT + 1), b"connection: close\r\n"),
        request(HELLO, b"connection: close\r\naccept: text/html\r\n"),
    ],
)
async def test_both_ways_give_the_same_answer(at: Address, wanted: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = await answered(at, wanted)
    monkeypatch.setattr(Exchange, "answer", not_whole)
    assert as_it_is_read(whole) == as_it_is_read(await answered(at, wanted))
    assert b"\r\ndate: " in whole


async def test_an_answer_is_sent_whole_and_the_connection_stays(at: Address, sent: Sent) -> None:
    last = request(HELLO, b"connection: close\r\n")
    found = await answered(at, request(HELLO), request(HELLO), last)
    assert (found.count(WORLD), found.count(b"connection: close")) == (3, 1)
    assert sent.whole == [True] * 3


async def test_a_body_in_pieces_is_put_together(at: Address, sent: Sent) -> None:
    reader, writer = await asyncio.open_connection(at.host, at.port)
    for byte in request(HELLO, b"connection: close\r\n"):
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0)
    assert WORLD in await reader.read()
    assert sent.whole == [True]
    writer.close()


async def test_requests_that_come_before_the_answer_are_answered_in_their_order(sent: Sent) -> None:
    control = Control()
    async with served(control) as at:
        reader, writer = await asyncio.open_connection(at.host, at.port)
        writer.write(request(WAITING) + request(HELLO) + request(HELLO, b"connection: close\r\n"))
        await control.begun.wait()
        assert not sent.whole
        control.gate.set()
        found = await reader.read()
        writer.close()
    assert re.findall(rb'"(note|hello)"', found) == [b"note", b"hello", b"hello"]
    assert sent.whole == [True] * 3


async def test_who_asks_whether_to_go_on_is_told_so(at: Address) -> None:
    reader, writer = await asyncio.open_connection(at.host, at.port)
    head, _, body = request(HELLO, b"connection: close\r\nexpect: 100-continue\r\n").partition(b"\r\n\r\n")
    writer.write(head + b"\r\n\r\n")
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(body)
    assert WORLD in await reader.read()
    writer.close()


async def test_who_does_not_take_his_answers_is_sent_no_more_than_he_takes(at: Address, sent: Sent) -> None:
    """Answers that do not fit are waited with; every one of them comes, in order, when he reads again."""
    fields = " ".join("n" * 700 + f"{number:02}: hello" for number in range(20))
    large = request(b'{"query": "{ %s }"}' % fields.encode())
    reader, writer = await asyncio.open_connection(at.host, at.port, limit=1_000)
    writer.write(large * MANY + request(HELLO, b"connection: close\r\n"))
    async with asyncio.timeout(30):
        await sent.held.wait()
        found = await reader.read()
    writer.close()
    assert found.count(b'n19":"world"}}') == MANY
    assert found.endswith(WORLD)


async def test_an_answered_request_is_freed_at_once(at: Address) -> None:
    """Nothing of it waits for the garbage collector, which comes seldom."""
    gc.collect()
    gc.disable()
    try:
        await answered(at, *[request(HELLO)] * 50, b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n" * 50, LAST)
        living = [each for each in gc.get_objects() if isinstance(each, RequestResponseCycle)]
    finally:
        gc.enable()
    assert len(living) <= 1


async def test_what_comes_behind_an_answer_keeps_no_connection(
    at: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_HEAD_TIMEOUT", 0.2)
    reader, writer = await asyncio.open_connection(at.host, at.port)
    writer.write(b"GET /healthz HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"x")
    async with asyncio.timeout(PATIENCE):
        assert b"HTTP" not in await reader.read()
    writer.close()


async def test_a_large_body_does_not_hold_up_what_comes_behind_it(
    sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is more than a server reads ahead; while it is worked on, the next request comes in two pieces."""
    monkeypatch.setattr(connections, "_HEAD_TIMEOUT", 0.2)
    control = Control()
    async with served(control, body_limit=400_000) as at:
        reader, writer = await asyncio.open_connection(at.host, at.port)
        large = WAITING.replace(b"{", b"{" + b" " * 70_000, 1)
        last = request(HELLO, b"connection: close\r\n")
        writer.write(request(large) + last[:30])
        await control.begun.wait()
        writer.write(last[30:])
        reading = asyncio.create_task(reader.read())
        closed, _ = await asyncio.wait([reading], timeout=0.5)
        control.gate.set()
        assert WORLD in await reading
        assert not closed
        writer.close()
    assert sent.whole == [True, True]
