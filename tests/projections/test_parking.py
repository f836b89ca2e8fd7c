"""A fold that raises parks one key: all else goes on, its events wait in order, and nothing of them is lost."""

import asyncio
from dataclasses import replace
from datetime import datetime

import pytest

from gateway.application import Application
from gateway.application.reading import read
from gateway.errors import NotRetried
from gateway.messages import Commit
from gateway.mongo.client import collection
from gateway.mongo.collections import KEPT, PARKED, SKIPPED
from gateway.mongo.parked import Place
from gateway.projections.folding.reach import plan
from gateway.projections.parking.retrying import Retried, Retrying, Skip
from gateway.projections.storage import ViewStore
from tests.acceptance.serving import running
from tests.projections.bookshop import BookLent, Loan, MonthId, lend, library, month
from tests.projections.broken import BROKEN, superstitious
from tests.projections.processes import process
from tests.projections.shelves import shelves
from tests.projections.world import World, added, ascribed, history, lent, lost, renamed, watching

pytestmark = pytest.mark.anyio


def endless(last: Loan | None, event: BookLent, at: datetime) -> Loan | None:
    return Loan(event.book, at, event.days, 2**80 if event.days == 99 else 0)


def retrying(place: World, name: str, application: Application | None = None) -> Retrying:
    """What retries keys of a read model, with the code as it should be if no other is given."""
    models = read(application).read_models if application else place.opened.model.read_models
    model = next(each for each in models if each.name == name)
    database = place.opened.database
    return Retrying(database, place.opened.log, plan(model), ViewStore(database))


async def parked(place: World) -> dict[str, list[str]]:
    """Which keys are parked since which event, by read model."""
    found: dict[str, list[str]] = {}
    async for each in collection(place.opened.database, PARKED).find({}, sort=[("of", 1), ("name", 1)]):
        found.setdefault(each["of"], []).append(f"{each['name']} {Place.of(each['place'])}")
    return found


async def count(place: World, name: str) -> int:
    return await collection(place.opened.database, name).count_documents({})


async def commits(place: World) -> list[Commit]:
    return await place.opened.log.read(0, 1_000_000, 1_000_000_000)


async def test_a_fold_that_raises_parks_its_key_and_everything_else_goes_on(place: World) -> None:
    await place.add(
        [added("1", "x"), added("2", "x")], [lent("1", 2), lent("2", 1)], [lent("1", 13)], [lent("2", 4)]
    )
    async with watching(place, BROKEN):
        await place.built(await place.add([lent("1", 5)]))
        checkpoint = (await place.checkpoints())["loans"]
    assert checkpoint.stopped is None
    assert checkpoint.parked
    assert (checkpoint.parked.count, dict(checkpoint.parked.named)) == (1, {"1": 3})
    assert [(each["book"], each["days"]) for each in await place.documents("views.loans.1")] == [
        ("1", 2),
        ("2", 1),
        ("2", 4),
    ]
    assert await parked(place) == {"loans.1": ["1 3.0"]}


async def test_the_parked_key_is_named_to_whoever_follows_the_views(place: World) -> None:
    async with watching(place, BROKEN):
        await place.add([lent("1", 13), lent("2", 1)])
        assert sorted((await place.moved("loans", 1)).touched or ()) == ["1", "2"]


@pytest.mark.parametrize(("fold_commits", "fan_out"), [(1, 1), (7, 3), (500, 1_000)])
async def test_all_views_but_the_parked_ones_are_right_and_those_stand_where_they_were_left(
    place: World, fold_commits: int, fan_out: int
) -> None:
    await place.add(*history(30, 150))
    async with watching(place, BROKEN, fold_commits=fold_commits, fan_out=fan_out):
        await place.built(150)
    everything = await commits(place)
    left = {name: place_ for name, _, place_ in (each.partition(" ") for each in (await parked(place))["books.1"])}
    assert len(left) > 1
    for key in {each["_id"] for each in await place.documents("views.books.1")} | {*left}:
        end = Place(*map(int, left[key].split("."))) if key in left else Place(10**6, 0)
        expected = [each for each in shelves(before(everything, end))["views.books.1"] if each["_id"] == key]
        assert [each for each in await place.documents("views.books.1") if each["_id"] == key] == expected, key


@pytest.mark.parametrize(("fold_commits", "fan_out"), [(1, 1), (7, 3), (500, 1_000)])
async def test_a_retry_with_mended_code_gives_what_a_rebuild_would(
    place: World, fold_commits: int, fan_out: int
) -> None:
    await place.add(*history(31, 150))
    async with watching(place, BROKEN, fold_commits=fold_commits, fan_out=fan_out):
        await place.built(150)
    assert await parked(place)
    await retry_all(place)
    await place.check()
    assert (await parked(place), await count(place, KEPT)) == ({}, 0)
    assert [each.parked for each in (await place.checkpoints()).values()] == [None] * 3


