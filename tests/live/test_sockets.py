"""Many real sockets: one event reaches all of them, and who reads nothing is cut off with his last cursor."""

import asyncio
import time
from contextlib import AsyncExitStack

import pytest
from websockets.asyncio.client import ClientConnection

from gateway.web import server, websocket
from tests.live.serving import (
    FAR,
    WIDE,
    conversing,
    everything,
    narrow_client,
    narrow_listen,
    received,
    served,
    subscribe,
)
from tests.live.world import World, comes_true, put

pytestmark = pytest.mark.anyio

MOST = 400
"""So many messages of 2 kB fill every buffer between the server and who reads nothing."""


@pytest.fixture
def small_buffers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the system; the server's own are as always."""
    monkeypatch.setattr(server, "listen", narrow_listen)


EVENTS = 'subscription F($after: String) { events(stream: "Thing:1", after: $after) { cursor node { id } } }'


async def test_one_event_reaches_hundreds_of_sockets_at_once(attic: World) -> None:
    await attic.put("1", "a")
    async with served(attic) as at, AsyncExitStack() as stack:
        sessions = [await stack.enter_async_context(conversing(at)) for _ in range(300)]
        for number, session in enumerate(sessions):
            await subscribe(session, EVENTS, f"id-{number}")
            assert (await received(session))["id"] == f"id-{number}"
        await attic.seated(300)
        tasks = len(asyncio.all_tasks())
        begun = time.monotonic()
        await attic.execute(put("1", "b"))
        messages = await asyncio.gather(*map(received, sessions))
        assert time.monotonic() - begun < 5
        assert {each["id"] for each in messages} == {f"id-{number}" for number in range(300)}
        assert {each["payload"]["data"]["events"]["node"]["id"] for each in messages} == {"Event:2.0"}
        assert tasks < 3 * 300 * 3  # of the clients' library most; of ours one a socket


@pytest.mark.usefixtures("small_buffers")
async def test_who_reads_nothing_is_cut_off_with_his_last_cursor_and_holds_up_nobody(
    attic: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket, "_SEND_TIMEOUT", 0.5)
    await attic.put("1", FAR)
    async with (
        served(attic) as at,
        conversing(at, sock=narrow_client(at), max_queue=1) as slow,
        conversing(at) as quick,
    ):
        await subscribe(slow, WIDE)
        await subscribe(quick, WIDE)
        await received(slow)
        slow.transport.pause_reading()
        cursors = [await cursor(quick)]
        await attic.seated(2)
        while attic.api.audiences == [2]:
            await attic.execute(put("1", FAR))
            cursors.append(await cursor(quick))
        for _ in range(3):
            await attic.execute(put("1", FAR))
            cursors.append(await cursor(quick))
        await comes_true(lambda: attic.services.feeds.subscribers and _gone(attic, 1))
        slow.transport.resume_reading()
        *messages, error = await everything(slow)
        taken = [each["payload"]["data"]["events"]["cursor"] for each in messages]
        last = taken[-1]
        assert taken == cursors[1 : len(taken) + 1]
        assert (error["type"], error["payload"][0]["extensions"]) == (
            "error",
            {"code": "TOO_SLOW", "retryable": True, "cursor": last},
        )
        assert (slow.close_code, slow.close_reason) == (
            4413,
            f"Too slow: messages were not taken in time; go on after {last}",
        )
        async with conversing(at) as again:
            await subscribe(again, WIDE, after=last)
            missed = cursors[len(taken) + 1 :]
            assert [await cursor(again) for _ in missed] == missed


def _gone(attic: World, left: int) -> bool:
    """Whether all but so many have left every audience, those who still catch up too."""
    audiences = attic.api._audiences._by_name.values()  # pyright: ignore[reportPrivateUsage] # who catches up is not told
    return sum(len(each._live) + len(each._arriving) for each in audiences) == left  # pyright: ignore[reportPrivateUsage]


async def cursor(session: ClientConnection) -> str:
    return (await received(session))["payload"]["data"]["events"]["cursor"]


@pytest.mark.usefixtures("small_buffers")
async def test_a_socket_that_is_full_for_a_moment_misses_nothing(attic: World) -> None:
    """It falls behind, takes what was sent, and is told the rest from the log."""
    await attic.put("1", FAR)
    async with served(attic) as at, conversing(at, sock=narrow_client(at), max_queue=1) as session:
        await subscribe(session, WIDE)
        first = await cursor(session)
        await attic.seated(1)
        session.transport.pause_reading()
        count = 0
        while attic.api.audiences == [1]:
            await attic.execute(put("1", FAR))
            count += 1
            assert count < MOST, "a full socket is pushed to"
        session.transport.resume_reading()
        found = [first, *[await cursor(session) for _ in range(count)]]
        assert len({*found}) == count + 1
        await attic.seated(1)
        await attic.put("1", FAR)
        await cursor(session)


async def test_who_completes_or_leaves_is_told_nothing_more(attic: World) -> None:
    await attic.put("1", FAR)
    async with served(attic) as at, conversing(at) as session:
        await subscribe(session, EVENTS, "kept")
        await subscribe(session, EVENTS, "left")
        assert {(await received(session))["id"] for _ in range(2)} == {"kept", "left"}
        await attic.seated(2)
        await session.send('{"type": "complete", "id": "left"}')
        await attic.seated(1)
        await attic.execute(put("1", "b"))
        assert (await received(session))["id"] == "kept"
        await session.close()
        await attic.seated()
