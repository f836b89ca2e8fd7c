"""Server-sent events: messages and their cursors, signs of life, and ends of every kind."""

import json
from typing import Any

import httpx2
import pytest

from gateway.web import connections, server, streams
from tests.live.serving import FAR, WIDE, Stream, narrow_client, narrow_listen, served, stream
from tests.live.world import World, comes_true, put

pytestmark = pytest.mark.anyio

EVENTS = "subscription { events { cursor node { id } } }"


def id_of(data: Any) -> str:
    return data["events"]["node"]["id"]


async def test_each_message_is_an_event_whose_id_is_its_cursor(attic: World) -> None:
    await attic.do(put("1", "a"), put("2", "a"))
    async with served(attic) as at, stream(at, EVENTS) as found:
        assert found.response.status_code == 200
        assert found.response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert found.response.headers["cache-control"] == "no-store"
        (first, cursor), (second, _) = await found.next(), await found.next()
        assert cursor == first["events"]["cursor"]
        await attic.seated(1)
        await attic.put("3", "a")
        assert [id_of(each) for each in (first, second, (await found.next())[0])] == [
            "Event:1.0",
            "Event:2.0",
            "Event:3.0",
        ]


async def test_who_comes_again_with_the_last_id_goes_on_behind_it(attic: World) -> None:
    await attic.do(put("1", "a"), put("2", "a"), put("3", "a"))
    async with served(attic) as at:
        async with stream(at, "subscription { events { node { id } } }") as found:
            _, cursor = await found.next()
        async with stream(at, EVENTS, last_event_id=cursor) as found:
            assert id_of((await found.next())[0]) == "Event:2.0"
        async with stream(at, EVENTS, last_event_id="nonsense") as found:
            event = await found.event()
            assert "BAD_CURSOR" in event["data"]
            assert (await found.event())["event"] == "complete"


async def test_a_browser_s_get_is_answered_as_well(attic: World) -> None:
    await attic.put("1", "a")
    async with served(attic) as at, httpx2.AsyncClient() as client:
        address, headers = f"{at.url}/graphql/stream", {"accept": "text/event-stream"}
        async with client.stream("GET", address, params={"query": EVENTS}, headers=headers) as response:
            assert (await Stream(response).event())["event"] == "next"
        mutation = {"query": f"mutation {{ {put('2', 'a')} {{ __typename }} }}"}
        assert "GET_IS_FOR_QUERIES" in (await client.get(address, params=mutation, headers=headers)).text


async def test_what_ends_is_complete(attic: World) -> None:
    await attic.put("1", "a")
    async with served(attic) as at:
        for query in (
            '{ thing(id: "Thing:1") { id } }',
            f'subscription {{ events(until: "{attic.token}") {{ cursor }} }}',
        ):
            async with stream(at, query) as found:
                await found.next()
                assert await found.event() == {"event": "complete", "data": ""}
                assert await found.event() == {}


async def test_what_is_refused_is_a_message_and_then_complete(attic: World) -> None:
    async with served(attic) as at, stream(at, "subscription { nothing }") as found:
        assert found.response.status_code == 200
        assert "GRAPHQL_VALIDATION_FAILED" in (await found.event())["data"]
        assert (await found.event())["event"] == "complete"


@pytest.mark.parametrize(("accept", "status"), [("application/json", 406), ("*/*", 200), ("text/*;q=0.1", 200)])
async def test_who_takes_no_events_gets_none(attic: World, accept: str, status: int) -> None:
    async with served(attic) as at, httpx2.AsyncClient() as client:
        headers, query = {"accept": accept}, {"query": '{ thing(id: "Thing:1") { id } }'}
        found = await client.post(f"{at.url}/graphql/stream", json=query, headers=headers)
        assert found.status_code == status


async def test_a_silent_stream_shows_that_it_lives(attic: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "_ALIVE", 0.05)
    async with served(attic) as at, stream(at, EVENTS) as found:
        assert await found.event() == {"comment": ""}
        await attic.put("1", "a")
        while (event := await found.event()) == {"comment": ""}:
            pass
        assert event["event"] == "next"


async def test_who_hangs_up_is_forgotten(attic: World) -> None:
    async with served(attic) as at:
        async with stream(at, EVENTS):
            await attic.seated(1)
        await comes_true(lambda: not attic.services.feeds.subscribers and not attic.api.audiences)


async def test_when_the_server_goes_the_stream_ends_without_being_complete(attic: World) -> None:
    async with served(attic) as at:
        opened = stream(at, EVENTS)
        found = await opened.__aenter__()
        await attic.seated(1)
    assert await found.event() == {}
    await opened.__aexit__(None, None, None)


async def test_who_takes_nothing_is_hung_up_on(attic: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_STUCK", 0.2)
    monkeypatch.setattr(server, "listen", narrow_listen)
    body = json.dumps({"query": WIDE})
    head = "POST /graphql/stream HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\naccept: */*\r\n"
    async with served(attic) as at:
        with narrow_client(at) as client:
            client.sendall(f"{head}content-length: {len(body)}\r\n\r\n{body}".encode())
            await attic.seated(1)
            while attic.api.audiences:
                await attic.execute(put("1", FAR))