async def test_a_retry_while_a_watcher_works_and_events_arrive_gives_what_a_rebuild_would(place: World) -> None:
    await place.add(*history(32, 100))
    async with watching(place, BROKEN):
        await place.built(100)
    assert len((await parked(place))["books.1"]) > 1
    with process(place, fold_commits=3, fan_out=4):
        adding = asyncio.create_task(add_slowly(place, 33, 200))
        await place.ear.moved(lambda each: each.position > 110)
        await retry_all(place)
        await adding
        await place.built(300)
    await place.check()
    assert (await parked(place), await count(place, KEPT)) == ({}, 0)


async def add_slowly(place: World, seed: int, commits: int) -> None:
    for events in history(seed, commits):
        await place.add(events)


async def retry_all(place: World) -> None:
    for of, keys in (await parked(place)).items():
        retry = retrying(place, of.split(".")[0])
        for key in keys:
            assert (await retry.retry(key.split()[0])).parked is None


async def test_a_long_wait_is_caught_up_with_in_several_transactions(place: World) -> None:
    await place.add([added("b3", "x"), lent("b3"), lent("b3")], *([lent("b3")] for _ in range(350)))
    async with watching(place, BROKEN):
        await place.built(351)
    assert await parked(place) == {"books.1": ["b3 1.2"]}
    retried = await retrying(place, "books").retry("b3")
    assert (retried.applied, retried.parked) == (351, None)
    await place.check()


async def test_two_retries_of_one_key_at_once_apply_every_event_once(place: World) -> None:
    await place.add([added("b3", "x"), lent("b3"), lent("b3")], *([lent("b3")] for _ in range(350)))
    async with watching(place, BROKEN):
        await place.built(351)
    both = (retrying(place, "books").retry("b3") for _ in range(2))
    first, second = await asyncio.gather(*both, return_exceptions=True)
    assert isinstance(first, NotRetried | Retried)
    assert isinstance(second, NotRetried | Retried)
    await place.check()


async def test_a_retry_that_is_killed_half_way_is_gone_on_with(place: World) -> None:
    await place.add([added("b3", "x"), lent("b3"), lent("b3")], *([lent("b3")] for _ in range(1_500)))
    async with watching(place, BROKEN):
        await place.built(1_501)
    where = {"mongodb_uri": place.uri, "database": place.opened.database.name}
    words = ("parked", "retry", "books", "--app", "tests.projections.broken:MENDED")
    with running(*words, **where):
        half = await place.ear.moved(lambda each: bool(each.parked and each.parked.named["b3"] > 300))
    assert half.checkpoint.parked
    (book,) = await place.documents("views.books.1")
    assert 300 < book["lent"] < 1_502
    with running(*words, **where) as again:
        assert await asyncio.to_thread(again.wait) == 0
    await place.check()


async def test_a_retry_with_code_that_raises_later_on_stays_where_it_came_to(place: World) -> None:
    await place.add([lent("1", 13)], [lent("1", 2)], [lent("1", 13)], [lent("1", 4)])
    async with watching(place, BROKEN):
        await place.built(4)

    def half_mended(last: Loan | None, event: BookLent, at: datetime) -> Loan | None:
        if last is None:
            return lend(last, event, at)
        return superstitious(last, event, at)

    retried = await retrying(place, "loans", library(half_mended)).retry("1")
    assert (retried.applied, retried.parked and str(retried.parked.place)) == (2, "3.0")
    assert [each["days"] for each in await place.documents("views.loans.1")] == [13, 2]
    assert (await retrying(place, "loans").retry("1")).parked is None
    await place.check()


async def test_a_skipped_event_is_dropped_for_its_key_and_put_on_record(place: World) -> None:
    await place.add([added("1", "x")], [lent("1", 1)], [lent("1", 13)], [lent("1", 4)])
    async with watching(place, BROKEN):
        await place.built(4)
    with pytest.raises(NotRetried, match=r"waits for the event 3\.0, not for 4\.0"):
        await retrying(place, "loans").skip("1", Skip(Place(4, 0), "Ada"))
    skipped = await retrying(place, "loans").skip("1", Skip(Place(3, 0), "Ada"))
    assert skipped.parked is None
    assert [(each["days"], each["total"]) for each in await place.documents("views.loans.1")] == [(1, 1), (4, 5)]
    (record,) = [each async for each in collection(place.opened.database, SKIPPED).find({})]
    assert (record["name"], record["place"], record["event"], record["by"]) == ("1", 3_000, "BookLent", "Ada")
    with pytest.raises(NotRetried, match="loans has no parked key 1"):
        await retrying(place, "loans").skip("1", Skip(Place(3, 0), "Bea"))


async def test_a_skipped_event_counts_for_the_version_of_its_stream(place: World) -> None:
    await place.add([added("b3", "x")], [lent("b3")], [lent("b3")])
    async with watching(place, BROKEN):
        await place.built(3)
    await retrying(place, "books").skip("b3", Skip(Place(3, 0), "Ada"))
    (book,) = await place.documents("views.books.1")
    assert (book["lent"], book["_version"]) == (1, 3)


