"""The one reader: each commit is read and decoded once, and the next ones while those before them are at work."""

import asyncio

import pytest

from gateway.errors import HoleInLog
from gateway.eventlog.storage import EventLog
from gateway.messages import Commit
from gateway.mongo.client import collection
from gateway.projections.reading import Reader
from tests.projections.world import World, history

pytestmark = pytest.mark.anyio


class Counted(EventLog):
    """Notes which commits are read, and lets a test hold the answers back."""

    def __init__(self, place: World) -> None:
        super().__init__(place.opened.database, place.opened.model)
        self.decoded: list[int] = []
        self.asked = asyncio.Event()
        self.open = asyncio.Event()
        self.open.set()

    async def read(self, after: int, limit: int, size: int = 16_000_000) -> list[Commit]:
        found = await super().read(after, limit, size)
        self.decoded += [each.position for each in found]
        self.asked.set()
        await self.open.wait()
        return found


async def read(reader: Reader, limit: int, until: int) -> list[int]:
    """The positions of all commits, as a lane reads them that takes so many at once."""
    found: list[int] = []
    while (after := found[-1] if found else 0) < until:
        found += [each.position for each in (await reader.read(after, limit)).commits]
    return found


async def test_lanes_at_about_one_place_have_each_commit_decoded_once(place: World) -> None:
    await place.add(*history(80, 95))
    log = Counted(place)
    reader = Reader(log, 20, 4_000_000)
    lanes = await asyncio.gather(*(read(reader, limit, 95) for limit in (20, 20, 7)))
    assert lanes == [[*range(1, 96)]] * 3
    assert sorted(log.decoded) == [*range(1, 96)]
    await reader.close()


async def test_the_next_batch_is_read_while_one_is_at_work(place: World) -> None:
    await place.add(*history(81, 30))
    log = Counted(place)
    reader = Reader(log, 10, 4_000_000)
    assert len((await reader.read(0, 10)).commits) == 10
    log.asked.clear()
    async with asyncio.timeout(10):
        await log.asked.wait()
    assert log.decoded == [*range(1, 21)]
    await reader.close()


async def test_a_commit_that_came_while_the_log_was_asked_is_not_missed(place: World) -> None:
    """Who asks after it was heard of may not be given an answer from before."""
    log = Counted(place)
    reader = Reader(log, 10, 4_000_000)
    log.open.clear()
    early = asyncio.create_task(reader.read(0, 10))
    await log.asked.wait()
    await place.add(*history(82, 1))
    late = asyncio.create_task(reader.read(0, 10))
    await asyncio.sleep(0)
    log.open.set()
    assert [len((await each).commits) for each in (early, late)] == [0, 1]
    await reader.close()


async def test_whoever_stops_waiting_takes_nothing_from_the_others(place: World) -> None:
    await place.add(*history(83, 5))
    log = Counted(place)
    reader = Reader(log, 10, 4_000_000)
    log.open.clear()
    leaves, stays = (asyncio.create_task(reader.read(0, 10)) for _ in range(2))
    await log.asked.wait()
    leaves.cancel()
    log.open.set()
    assert len((await stays).commits) == 5
    await reader.close()


async def test_those_in_front_take_nothing_from_those_behind(place: World) -> None:
    """At the head each commit is a batch of its own, and there are soon more of them than are held."""
    await place.add(*history(85, 30))
    log = Counted(place)
    reader = Reader(log, 10, 4_000_000)
    assert len((await reader.read(0, 10)).commits) == 10
    for head in range(30, 36):
        await place.add(*history(86, 1))
        reader.keep({0, head})
        assert len((await reader.read(head, 10)).commits) == 1
    assert await read(reader, 10, 36) == [*range(1, 37)]
    assert [each for each in log.decoded if each <= 20] == [*range(1, 21)]
    await reader.close()


async def test_what_nobody_comes_to_any_more_is_not_held(place: World) -> None:
    await place.add(*history(87, 20))
    log = Counted(place)
    reader = Reader(log, 10, 4_000_000)
    await read(reader, 10, 20)
    for position, anew in ((9, []), (10, [*range(1, 11)])):
        log.decoded.clear()
        reader.keep({position})
        await reader.read(0, 10)
        assert log.decoded == anew
    await reader.close()


async def test_a_hole_is_told_at_its_place_and_not_before(place: World) -> None:
    await place.add(*history(84, 8))
    await collection(place.opened.database, "events").delete_one({"_id": 6})
    reader = Reader(Counted(place), 10, 4_000_000)
    found = await reader.read(0, 10)
    assert ([each.position for each in found.commits], found.seen) == ([1, 2, 3, 4, 5], None)
    with pytest.raises(HoleInLog):
        await reader.read(5, 10)
    await reader.close()
