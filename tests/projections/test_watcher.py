"""The watcher on a real MongoDB: read models equal an independent fold of the log, whatever happened on the way."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from bson import Int64

from gateway.mongo.changes import Changes, CommitAdded, Heard
from gateway.mongo.client import collection, settle
from gateway.projections.batches import Commits
from gateway.projections.folding.reach import plan
from gateway.projections.storage import Fenced, Update, ViewStore
from gateway.projections.working import Worker, Working
from tests.projections.world import MODELS, World, added, history, lent, watching
from tests.support.faults import failing

pytestmark = pytest.mark.anyio


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
            await place.add(*history(part, 30))
        await place.built(300)
    await place.check()


async def test_what_was_worked_out_before_another_watcher_went_on_is_not_written(place: World) -> None:
    await place.add(*history(14, 30))
    slow = ViewStore(place.opened.database)
    async with watching(place):
        await place.built(30)
    await place.add(*history(15, 30))
    late = await worked_out(place, slow)
    async with watching(place):
        await place.built(60)
    with pytest.raises(Fenced):
        await slow.write([late])
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


@pytest.mark.parametrize(
    "how",
    [
        {"errorCode": 112, "errorLabels": ["TransientTransactionError"]},  # a write conflict
        {"errorCode": 251, "errorLabels": ["TransientTransactionError"]},  # the server forgot the transaction
        {"closeConnection": True},  # the answer is lost
    ],
)
@pytest.mark.parametrize("driver", ["pymongo", "motor"])
async def test_transactions_that_fail_on_the_way_are_done_again(
    place: World, how: dict[str, Any], driver: str
) -> None:
    await place.add(*history(8, 60))
    mine = {**how, "appName": "tidegate"}
    async with (
        failing(place.uri, ["commitTransaction"], mine, {"times": 5}),
        watching(place, fold_commits=7, driver=driver),
    ):
        await place.built(60)
    await place.check()


async def test_a_hole_in_the_log_is_where_everything_stops(place: World) -> None:
    commits = [place.commit(*events) for events in history(9, 12)]
    log = collection(place.opened.database, "events")
    await place.opened.log.append(commits)
    await log.delete_one({"_id": Int64(8)})
    async with watching(place, fold_commits=500) as watcher:
        for name in MODELS:
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
        ({"log": uuid4()}, "belongs to another log"),
        ({"chain": b"another"}, "it was rewritten"),
        ({"position": Int64(99)}, "no commit 99"),
    ],
)
async def test_a_log_that_a_read_model_was_not_built_from_is_refused(
    place: World, change: dict[str, Any], reason: str
) -> None:
    async with watching(place):
        await place.built(await place.add(*history(10, 5)))
    checkpoints = collection(place.opened.database, "checkpoints")
    await checkpoints.update_one({"_id": "books.1"}, {"$set": change})
    await place.add([added("new", "x")])
    async with watching(place):
        assert reason in str((await place.stopped("books")).stopped)
        await place.built(6, "loans", "months")
    assert "new" not in [each["_id"] for each in await place.documents("views.books.1")]


async def test_a_log_that_is_cut_off_under_a_running_watcher_stops_everything(place: World) -> None:
    async with watching(place):
        await place.built(await place.add(*history(11, 5)))
        await collection(place.opened.database, "events").delete_one({"_id": Int64(5)})
        for name in MODELS:
            assert "no commit 5" in str((await place.stopped(name)).stopped)


async def test_a_log_that_is_dropped_stops_everything(place: World) -> None:
    async with watching(place):
        await place.built(await place.add(*history(11, 5)))
        await collection(place.opened.database, "events").drop()
        for name in MODELS:
            assert (await place.stopped(name)).stopped


@pytest.mark.parametrize("dropped", ["views.books.1", "views.loans.1.last"])
async def test_dropped_views_are_noticed_at_the_next_start(place: World, dropped: str) -> None:
    async with watching(place):
        await place.built(await place.add(*history(12, 20)))
    await collection(place.opened.database, dropped).drop()
    async with watching(place):
        assert f"{dropped} is gone" in str((await place.stopped(dropped.split(".")[1])).stopped)
        await place.built(await place.add([added("new", "x")]), "months")


async def test_dropped_views_are_noticed_by_a_running_watcher(place: World) -> None:
    async with watching(place):
        await place.built(await place.add(*history(12, 20)))
        await collection(place.opened.database, "views.books.1").drop()
        assert "views.books.1 was dropped" in str((await place.stopped("books")).stopped)


async def test_views_are_not_built_on_when_their_checkpoint_is_gone(place: World) -> None:
    async with watching(place):
        await place.built(await place.add(*history(12, 20)))
    before = await place.documents("views.books.1")
    await collection(place.opened.database, "checkpoints").delete_one({"_id": "books.1"})
    async with watching(place):
        assert "has views and no checkpoint" in str((await place.stopped("books")).stopped)
    assert await place.documents("views.books.1") == before


async def test_a_read_model_that_is_dropped_with_its_checkpoint_is_built_anew(place: World) -> None:
    async with watching(place):
        await place.built(await place.add(*history(12, 20)))
    await collection(place.opened.database, "checkpoints").delete_one({"_id": "books.1"})
    await collection(place.opened.database, "views.books.1").drop()
    place.ear.heard.clear()
    async with watching(place):
        await place.built(20)
    await place.check()


async def test_every_path_and_every_fan_out_has_its_index(place: World) -> None:
    async with watching(place):
        found: Any = await settle(collection(place.opened.database, "views.books.1").list_indexes())
        keys = {each["name"]: [*each["key"]] async for each in found}
    assert keys == {
        "_id_": ["_id"],
        "author.price": ["author", "price", "_id"],
        "author_name": ["author_name", "_id"],
        "author": ["author", "_id"],
    }


async def test_a_checkpoint_names_the_keys_that_it_touched(place: World) -> None:
    async with watching(place):
        await place.add([added("1", "x"), added("2", "x"), lent("1", 3), lent("2", 0)])
        moved = {name: await place.moved(name, 1) for name in MODELS}
    assert {name: each.touched for name, each in moved.items()} == {
        "books": ("1", "2"),
        "loans": ("1",),
        "months": ("2026-01",),
    }


async def test_at_the_head_the_watcher_says_so_again_and_again(place: World) -> None:
    async with watching(place):
        await place.built(await place.add([added("1", "x")]))
        first = await place.ear.moved(lambda each: each.position == 1 and each.read_model == "books")
        again = await place.ear.moved(
            lambda each: each.read_model == "books" and each.at_head > first.checkpoint.at_head
        )
    assert (again.touched, again.checkpoint.position) == ((), 1)


async def test_an_unanswering_mongodb_is_waited_for(place: World) -> None:
    down = {"closeConnection": True, "appName": "tidegate"}
    async with watching(place):
        async with failing(place.uri, ["find", "aggregate", "getMore", "commitTransaction"], down):
            await place.add(*history(13, 10))
            await place.ear.until(lambda heard: CommitAdded(10) in heard)
        await place.built(10)
    await place.check()


async def worked_out(place: World, store: ViewStore) -> Update:
    """What a watcher that has read the log up to position 30 would write next."""
    books = next(each for each in place.opened.model.read_models if each.name == "books")
    checkpoint = (await store.checkpoints(["books.1"]))["books.1"]
    commits = await place.opened.log.read(checkpoint.position, 10)
    return await Worker(store, 1_000).update(Working(plan(books), checkpoint), Commits(commits, None))