async def test_while_its_key_is_parked_a_view_is_not_reached_by_its_old_link(place: World) -> None:
    await place.add([added("b3", "x"), lent("b3"), lent("b3")], [ascribed("b3", "y")])
    async with watching(place, BROKEN):
        await place.built(await place.add([renamed("x", "Ada")], [renamed("y", "Bea")], [lost("b9")]))
        await place.built(5)
    (book,) = await place.documents("views.books.1")
    assert (book["author"], book["author_name"]) == ("x", "")
    await retrying(place, "books").retry("b3")
    (book,) = await place.documents("views.books.1")
    assert (book["author"], book["author_name"], book["renames"]) == ("y", "Bea", 1)
    await place.check()


async def test_a_read_model_that_is_built_anew_meets_the_event_again(place: World) -> None:
    await place.add([lent("1", 13)], [lent("2", 13)], [lent("2", 1)])
    async with watching(place, BROKEN):
        await place.built(3)
    await collection(place.opened.database, "checkpoints").delete_one({"_id": "loans.1"})
    await collection(place.opened.database, "views.loans.1").drop()
    await collection(place.opened.database, "views.loans.1.last").drop()
    place.ear.heard.clear()
    async with watching(place, library(forgiving)):
        await place.built(3)
    assert (await parked(place), await count(place, KEPT)) == ({"loans.1": ["2 2.0"]}, 2)
    assert await count(place, KEPT) == 2


def forgiving(last: Loan | None, event: BookLent, at: datetime) -> Loan | None:
    return lend(last, event, at) if event.book == "1" else superstitious(last, event, at)


async def test_more_keys_are_parked_than_a_checkpoint_names(place: World) -> None:
    await place.add([lent(f"{number:03}", 13) for number in range(150)], [lent("000", 1), lent("149", 1)])
    async with watching(place, BROKEN):
        await place.built(await place.add([lent("120", 2)], [lent("new", 2)]))
        checkpoint = (await place.checkpoints())["loans"]
    assert checkpoint.parked
    assert (checkpoint.parked.count, len(checkpoint.parked.named)) == (150, 100)
    assert [each["book"] for each in await place.documents("views.loans.1")] == ["new"]
    await retry_all(place)
    await place.check()


@pytest.mark.parametrize("fold_commits", [3, 20])
async def test_killed_in_mid_batch_nothing_is_parked_or_kept_twice(place: World, fold_commits: int) -> None:
    await place.add(*history(34, 600))
    for position in (1, 200, 400):
        with process(place, fold_commits, fan_out=3, application="broken:BROKEN") as running:
            await place.ear.moved(lambda each, position=position: each.position >= position)
            running.kill()
    async with watching(place, BROKEN):
        await place.built(600)
    await retry_all(place)
    await place.check()
    assert await count(place, KEPT) == 0


async def test_what_a_watcher_worked_out_before_a_retry_is_not_written(place: World) -> None:
    """Two watchers of broken code and many retries of mended code: somebody is fenced all the time."""
    await place.add(*history(35, 60))
    async with watching(place, BROKEN, fold_commits=1), watching(place, BROKEN, fold_commits=2, fan_out=2):
        adding = asyncio.create_task(add_slowly(place, 36, 100))
        while not adding.done():
            for of, keys in (await parked(place)).items():
                for key in keys:
                    await retrying(place, of.split(".")[0]).retry(key.split()[0])
        await adding
        await place.built(160)
    await retry_all(place)
    await place.check()


async def test_a_view_that_mongodb_does_not_take_parks_its_key_alone(place: World) -> None:
    await place.add([added("1", "x")], [lent("1", 99)], [lent("2", 1)], [lent("1", 1)])
    async with watching(place, library(endless)):
        await place.built(4)
    assert await parked(place) == {"loans.1": ["1 2.0"]}
    assert [each["book"] for each in await place.documents("views.loans.1")] == ["2"]


async def test_a_key_function_that_raises_stops_its_read_model_alone(place: World) -> None:
    """Nothing tells which view would miss the event: to go on would be a lie."""
    await place.add([added("1", "x")], [lent("1", 2)], [lent("1", 13)], [lent("1", 4)])
    async with watching(place, library(months_key=unlucky)) as watcher:
        await place.built(4, "books", "loans")
        stopped = await place.stopped("months")
        assert (stopped.position, stopped.stopped) == (2, "ValueError at position 3, event BookLent.")
        assert [each.stopped is None for each in watcher.status()] == [True, True, False]
        await place.built(await place.add([lent("1", 1)]), "books", "loans")
    async with watching(place):  # the function is mended
        await place.built(5)
    await place.check()
    assert (await place.checkpoints())["months"].stopped is None


def unlucky(event: BookLent, at: datetime) -> MonthId:
    if event.days == 13:
        raise ValueError("the reader's name")
    return month(event, at)


def before(commits: list[Commit], end: Place) -> list[Commit]:
    """The log up to an event, without it."""
    found = [each for each in commits if each.position <= end.position]
    cut = [each for each in found[-1:] if each.position == end.position]
    return [*found[: len(found) - len(cut)], *(replace(each, events=each.events[: end.index]) for each in cut)]
