"""A fold that ends its process is counted, found, and parked after three starts; all else goes on."""

import asyncio

import pytest

from gateway.messages import Commit
from gateway.mongo.client import collection
from gateway.mongo.collections import ATTEMPTS, WATCHERS
from gateway.projections.parking.attempts import Attempts
from gateway.projections.parking.starts import Carefully
from gateway.projections.storage import Update
from gateway.projections.working import Careful, Working
from tests.projections.deadly import FATAL
from tests.projections.processes import process
from tests.projections.test_parking import parked, retry_all
from tests.projections.world import World, added, history, lent, renamed, watching

pytestmark = pytest.mark.anyio


async def deaths(place: World, count: int, application: str) -> None:
    """So many starts of a watcher, each of which ends in the midst of a fold."""
    for _ in range(count):
        with process(place, fold_commits=500, fan_out=1_000, application=application) as running:
            assert await asyncio.to_thread(running.wait) == FATAL
        # Found dead already: the next one holds all read models from its start, and has them go carefully together.
        await collection(place.opened.database, WATCHERS).delete_many({})


async def test_an_event_that_ends_the_process_is_parked_after_three_starts(place: World) -> None:
    await place.add([added("1", "x"), added("2", "x")], [lent("1", 2), lent("2", 1)], [lent("1", 13), lent("2", 3)])
    await place.add([lent("2", 4)], [lent("1", 5)])
    await deaths(place, 3, "deadly:DEADLY")
    assert await parked(place) == {}
    with process(place, fold_commits=500, fan_out=1_000, application="deadly:DEADLY"):
        await place.built(5)
        await place.built(await place.add([lent("1", 6)], [lent("2", 5)]))
    assert await parked(place) == {"loans.1": ["1 3.0"]}
    assert [each["days"] for each in await place.documents("views.loans.1")] == [2, 1, 3, 4, 5]
    await retry_all(place)
    await place.check()


async def test_of_the_views_that_a_rename_reaches_the_one_whose_fold_is_deadly_is_parked(place: World) -> None:
    await place.add([added(f"b{number:02}", "x") for number in range(10)], [renamed("x", "Ada")], [lent("b05")])
    await deaths(place, 3, "deadly:DEADLY")
    with process(place, fold_commits=500, fan_out=1_000, application="deadly:DEADLY"):
        await place.built(3)
    assert await parked(place) == {"books.1": ["b05 2.0"]}
    assert [each["renames"] for each in await place.documents("views.books.1")] == [1, 1, 1, 1, 1, 0, 1, 1, 1, 1]
    await retry_all(place)
    await place.check()


async def test_a_key_function_that_ends_the_process_stops_its_read_model_after_three_starts(place: World) -> None:
    await place.add([added("1", "x")], [lent("1", 2)], [lent("1", 13)])
    await deaths(place, 3, "deadly:DEADLY_KEY")
    with process(place, fold_commits=500, fan_out=1_000, application="deadly:DEADLY_KEY"):
        stopped = await place.stopped("months")
        await place.built(3, "books", "loans")
    assert (stopped.position, stopped.stopped) == (2, "ProcessEnded at position 3, event BookLent.")


async def test_a_watcher_that_begins_twice_at_one_place_has_not_ended_its_process(place: World) -> None:
    """Its farewell may not have arrived: the note that it finds is its own, and it lives."""
    async with watching(place):
        await place.built(await place.add(*history(44, 5)))
    checkpoints = [*(await place.checkpoints()).values()]
    own, another = Attempts(place.opened.database), Attempts(place.opened.database)
    assert await own.begin(checkpoints) == set()
    assert await own.begin(checkpoints) == set()
    assert await another.begin(checkpoints) == {each.id for each in checkpoints}


async def test_going_carefully_gives_the_same_views_and_ends(place: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that was killed before it had written anything: the next one can't know why."""
    await place.add(*history(40, 60))
    async with watching(place, fold_commits=10):
        await place.built(60)
    attempts = collection(place.opened.database, ATTEMPTS)
    assert not [each async for each in attempts.find({"start": {"$exists": True}})]
    await place.add(*history(41, 60))
    for each in (await place.checkpoints()).values():
        start = {"place": [each.position, None, None], "by": each.log}
        await attempts.update_one({"_id": each.id}, {"$set": {"start": start}}, upsert=True)
    careful = set[str]()

    async def update(self: Carefully, working: Working, careful_: Careful, commit: Commit) -> Update | None:
        careful.add(working.checkpoint.read_model)
        return await ordinary(self, working, careful_, commit)

    ordinary = Carefully.update
    monkeypatch.setattr(Carefully, "update", update)
    async with watching(place, fold_commits=10, fan_out=7):
        await place.built(await place.add(*history(42, 60)))
        assert careful == {each.read_model for each in (await place.checkpoints()).values()}
        careful.clear()
        await place.built(await place.add(*history(43, 60)))
        assert careful == set()
    await place.check()
