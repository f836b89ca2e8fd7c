"""The watcher on a real MongoDB: read models equal an independent fold of the log, whatever happened on the way."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from bson import Int64

from gateway.mongo.changes import Changes, Heard
from gateway.mongo.client import collection
from tests.projections.library import library
from tests.projections.world import World, added, history, lent, renamed, watching, world
from tests.support.faults import failing

pytestmark = pytest.mark.anyio


@pytest.fixture
async def place(mongo_uri: str, database: str) -> AsyncIterator[World]:
    async with world(mongo_uri, database) as opened:
        yield opened


class Mute(Changes):
    """A change stream that never says anything."""

    def listen(self, listener: Callable[[Heard], None]) -> Callable[[], None]:
        return super().listen(lambda heard: None)


@pytest.mark.parametrize("driver", ["pymongo", "motor"])
async def test_read_models_follow_the_log(place: World, driver: str) -> None:
    await place.add(*history(1, 200))
    async with watching(place, driver=driver):
        await place.built(200)
        await place.built(await place.add(*history(2, 20)))
    await place.check()


@pytest.mark.parametrize(("fold_commits", "fan_out"), [(1, 1), (7, 3), (500, 5), (3, 1_000)])
async def test_read_models_are_the_same_however_the_log_is_cut(
    place: World, fold_commits: int, fan_out: int
) -> None:
    await place.add(*history(3, 150))
    async with watching(place, fold_commits=fold_commits, fan_out=fan_out):
        await place.built(150)
    await place.check()


async def test_two_watchers_at_once_apply_everything_once(place: World) -> None:
    async with (
        watching(place, fold_commits=5, fan_out=3),
        watching(place, fold_commits=3, fan_out=4),
        watching(place, fold_commits=7, driver="motor"),
    ):
        for part in range(10):
            last = await place.add(*history(part, 30))
        await place.built(last)
    await place.check()


async def test_a_mute_change_stream_delays_and_loses_nothing(place: World) -> None:
    async with watching(place, changes=Mute):
        await place.built(await place.add(*history(4, 20)))
        await place.built(await place.add(*history(5, 20)))
    await place.check()


@pytest.mark.parametrize("driver", ["pymongo", "motor"])
async def test_a_change_stream_without_its_history_delays_and_loses_nothing(place: World, driver: str) -> None:
    """Error 286: the oplog was rolled over while nobody read it."""
    lost = {"errorCode": 286, "appName": "tidegate"}
    async with failing(place.uri, ["getMore"], lost), watching(place, driver=driver):
        await place.built(await place.add(*history(6, 20)))
        await place.built(await place.add(*history(7, 20)))
    await place.check()


@pytest.mark.parametrize("error", [112, 251, 91])
async def test_transactions_that_fail_on_the_way_are_done_again(place: World, error: int) -> None:
    """A write conflict, a transaction that the server forgot, a shutdown."""
    labels = ["TransientTransactionError"] if error != 91 else ["UnknownTransactionCommitResult"]
    how = {"errorCode": error, "errorLabels": labels, "appName": "tidegate"}
    await place.add(*history(8, 60))
    async with (
        failing(place.uri, ["commitTransaction"], how, {"times": 5}),
        watching(place, fold_commits=7),
    ):
        await place.built(60)
    await place.check()


async def test_a_fold_that_raises_stops_its_read_model_alone(place: World) -> None:
    await place.add([added("1", "x")], [lent("1", 2)], [lent("1", 13)], [lent("1", 4)], [renamed("x", "Ada")])
    async with watching(place, library(superstitious)) as watcher:
        await place.built(5, "books", "months")
        stopped = await place.stopped("loans")
        assert (stopped.position, stopped.stopped) == (2, "ValueError at position 3, event BookLent.")
        assert [each.stopped is None for each in watcher.status()] == [True, False, True]
        await place.built(await place.add([lent("1", 1)]), "books", "months")
    async with watching(place):  # the fold is mended
        await place.built(6)
    await place.check()
    assert (await place.checkpoints())["loans"].stopped is None


async def test_views_that_mongodb_does_not_take_stop_their_read_model_alone(place: World) -> None:
    await place.add([added("1", "x")], [lent("1", 99)], [lent("1", 1)])
    async with watching(place, library(endless)):
        await place.built(3, "books", "months")
        stopped = await place.stopped("loans")
        assert (stopped.position, stopped.stopped) == (0, "Its views can't be stored: OverflowError.")


async def test_a_hole_in_the_log_is_where_everything_stops(place: World) -> None:
    commits = [place.commit(*events) for events in history(9, 12)]
    log = collection(place.opened.database, "events")
    await place.opened.log.append(commits)
    await log.delete_one({"_id": Int64(8)})
    async with watching(place, fold_commits=500) as watcher:
        for name in ("books", "loans", "months"):
            stopped = await place.stopped(name)
            assert stopped.position == 7
            assert "there is a hole" in str(stopped.stopped)
        assert [each.position for each in watcher.status()] == [7, 7, 7]
    await place.opened.log.append(commits[7:8])
    async with watching(place):
        await place.built(12)
    await place.check()


async def test_an_event_that_nobody_knows_stops_what_reads_it(place: World) -> None:
    await place.add([added("1", "x")], [added("2", "x")], [added("3", "x")])
    log = collection(place.opened.database, "events")
    await log.update_one({"_id": 3}, {"$set": {"events.0.type": "BookPainted"}})
    async with watching(place):
        stopped = await place.stopped("books")
        assert stopped.position == 2
        assert "BookPainted" in str(stopped.stopped)
    await log.update_one({"_id": 3}, {"$set": {"events.0.type": "BookAdded"}})
    async with watching(place):
        await place.built(3)
    await place.check()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"log": place_of_another} if (place_of_another := b"") else {"chain": b"another"}, "rewritten"),
        ({"position": Int64(99)}, "no commit 99"),
    ],
)
async def test_a_log_of_another_history_is_refused(place: World, change: dict[str, Any], reason: str) -> None:
    async with watching(place):
        await place.built(await place.add(*history(10, 5)))
    checkpoints = collection(place.opened.database, "checkpoints")
    await checkpoints.update_one({"_id": "books.1"}, {"$set": change})
    async with watching(place):
        assert reason in str((await place.stopped("books")).stopped)
        await place.built(await place.add([added("new", "x")]), "loans", "months")
    assert not [each for each in await place.documents("views.books.1") if each["_id"] == "new"]
