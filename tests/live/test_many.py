"""The views that fit a condition, followed: which enter, change or leave; from a cursor nothing is missed."""

import random
from collections.abc import Iterable
from typing import Any

import pytest

from gateway.api.live import many
from gateway.mongo.changes import Interrupted
from tests.live.world import Subscriber, World, altered, name, put, remove, world

pytestmark = pytest.mark.anyio

Message = dict[str, Any]

ROOM_A = {"roomId": {"eq": "Room:a"}}


async def follow(attic: World, where: Any = None, after: str | None = None) -> Subscriber:
    return await attic.follow("thingsChanged", "change id thing { roomName weight }", where=where, after=after)


async def listening(attic: World, where: Any = None) -> Subscriber:
    """A subscriber without a cursor, who is told of all that comes from now on."""
    subscriber = await follow(attic, where)
    await attic.seated(1)
    return subscriber


def told(messages: Iterable[Message]) -> list[tuple[str, str]]:
    return [(each["change"], each["id"].removeprefix("Thing:")) for each in messages]


def known(messages: Iterable[Message]) -> dict[str, Any]:
    """What a client knows who was told all this."""
    found: dict[str, Any] = {}
    for each in messages:
        if each["change"] == "LEFT":
            found.pop(each["id"], None)
        else:
            found[each["id"]] = each["thing"]
    return found


async def there(attic: World, where: Any) -> dict[str, Any]:
    """What a connection shows."""
    query = "query Q($where: ThingWhere) { things(where: $where, first: 500) { nodes { id roomName weight } } }"
    nodes = (await attic.ask(query, where=where))["things"]["nodes"]
    return {each["id"]: {key: value for key, value in each.items() if key != "id"} for each in nodes}


async def test_without_a_condition_every_view_is_told_of(attic: World) -> None:
    await attic.put("0", "a")
    subscriber = await listening(attic)
    for each in (put("1", "a"), put("2", "b"), put("1", "b", 2), remove("2")):
        await attic.do(each)
    assert told(await subscriber.take(4)) == [("ENTERED", "1"), ("ENTERED", "2"), ("CHANGED", "1"), ("LEFT", "2")]


async def test_what_comes_to_fit_enters_and_what_fits_no_more_leaves(attic: World) -> None:
    await attic.do(put("1", "b", 1), put("2", "a", 2))
    subscriber = await listening(attic, ROOM_A)
    for each in (put("1", "a", 3), put("2", "a", 4), put("3", "b", 5), put("1", "b", 6), remove("2")):
        await attic.do(each)
    messages = await subscriber.take(4)
    assert told(messages) == [("ENTERED", "1"), ("CHANGED", "2"), ("LEFT", "1"), ("LEFT", "2")]
    assert [each["thing"] and each["thing"]["weight"] for each in messages] == [3, 4, None, None]


@pytest.mark.parametrize(
    ("where", "fitting"),
    [
        ({"weight": {"gt": 10}}, "34"),
        ({"weight": {"gte": 10, "lt": 11}}, "2"),
        ({"weight": {"lte": 9}}, "1"),
        ({"weight": {"eq": 10}}, "2"),
        ({"roomId": {"eq": "Room:b"}, "weight": {"gt": 9}}, "24"),
        ({"roomId": {"eq": "Room:b"}, "roomName": {"startsWith": "Libr"}}, "124"),
        ({"roomId": {"eq": "Room:b"}, "roomName": {"startsWith": "x"}}, ""),
    ],
)
async def test_a_condition_is_what_it_is_for_a_connection(attic: World, where: Any, fitting: str) -> None:
    subscriber = await listening(attic, where)
    things = [("1", "b", 9), ("2", "b", 10), ("3", "a", 11), ("4", "b", 12), ("5", "a", 0)]
    await attic.do(*[put(*each) for each in things], name("b", "Library"))
    assert set(await there(attic, where)) == {f"Thing:{key}" for key in fitting}
    found: list[Message] = []
    while known(found) != await there(attic, where):
        found.append(await subscriber.next())


async def test_an_event_that_reaches_many_views_is_told_of_each(attic: World) -> None:
    await attic.do(*[put(str(number), "a" if number % 2 else "b") for number in range(10)])
    subscriber = await listening(attic, ROOM_A)
    await attic.do(name("a", "Library"), name("b", "Kitchen"))
    messages = await subscriber.take(5)
    assert sorted(told(messages)) == [("CHANGED", str(number)) for number in range(1, 10, 2)]
    assert {each["thing"]["roomName"] for each in messages} == {"Library"}


async def test_an_event_that_takes_several_transactions_is_told_of_each(mongo_uri: str, database: str) -> None:
    async with world(mongo_uri, database, fan_out=3) as attic:
        await attic.do(*[put(str(number), "a") for number in range(10)])
        subscriber = await listening(attic, ROOM_A)
        await attic.do(name("a", "Library"))
        assert sorted(told(await subscriber.take(10))) == [("CHANGED", str(number)) for number in range(10)]
        again = await follow(attic, ROOM_A, subscriber.cursor)
        await attic.do(put("last", "a"))
        assert ("ENTERED", "last") in told(await again.until(lambda each: each["id"] == "Thing:last"))


