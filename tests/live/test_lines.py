"""A journal's lines, followed: each once and in order, whatever happens in between."""

import asyncio
import random
from typing import Any

import pytest

from gateway.runtime import watching
from tests.live.world import Subscriber, World, altered, dust, put, remove, world

pytestmark = pytest.mark.anyio


async def follow(attic: World, thing: str, after: str | None = None) -> Subscriber:
    return await attic.follow("moveAdded", "node { id number roomId }", thingId=f"Thing:{thing}", after=after)


def numbers(messages: list[dict[str, Any]]) -> list[int]:
    """The lines' own count: the attic's journal counts the moves of a thing, removed or not."""
    return [each["node"]["number"] for each in messages]


async def test_without_a_cursor_lines_are_told_from_now_on(attic: World) -> None:
    await attic.do(put("1", "a"), put("1", "b"))
    subscriber = await follow(attic, "1")
    await attic.seated(1)
    await attic.do(put("2", "a"), put("1", "c"), dust("1"), remove("1"), put("1", "d"))
    assert numbers(await subscriber.take(2)) == [3, 4]


async def test_every_line_s_cursor_can_be_gone_on_from(attic: World) -> None:
    await attic.put("1", "a")
    first = await follow(attic, "1", attic.token)
    await attic.do(*[each for _ in range(4) for each in (put("1", "a"), put("2", "b"), remove("1"), dust("1"))])
    lines = await first.take(4)
    assert len({each["node"]["id"] for each in lines}) == 4
    for number, line in enumerate(lines):
        rest = await (await follow(attic, "1", line["cursor"])).take(3 - number)
        assert rest == lines[number + 1 :]


async def test_the_connection_s_cursors_say_from_where_on_as_well(attic: World) -> None:
    await attic.do(put("1", "a"), put("1", "b"), put("1", "c"))
    query = '{ moves(where: { thingId: { eq: "Thing:1" } }) { edges { cursor node { number } } } }'
    newest, middle, _ = (await attic.ask(query))["moves"]["edges"]
    await attic.put("1", "d")
    assert numbers(await (await follow(attic, "1", newest["cursor"])).take(1)) == [4]
    assert numbers(await (await follow(attic, "1", middle["cursor"])).take(2)) == [3, 4]


@pytest.mark.parametrize("seed", range(2))
async def test_none_is_missed_and_none_comes_twice_through_restarts(
    mongo_uri: str, database: str, seed: int
) -> None:
    draw, found, cursor = random.Random(seed), list[int](), None
    for turn in range(4):
        async with world(mongo_uri, database) as attic:
            if turn == 0:
                await attic.put("1", "a")
            subscriber = await follow(attic, "1", cursor or attic.token)
            messages, _ = await asyncio.gather(
                subscriber.take(draw.randrange(1, 6)), attic.do(*[_drawn(draw) for _ in range(25)], put("1", "z"))
            )
            found, cursor = [*found, *numbers(messages)], messages[-1]["cursor"]
    async with world(mongo_uri, database) as attic:
        query = '{ moves(where: { thingId: { eq: "Thing:1" } }, first: 500) { nodes { number } } }'
        written = [each["number"] for each in reversed((await attic.ask(query))["moves"]["nodes"])]
        found += numbers(await (await follow(attic, "1", cursor)).take(len(written) - 1 - len(found)))
        assert found == written[1:]


def _drawn(draw: random.Random) -> str:
    return draw.choice([put("1", "a"), put("1", "b"), put("2", "a"), dust("1"), remove("2")])


async def test_a_line_is_told_when_it_can_be_read(mongo_uri: str, database: str) -> None:
    """The event is long there; without a watcher nobody makes a line of it."""
    async with world(mongo_uri, database) as attic:
        await attic.put("1", "a")
        token = attic.token
    async with world(mongo_uri, database, watch=False, visibility_timeout=0.1) as attic:
        attic.token = token
        subscriber = await follow(attic, "1", token)
        await attic.execute(put("1", "b"))
        await attic.execute(put("1", "c"))
        assert subscriber.nothing_yet
        async with watching(attic.store, attic.services.settings):
            assert numbers(await subscriber.take(2)) == [2, 3]


async def test_a_foreign_or_altered_cursor_is_refused(attic: World) -> None:
    await attic.put("1", "a")
    events = await attic.follow("events", "node { id }")
    event = (await events.next())["cursor"]
    things = (await attic.ask("{ things { edges { cursor } } }"))["things"]["edges"][0]["cursor"]
    for after in (event, things, altered(attic.token), "nonsense", ""):
        assert await (await follow(attic, "1", after)).code() == "BAD_CURSOR"


async def test_lines_of_what_can_have_none_are_refused(attic: World) -> None:
    found = await attic.follow("moveAdded", "node { id }", thingId="Room:1")
    assert await found.code() == "BAD_INPUT"
