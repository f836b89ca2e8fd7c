"""Subscriptions to events: history, then live; every event once and in order, whatever happens in between."""

import asyncio
import gc
from contextlib import aclosing

import pytest

from gateway.errors import LogBroken
from gateway.feeds import feeds as feeds_module
from gateway.feeds import readers as readers_module
from gateway.feeds import tail as tail_module
from gateway.messages import RecordedEvent
from gateway.mongo.changes import Interrupted
from gateway.mongo.client import collection
from gateway.mongo.collections import EVENTS
from tests.feeds.notes import Notebook, opened, place, take

pytestmark = pytest.mark.anyio


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small pages and inboxes, so that every border is met."""
    monkeypatch.setattr(feeds_module, "ROOM", 4)
    monkeypatch.setattr(readers_module, "PAGE", 3)
    monkeypatch.setattr(tail_module, "PAGE", 2)


async def test_history_comes_first_and_what_is_new_behind_it(notebook: Notebook) -> None:
    await notebook.write(("a",), ("a", "b"), ("c",))
    async with aclosing(notebook.feeds.events(None, None, None)) as events:
        assert await take(events, 4) == notebook.written
        await notebook.write(("b", "a"), ("c",))
        assert await take(events, 3) == notebook.written[4:]


async def test_a_stream_is_followed_alone_and_by_its_versions(notebook: Notebook) -> None:
    await notebook.write(("a",), ("b", "a"))
    async with aclosing(notebook.feeds.events("note-a", None, None)) as events:
        assert [event.version for event in await take(events, 2)] == [1, 2]
        await notebook.write(("b",), ("c", "a", "a"))
        assert await take(events, 2) == notebook.of("a")[2:]


async def test_a_stream_that_is_not_there_yet_is_waited_for(notebook: Notebook) -> None:
    async with aclosing(notebook.feeds.events("note-z", None, None)) as events:
        first = asyncio.create_task(anext(events))
        await notebook.write(("a",), ("z",))
        assert await first == notebook.of("z")[0]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("stream", [None, "note-a"])
async def test_every_place_can_be_gone_on_from(notebook: Notebook, stream: str | None) -> None:
    await notebook.write(*[("a",), ("b", "a", "a"), ("b",)] * 7)
    expected = notebook.written if stream is None else notebook.of("a")
    for after in [(0, -1), *map(place, notebook.written), (7, 2**16 - 1)]:
        rest = [event for event in expected if place(event) > after]
        async with aclosing(notebook.feeds.events(stream, after, place(notebook.written[-1]))) as events:
            assert [event async for event in events] == rest


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("stream", [None, "note-a"])
async def test_it_is_complete_at_until(notebook: Notebook, stream: str | None) -> None:
    await notebook.write(*[("a",), ("b", "a", "a"), ("b",)] * 3)
    expected = notebook.written if stream is None else notebook.of("a")
    for until in [(0, 0), *map(place, notebook.written), (4, 2**16 - 1)]:
        async with aclosing(notebook.feeds.events(stream, None, until)) as events:
            assert [event async for event in events] == [event for event in expected if place(event) <= until]


@pytest.mark.parametrize("stream", [None, "note-a"])
async def test_until_may_lie_in_the_future_and_be_no_event_of_the_stream(
    notebook: Notebook, stream: str | None
) -> None:
    await notebook.write(("a",))

    async def followed() -> list[RecordedEvent]:
        return [event async for event in notebook.feeds.events(stream, None, (4, 0))]

    following = asyncio.create_task(followed())
    for _ in range(5):
        await notebook.write(("a", "b"), ("b",))
    expected = notebook.written if stream is None else notebook.of("a")
    assert await following == [event for event in expected if place(event) <= (4, 0)]


@pytest.mark.usefixtures("small")
async def test_nothing_is_missed_and_nothing_comes_twice_while_commits_pour_in(notebook: Notebook) -> None:
    await notebook.write(*[("a", "b")] * 20)
    until = (200, 1)
    everything = [followed(notebook, None, until, slow) for slow in (0, 3, 40)]
    streams = [followed(notebook, "note-a", until, slow) for slow in (0, 3, 40)]
    found = asyncio.gather(*everything, *streams)
    for _ in range(36):
        await notebook.write(*[("a", "b"), ("b",), ("c", "a"), ("a", "a"), ("b", "c")])
    whole = [event for event in notebook.written if place(event) <= until]
    assert await found == [whole] * 3 + [[event for event in whole if event.stream == "note-a"]] * 3


async def followed(
    notebook: Notebook, stream: str | None, until: tuple[int, int], slow: int
) -> list[RecordedEvent]:
    """All events until a place, taken by somebody who lets `slow` ticks pass after each."""
    found: list[RecordedEvent] = []
    async for event in notebook.feeds.events(stream, None, until):
        found.append(event)
        for _ in range(slow):
            await asyncio.sleep(0)
    return found


@pytest.mark.usefixtures("small")
async def test_who_is_slow_is_referred_to_the_log_and_holds_up_nobody(notebook: Notebook) -> None:
    async with (
        aclosing(notebook.feeds.events(None, None, None)) as slow,
        aclosing(notebook.feeds.events(None, None, None)) as quick,
    ):
        await notebook.write(("a",))
        assert await anext(slow) == await anext(quick) == notebook.written[0]
        for _ in range(10):
            await notebook.write(("a", "b"), ("c",))
            assert await take(quick, 3) == notebook.written[-3:]
        inboxes = [*notebook.feeds._tail._inboxes[None]]  # pyright: ignore[reportPrivateUsage] # how much is held is not told
        assert all(inbox._size <= 4 for inbox in inboxes)  # pyright: ignore[reportPrivateUsage]
        assert await take(slow, 30) == notebook.written[1:]


async def test_a_thousand_subscribers_share_one_listener_and_one_reader(notebook: Notebook) -> None:
    await notebook.write(tuple("0123456"))
    listeners = len(notebook.changes._listeners)  # pyright: ignore[reportPrivateUsage] # who listens is not told
    subscriptions = [notebook.feeds.events(f"note-{number % 7}", None, None) for number in range(500)]
    subscriptions += [notebook.feeds.events(None, (1, 5), None) for _ in range(500)]
    await asyncio.gather(*map(anext, subscriptions))
    assert notebook.feeds.subscribers == 1000
    assert notebook.log.most_at_once <= feeds_module.TURNS
    before = notebook.log.reads
    waiting = asyncio.gather(*map(anext, subscriptions))
    await notebook.write(tuple("0123456"))
    found = await waiting
    assert found[:500] == [notebook.of(str(number % 7))[1] for number in range(500)]
    assert found[500:] == [notebook.written[7]] * 500
    assert notebook.log.reads - before == 1
    assert len(notebook.changes._listeners) == listeners  # pyright: ignore[reportPrivateUsage]
    for each in subscriptions:
        await each.aclose()
    assert notebook.feeds.subscribers == 0


async def test_who_leaves_is_gone_and_when_nobody_follows_nothing_is_read(notebook: Notebook) -> None:
    await notebook.write(("a",))
    events, others = notebook.feeds.events(None, None, None), notebook.feeds.events("note-a", None, None)
    assert await anext(events) == await anext(others)
    await events.aclose()
    waiting = asyncio.create_task(anext(others))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert notebook.feeds.subscribers == 0
    before, heard = notebook.log.reads, asyncio.Event()
    stop = notebook.changes.listen(lambda _: heard.set())
    await notebook.write(("a",), ("b",))
    await heard.wait()
    stop()
    assert notebook.log.reads == before
    async with aclosing(notebook.feeds.events(None, (2, 0), None)) as later:
        assert await anext(later) == notebook.written[2]
        await notebook.write(("c",))
        assert await anext(later) == notebook.written[3]


# A driver that is cancelled while it connects leaves the socket to the garbage collector, which warns.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("stream", [None, "note-a"])
async def test_a_subscription_can_be_cancelled_at_any_moment(notebook: Notebook, stream: str | None) -> None:
    await notebook.write(("a",))
    for ticks in range(60):
        following = asyncio.create_task(take(notebook.feeds.events(stream, None, None), 2))
        for _ in range(ticks):
            await asyncio.sleep(0)
        following.cancel()
        await asyncio.wait([following], timeout=5)
        assert following.cancelled()
        assert notebook.feeds.subscribers == 0
    gc.collect()


async def test_what_the_change_stream_missed_is_read_after_an_interruption(notebook: Notebook) -> None:
    hear = notebook.feeds._hear  # pyright: ignore[reportPrivateUsage] # stands for the change stream
    notebook.feeds._stop()  # pyright: ignore[reportPrivateUsage] # deaf from now on
    await notebook.write(("a",))
    async with aclosing(notebook.feeds.events(None, None, None)) as events:
        await anext(events)
        waiting = asyncio.create_task(anext(events))
        await notebook.write(("b",))
        hear(Interrupted())
        assert await waiting == notebook.written[1]


async def test_a_hole_stops_everybody_and_says_so(notebook: Notebook) -> None:
    await notebook.write(("a",), ("a",))
    async with aclosing(notebook.feeds.events(None, None, None)) as events:
        await take(events, 2)
        notebook._head = type(notebook._head)(3, bytes(32), notebook._head.at)  # pyright: ignore[reportPrivateUsage] # position 3 is left out
        await notebook.write(("a",))
        with pytest.raises(LogBroken):
            await anext(events)
    with pytest.raises(LogBroken):
        await take(notebook.feeds.events(None, None, None), 3)


async def test_a_dropped_log_stops_everybody_and_says_so(notebook: Notebook) -> None:
    await notebook.write(("a",))
    async with aclosing(notebook.feeds.events(None, None, None)) as events:
        await anext(events)
        waiting = asyncio.create_task(anext(events))
        await collection(notebook.mongo.database, EVENTS).drop()
        with pytest.raises(LogBroken):
            await waiting


async def test_when_the_feeds_are_closed_every_subscription_ends(notebook: Notebook) -> None:
    following = asyncio.create_task(followed(notebook, None, (99, 0), 0))
    await notebook.followed_by(1)
    await notebook.feeds.__aexit__()
    assert await following == []


async def test_events_are_followed_on_motor(mongo_uri: str, database: str) -> None:
    async with opened(mongo_uri, database, "motor") as notebook:
        await notebook.write(("a",))
        async with aclosing(notebook.feeds.events("note-a", None, None)) as events:
            await anext(events)
            await notebook.write(("b", "a"))
            assert await anext(events) == notebook.of("a")[1]
