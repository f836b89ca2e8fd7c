"""One view, followed: as it is, then as it changes; from a cursor only what is different since."""

import pytest

from tests.live.world import Subscriber, World, altered, dust, name, put, remove, world

pytestmark = pytest.mark.anyio


async def follow(attic: World, thing: str, after: str | None = None) -> Subscriber:
    return await attic.follow(
        "thingChanged", "change id thing { roomName weight }", id=f"Thing:{thing}", after=after
    )


async def test_it_is_told_as_it_is_and_then_as_it_changes(attic: World) -> None:
    await attic.put("1", "a", 5)
    subscriber = await follow(attic, "1")
    first = await subscriber.next()
    assert (first["change"], first["id"], first["thing"]) == ("ENTERED", "Thing:1", {"roomName": "", "weight": 5})
    await attic.put("1", "a", 6)
    second = await subscriber.next()
    assert (second["change"], second["thing"]["weight"]) == ("CHANGED", 6)
    await attic.do(name("a", "Library"))
    assert (await subscriber.next())["thing"]["roomName"] == "Library"
    await attic.do(remove("1"))
    last = await subscriber.next()
    assert (last["change"], last["id"], last["thing"]) == ("LEFT", "Thing:1", None)
    await attic.put("1", "b", 7)
    assert (await subscriber.next())["change"] == "ENTERED"


async def test_what_is_not_there_is_told_so_and_once_it_is(attic: World) -> None:
    subscriber = await follow(attic, "1")
    absent = await subscriber.next()
    assert (absent["change"], absent["id"], absent["thing"]) == ("LEFT", "Thing:1", None)
    await attic.seated(1)
    await attic.do(put("2", "a"), put("1", "a", 3))
    found = await subscriber.next()
    assert (found["change"], found["id"], found["thing"]["weight"]) == ("ENTERED", "Thing:1", 3)


async def test_behind_a_cursor_nothing_is_told_that_is_known(attic: World) -> None:
    await attic.put("1", "a", 5)
    before = await follow(attic, "1")
    await before.next()
    await before.leave()
    await attic.do(put("2", "a"), name("b", "elsewhere"))
    again = await follow(attic, "1", before.cursor)
    await attic.seated(1)
    await attic.put("1", "a", 6)
    found = await again.next()
    assert (found["change"], found["thing"]["weight"]) == ("CHANGED", 6)


@pytest.mark.parametrize(
    ("meanwhile", "change"),
    [((put("1", "a", 6),), "CHANGED"), ((remove("1"),), "LEFT"), ((remove("1"), put("1", "b", 5)), "CHANGED")],
)
async def test_what_happened_meanwhile_is_told_behind_the_cursor_by_any_process(
    mongo_uri: str, database: str, meanwhile: tuple[str, ...], change: str
) -> None:
    async with world(mongo_uri, database) as attic:
        await attic.put("1", "a", 5)
        before = await follow(attic, "1")
        await before.next()
    async with world(mongo_uri, database) as other:
        await other.do(*meanwhile)
    async with world(mongo_uri, database) as third:
        found = await (await follow(third, "1", before.cursor)).next()
        assert found["change"] == change


async def test_after_it_left_it_enters_behind_the_cursor(attic: World) -> None:
    await attic.do(put("1", "a"), remove("1"), put("1", "a"))
    before = await follow(attic, "1")
    await before.next()
    await attic.do(remove("1"))
    assert (await before.next())["change"] == "LEFT"
    await before.leave()
    await attic.put("1", "c")
    assert (await (await follow(attic, "1", before.cursor)).next())["change"] == "ENTERED"


async def test_the_version_of_a_view_that_shows_the_same_is_news(attic: World) -> None:
    """Its stream went on: who acts on the version that was told would be refused."""
    await attic.put("1", "a")
    subscriber = await attic.follow("thingChanged", "thing { version }", id="Thing:1")
    first = await subscriber.next()
    await attic.do(dust("1"))
    assert (await subscriber.next())["thing"] != first["thing"]


async def test_a_cursor_is_of_one_view_alone(attic: World) -> None:
    await attic.do(put("1", "a"), put("2", "a"))
    cursor = (await (await follow(attic, "1")).next())["cursor"]
    events = await attic.follow("events", "node { id }", category="thing")
    foreign = (await events.next())["cursor"]
    for thing, after in (("2", cursor), ("1", foreign), ("1", attic.token), ("1", altered(cursor)), ("1", "x")):
        assert await (await follow(attic, thing, after)).code() == "BAD_CURSOR"