@pytest.mark.parametrize(
    "most", ["gateway.projections.folding.differences.MOST_TOLD", "gateway.mongo.checkpoints.MOST_TOUCHED"]
)
@pytest.mark.parametrize("where", [None, ROOM_A])
async def test_what_a_move_does_not_say_is_looked_up(
    attic: World, monkeypatch: pytest.MonkeyPatch, most: str, where: Any
) -> None:
    await attic.do(put("1", "a"), put("2", "a"), put("3", "b"))
    monkeypatch.setattr(most, 0)
    subscriber = await listening(attic, where)
    for each in (put("1", "a", 2), put("4", "a", 2), put("5", "b"), name("a", "Library"), remove("2")):
        await attic.do(each)
    found = known(await subscriber.until(lambda each: (each["change"], each["id"]) == ("LEFT", "Thing:2")))
    expected = await there(attic, where)
    assert found == {key: value for key, value in expected.items() if key != "Thing:3"}


async def test_what_the_change_stream_missed_is_told_after_an_interruption(attic: World) -> None:
    subscriber = await listening(attic, ROOM_A)
    feeds = attic.services.feeds
    feeds._stop()  # pyright: ignore[reportPrivateUsage] # deaf for a while
    await attic.do(put("1", "a"), put("2", "b"))
    feeds._hear(Interrupted())  # pyright: ignore[reportPrivateUsage] # as the change stream says it
    await feeds.__aenter__()
    await attic.put("3", "a")
    assert {key for _, key in told(await subscriber.until(lambda each: each["id"] == "Thing:3"))} >= {"1", "3"}


@pytest.mark.parametrize("seed", range(3))
async def test_whoever_comes_and_goes_with_cursors_knows_what_there_is(
    mongo_uri: str, database: str, seed: int
) -> None:
    """Through renames, removals and restarts, leaving after any message, also one of several that came at once."""
    draw, cursor, found = random.Random(seed), None, list[Message]()
    for visit in range(8):
        async with world(mongo_uri, database, fan_out=draw.choice([2, 1_000])) as attic:
            subscriber = await (follow(attic, ROOM_A, cursor) if cursor else listening(attic, ROOM_A))
            await attic.do(*[_drawn(draw) for _ in range(draw.randrange(12))])
            messages = await told_up_to(attic, subscriber, visit)
            messages = messages[: draw.randrange(len(messages)) + 1]
            found, cursor = [*found, *messages], messages[-1]["cursor"]
            await attic.do(*[_drawn(draw) for _ in range(8)])
    async with world(mongo_uri, database) as attic:
        found += await told_up_to(attic, await follow(attic, ROOM_A, cursor), 100)
        assert known(found) == await there(attic, ROOM_A)


async def told_up_to(attic: World, subscriber: Subscriber, mark: int) -> list[Message]:
    """All messages up to that of a mark, which is set now."""
    await attic.do(put("mark", "b"), put("mark", "a", 100 + mark))
    marked = {"id": "Thing:mark", "thing": {"roomName": "", "weight": 100 + mark}}
    return await subscriber.until(lambda each: marked.items() <= {**each}.items())


def _drawn(draw: random.Random) -> str:
    thing, room = str(draw.randrange(6)), draw.choice("aab")
    return draw.choice([put(thing, room, draw.randrange(1, 5)), remove(thing), name(room, str(draw.random()))])


async def test_a_token_says_from_where_on_as_well(attic: World) -> None:
    await attic.do(put("1", "a"), put("2", "a"))
    token = attic.token
    await attic.do(name("a", "Library"))
    assert sorted(told(await (await follow(attic, ROOM_A, token)).take(2))) == [("CHANGED", "1"), ("CHANGED", "2")]


async def test_a_foreign_or_altered_cursor_is_refused(attic: World) -> None:
    subscriber = await listening(attic, ROOM_A)
    await attic.put("1", "a")
    cursor = (await subscriber.next())["cursor"]
    view = await attic.follow("thingChanged", "id", id="Thing:1")
    foreign = (await view.next())["cursor"]
    for where, after in ((None, cursor), (ROOM_A, foreign), (ROOM_A, altered(cursor)), (ROOM_A, "")):
        assert await (await follow(attic, where, after)).code() == "BAD_CURSOR"


async def test_a_cursor_that_is_too_old_is_refused(attic: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await attic.put("1", "a")
    token = attic.token
    await attic.do(put("1", "a", 2), put("1", "a", 3))
    monkeypatch.setattr(many, "MOST_COMMITS", 1)
    assert await (await follow(attic, None, token)).code() == "CURSOR_EXPIRED"
    monkeypatch.setattr(many, "MOST_COMMITS", 2)
    assert told([await (await follow(attic, None, token)).next()]) == [("CHANGED", "1")]


async def test_bounds_of_the_wrong_kind_are_refused(attic: World) -> None:
    assert await (await follow(attic, {"roomId": {"eq": "Thing:1"}})).code() == "BAD_INPUT"
