"""Events, followed: of a stream, of a category, or all; from a cursor, and up to one."""

import pytest

from tests.live.world import Subscriber, World, altered, dust, name, put

pytestmark = pytest.mark.anyio

STORY = (put("1", "a"), name("a", "Library"), put("2", "a"), dust("1"), name("b", "Kitchen"), put("1", "b"))
STREAMS = ("Thing:1", "Room:a", "Thing:2", "Thing:1", "Room:b", "Thing:1")


async def follow(attic: World, **arguments: str | None) -> Subscriber:
    return await attic.follow("events", "node { id stream }", **arguments)


def ids(messages: list[dict[str, object]]) -> list[object]:
    return [each["node"] for each in messages]


@pytest.mark.parametrize(
    ("follows", "streams"),
    [
        ({}, STREAMS),
        ({"category": "thing"}, ("Thing:1", "Thing:2", "Thing:1", "Thing:1")),
        ({"category": "room"}, ("Room:a", "Room:b")),
        ({"stream": "Thing:1"}, ("Thing:1",) * 3),
    ],
)
async def test_history_comes_first_and_what_is_new_behind_it(
    attic: World, follows: dict[str, str], streams: tuple[str, ...]
) -> None:
    await attic.do(*STORY[:3])
    subscriber = await follow(attic, **follows)
    await attic.seated(1)
    await attic.do(*STORY[3:])
    messages = await subscriber.take(len(streams))
    assert [each["node"]["stream"] for each in messages] == [*streams]
    for number, message in enumerate(messages):
        again = await follow(attic, **follows, after=message["cursor"])
        assert ids(await again.take(len(messages) - number - 1)) == ids(messages[number + 1 :])


@pytest.mark.parametrize("follows", [{}, {"category": "thing"}, {"category": "room"}, {"stream": "Thing:1"}])
async def test_between_a_cursor_and_until_there_is_a_range_and_then_an_end(
    attic: World, follows: dict[str, str]
) -> None:
    await attic.do(*STORY)
    whole = await follow(attic, **follows, until=attic.token)
    messages = await whole.rest()
    for start, after in enumerate([None, *[each["cursor"] for each in messages]]):
        for end, until in enumerate(each["cursor"] for each in messages):
            found = await (await follow(attic, **follows, after=after, until=until)).rest()
            assert ids(found) == ids(messages[start : end + 1])


async def test_until_may_be_yet_to_come(attic: World) -> None:
    await attic.do(*STORY)
    token = attic.token
    await attic.do(put("3", "a"), put("4", "a"))
    category = await follow(attic, category="thing", after=token, until=attic.token)
    assert len(await category.rest()) == 2


async def test_a_category_that_is_not_there_is_refused(attic: World) -> None:
    for arguments in ({"category": "rooms"}, {"category": ""}, {"category": "thing", "stream": "Thing:1"}):
        assert await (await follow(attic, **arguments)).code() == "BAD_INPUT"


async def test_a_foreign_or_altered_cursor_is_refused(attic: World) -> None:
    await attic.put("1", "a")
    view = await attic.follow("thingChanged", "id", id="Thing:1")
    foreign = (await view.next())["cursor"]
    own = (await (await follow(attic)).next())["cursor"]
    for cursor in (foreign, altered(own), own[2:], "nonsense", ""):
        assert await (await follow(attic, after=cursor)).code() == "BAD_CURSOR"
        assert await (await follow(attic, until=cursor)).code() == "BAD_CURSOR"
