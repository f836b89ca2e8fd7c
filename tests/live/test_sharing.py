"""Many subscribers: each message is made once for all who see the same, and nobody holds up anybody."""

import asyncio
from functools import partial
from typing import Any

import pytest

from gateway.api.execution import Api
from gateway.api.live import audience, following
from gateway.api.live.audience import Told
from gateway.api.live.following import Following
from gateway.api.requests import Answer, Request
from gateway.errors import LogBroken
from tests.live.world import World, comes_true, put

pytestmark = pytest.mark.anyio

TEXT = 'subscription F($after: String) { events(stream: "Thing:1", after: $after) { cursor node { id } } }'


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The cursors of all messages that are made."""
    found: list[str | None] = []
    tell = Api.tell

    async def counting(api: Api, live: Any, item: Any) -> Told:
        told = await tell(api, live, item)
        found.append(told.cursor)
        return told

    monkeypatch.setattr(Api, "tell", counting)
    return found


class Hearer:
    """A listener with some room."""

    def __init__(self, room: int = 1_000) -> None:
        self.room, self.heard = room, list[Told]()
        self.was_behind = asyncio.Event()
        self.ended: list[Answer | None] = []

    def push(self, told: Told) -> bool:
        if len(self.heard) >= self.room:
            return False
        self.heard.append(told)
        return True

    def behind(self) -> None:
        self.was_behind.set()

    def end(self, last: Answer | None) -> None:
        self.ended.append(last)


async def following_from(attic: World, after: str | None, text: str = TEXT) -> Following:
    found = await attic.api.follow(Request(text, {"after": after}))
    assert isinstance(found, Following)
    return found


async def caught_up(subscriber: Following) -> list[Told]:
    return [each async for each in subscriber.catch_up()]


async def test_a_message_is_made_once_however_many_see_it(attic: World, made: list[str | None]) -> None:
    await attic.do(put("1", "a"), put("1", "b"))
    one = await following_from(attic, None)
    first = (await caught_up(one))[0].cursor
    one.leave()
    subscribers = [await following_from(attic, after) for after in [None, first, attic.token] * 100]
    hearers = [Hearer() for _ in subscribers]
    for subscriber, hearer in zip(subscribers, hearers, strict=True):
        await caught_up(subscriber)
        assert subscriber.sit(hearer)
    assert attic.api.audiences == [300]
    made.clear()
    await attic.put("1", "c")
    await comes_true(lambda: all(each.heard for each in hearers))
    assert len(made) == 1
    assert len({id(told) for each in hearers for told in each.heard}) == 1
    for each in subscribers:
        each.leave()
    assert attic.api.audiences == []


async def test_whoever_sees_something_else_has_messages_of_his_own(attic: World, made: list[str | None]) -> None:
    await attic.put("1", "a")
    texts = [TEXT, TEXT.replace("node { id }", "node { id at }"), TEXT.replace("Thing:1", "Thing:2")]
    hearers = [Hearer() for _ in texts]
    for text, hearer in zip(texts, hearers, strict=True):
        subscriber = await following_from(attic, attic.token, text)
        await caught_up(subscriber)
        assert subscriber.sit(hearer)
    assert attic.api.audiences == [1, 1, 1]
    made.clear()
    await attic.put("1", "c")
    await comes_true(lambda: hearers[0].heard and hearers[1].heard)
    assert hearers[0].heard[0].answer != hearers[1].heard[0].answer
    assert (len(made), hearers[2].heard) == (2, [])


async def test_who_has_no_room_is_told_later_and_holds_up_nobody(attic: World) -> None:
    await attic.put("1", "a")
    slow, quick = Hearer(room=2), Hearer()
    behind, other = [await following_from(attic, attic.token) for _ in range(2)]
    for subscriber, hearer in ((behind, slow), (other, quick)):
        await caught_up(subscriber)
        assert subscriber.sit(hearer)
    await attic.do(*[put("1", str(number)) for number in range(5)])
    await comes_true(lambda: len(quick.heard) == 5)
    assert slow.was_behind.is_set()
    assert slow.heard == quick.heard[:2]
    assert behind.cursor == quick.heard[1].cursor
    assert attic.api.audiences == [1]
    late = await caught_up(behind)
    assert [each.cursor for each in late] == [each.cursor for each in quick.heard[2:]]
    slow.room = 1_000
    assert behind.sit(slow)
    await attic.put("1", "last")
    await comes_true(lambda: len(quick.heard) == 6 and len(slow.heard) == 3)
    assert slow.heard[2:] == quick.heard[5:]


async def test_what_comes_while_somebody_catches_up_is_kept_or_read_again(
    attic: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audience, "ROOM", 3)
    await attic.do(put("1", "a"), put("1", "b"))
    for more in (1, 3, 4, 9):
        subscriber, hearer = await following_from(attic, None), Hearer()
        messages = subscriber.catch_up()
        found = [await anext(messages)]
        await attic.do(*[put("1", str(number)) for number in range(more)])
        found += [each async for each in messages]
        await attic.put("1", "once-more")
        await asyncio.sleep(0)
        while not subscriber.sit(hearer):
            found += await caught_up(subscriber)
        total = len((await attic.ask("{ moves(first: 500) { nodes { id } } }"))["moves"]["nodes"])
        await comes_true(partial(_all_told, found, hearer, total))
        cursors = [each.cursor for each in [*found, *hearer.heard]]
        assert len(cursors) == len({*cursors}) == total
        subscriber.leave()


def _all_told(found: list[Told], hearer: Hearer, total: int) -> bool:
    return len(found) + len(hearer.heard) == total


async def test_a_feed_that_breaks_is_the_last_that_everybody_hears_of_it(attic: World) -> None:
    await attic.put("1", "a")
    hearers = [Hearer(), Hearer()]
    for each in hearers:
        subscriber = await following_from(attic, attic.token)
        await caught_up(subscriber)
        assert subscriber.sit(each)
    await comes_true(lambda: attic.services.feeds.subscribers == 1)
    attic.services.feeds._tail.fail(LogBroken(9, "gone"))  # pyright: ignore[reportPrivateUsage] # as a hole does
    await comes_true(lambda: all(each.ended for each in hearers))
    for each in hearers:
        (last,) = each.ended
        assert last
        assert last.errors[0]["extensions"]["code"] == "LOG_BROKEN"


async def test_whoever_takes_messages_at_leisure_misses_none(attic: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "ROOM", 2)
    await attic.put("1", "a")
    subscriber = await following_from(attic, attic.token)
    messages = subscriber.messages()
    first = asyncio.ensure_future(anext(messages))
    await attic.seated(1)
    await attic.do(*[put("1", str(number)) for number in range(9)])
    found = [await first, *[await anext(messages) for _ in range(8)]]
    assert len({each.cursor for each in found}) == 9
    await messages.aclose()
    assert attic.api.audiences == []


async def test_nobody_s_audience_is_left_when_everybody_left(attic: World) -> None:
    subscribers = [await attic.follow("thingChanged", "id", id=f"Thing:{number}") for number in range(20)]
    await attic.seated(*[1] * 20)
    for each in subscribers:
        await each.leave()
    assert attic.api.audiences == []
    await comes_true(lambda: not attic.services.feeds.subscribers)
