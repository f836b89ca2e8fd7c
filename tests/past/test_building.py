"""How a past is built: exactly once whatever dies when, and the same however it is cut into batches."""

from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from bson import Int64

from gateway.application import Index
from gateway.errors import ReadModelStopped, ViewParked
from gateway.mongo.changes import CheckpointMoved, Heard, LiveMoved
from gateway.mongo.checkpoints import Checkpoint, Progress, checkpoint_of
from gateway.mongo.client import Document, collection
from gateway.mongo.collections import CHECKPOINTS
from gateway.mongo.live import Lives
from gateway.projections.folding.reach import plan
from gateway.projections.lanes import lanes
from gateway.projections.parking.retrying import Retrying
from gateway.projections.starting import beginning
from gateway.projections.storage import ViewStore, names
from gateway.projections.working import Working
from gateway.queries.pages import PageRequest
from tests.past.bookshop import (
    BOOKS,
    MODEL,
    UNLUCKY,
    AuthorId,
    AuthorRenamed,
    BookAdded,
    BookId,
    BookLent,
    BookLost,
    BookPriced,
    broken,
    history,
    library,
)
from tests.past.world import World, fresh, watching, world
from tests.support.faults import stuck_commits
from tests.support.logs import NOON
from tests.support.watch import watcher

pytestmark = pytest.mark.anyio

KEPT = (".past", ".moments", "")


async def kept(place: World) -> list[list[Document]]:
    return [await place.documents(BOOKS, each) for each in KEPT]


async def checkpoint(place: World) -> Checkpoint:
    found = await collection(place.database, CHECKPOINTS).find_one({"_id": "books.1"})
    assert found
    return checkpoint_of(found)


def killed(place: World, fold_commits: int, fan_out: int) -> AbstractContextManager[object]:
    """A watcher in a process of its own, which is killed at the end of the block."""
    return watcher(place.uri, place.database.name, "tests.past.bookshop:sound", fold_commits, fan_out)


async def check(place: World, last: int) -> None:
    """At every position the books are those of the fold, and all that is kept is what a calm watcher keeps."""
    await place.built(last)
    shelves = await place.shelves()
    for position in range(0, last + 1, 11):
        there = sorted(shelves[position].values(), key=lambda each: each[0].book)
        assert await place.walked(500, as_of=position) == there, position


async def anew(place: World, last: int) -> list[list[Document]]:
    """What is kept when all of it is dropped and built again in one go."""
    for name in names(BOOKS):
        await place.database.drop_collection(name)
    await collection(place.database, CHECKPOINTS).delete_one({"_id": "books.1"})
    async with world(place.uri, place.database.name) as second, watching(second), watching(second):
        await second.built(last)
        return await kept(second)


async def test_a_past_is_the_same_however_it_is_cut_into_batches_and_after_it_is_built_anew(place: World) -> None:
    last = await place.add(history(7, 300))
    async with watching(place, fold_commits=3, fan_out=5):
        await place.built(last)
        before = await kept(place)
    await check(place, last)
    assert await anew(place, last) == before


async def test_a_watcher_that_is_killed_in_mid_batch_again_and_again_leaves_nothing_twice(place: World) -> None:
    last = await place.add(history(8, 900))
    for position in (1, 200, 500):
        with killed(place, 4, 6):
            await place.positions.wait("books", position, 60)
        assert (await checkpoint(place)).position < last
    async with watching(place):
        await check(place, last)
        before = await kept(place)
    assert await anew(place, last) == before


async def test_killed_when_all_is_written_and_its_transaction_is_not_committed(place: World) -> None:
    last = await place.add(history(9, 60))
    async with stuck_commits(place.uri) as one_is_stuck:
        with killed(place, 20, 1_000):
            await one_is_stuck()
    assert (await checkpoint(place)).position == 0
    assert await kept(place) == [[], [], []]
    async with watching(place):
        await check(place, last)
        before = await kept(place)
    assert await anew(place, last) == before


async def test_while_a_commit_is_applied_in_parts_the_moments_before_it_stand(
    place: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rename that is stuck in its midst: as of before, nobody has the new name; as of it, one must wait."""
    books = [BookAdded(BookId(f"b{number:02}"), AuthorId("x"), Decimal(1)) for number in range(30)]
    later = NOON + timedelta(seconds=1)
    await place.add([(NOON, books), (later, [AuthorRenamed(AuthorId("x"), "Ada")])])
    await place.database.create_collection("views.books.1.past")
    refused = {"$or": [{"_id.since": 1}, {"view._id": {"$lt": "b20"}}]}
    await place.database.command({"collMod": "views.books.1.past", "validator": refused})
    async with watching(place, fan_out=10, fold_commits=1):
        found = await place.stopped("books")
    assert found.position == 1
    assert found.progress == Progress(0, "b19")
    assert [each["author_name"] for each in await place.documents(BOOKS, "")].count("Ada") >= 10
    for as_of in (1, NOON):
        assert {each.author_name for each, _ in await place.walked(100, as_of=as_of)} == {None}
    with pytest.raises(ReadModelStopped):
        await place.walked(100, as_of=later)
    # Nor is it told of to a process that has seen the read model at the head and not heard of the commit yet.
    monkeypatch.setattr(place.positions, "head", 0)
    monkeypatch.setattr(place.positions, "wait_until", nothing_to_wait_for)
    with pytest.raises(ReadModelStopped):
        await place.walked(100, as_of=later)
    await place.database.command({"collMod": "views.books.1.past", "validator": {}})
    async with watching(place, fan_out=10):
        await check(place, 2)
        assert {each.author_name for each, _ in await place.walked(100, as_of=later)} == {"Ada"}


async def nothing_to_wait_for(_read_model: str, _moment: datetime, _timeout: float) -> None: ...


async def test_a_past_that_was_changed_by_hand_stops_its_read_model(place: World) -> None:
    await place.add([(NOON, [BookAdded(BookId("1"), AuthorId("x"), Decimal(1))])])
    async with watching(place):
        await place.built(1)
        await place.database["views.books.1.past"].delete_many({})
        await place.add([(NOON, [AuthorRenamed(AuthorId("x"), "Ada")])])
        found = await place.stopped("books")
    assert found.position == 1
    assert [each["author_name"] for each in await place.documents(BOOKS, "")] == [None]


MORE = (Index("author_name", order="price"),)


@pytest.mark.parametrize(
    ("before", "anew_"), [({"history": False}, {"books.1.2", "months.1.2"}), ({"indexes": MORE}, {"books.1.2"})]
)
async def test_a_past_that_is_switched_on_or_kept_along_other_paths_is_built_anew_from_the_beginning(
    place: World, before: dict[str, Any], anew_: set[str]
) -> None:
    """Of the same version: it is another edition, with collections of its own, and it becomes live by itself."""
    last = await place.add(history(10, 60))
    async with watching(place, library(**before)):
        await place.ear.until(lambda heard: _at(heard, last) >= {"books.1", "months.1"})
    async with watching(place):
        await place.ear.until(lambda heard: _live(heard) >= anew_)
        await check(place, last)
    await Lives(place.database).drop("books.1.2")
    there = await place.database.list_collection_names()
    assert "views.books.1" in there
    assert not [each for each in there if each.startswith("views.books.1.2")]


def _at(heard: list[Heard], position: int) -> set[str]:
    """The editions that stand at a position."""
    moved = [each.checkpoint for each in heard if isinstance(each, CheckpointMoved)]
    return {each.id for each in moved if each.position == position}


def _live(heard: list[Heard]) -> set[str]:
    return {each.live.edition for each in heard if isinstance(each, LiveMoved)}


async def test_a_parked_key_is_told_as_of_the_moments_before_it_waits_and_its_past_is_mended_by_a_retry(
    place: World,
) -> None:
    """What it would have been since can't be told, by position nor by time, also where nothing else has changed."""
    seconds = [NOON + timedelta(seconds=each) for each in range(7)]
    events: list[list[object]] = [
        [BookAdded(BookId(each), AuthorId("x"), Decimal(1)) for each in "1234"],
        [BookPriced(BookId(each), price) for each in "13" for price in (Decimal(2), UNLUCKY)],
        [BookPriced(BookId("1"), Decimal(3)), BookAdded(BookId("3"), AuthorId("x"), Decimal(5))],
        [AuthorRenamed(AuthorId("x"), "Ada")],
        [BookPriced(BookId("1"), Decimal(4))],
        [BookPriced(BookId("4"), UNLUCKY)],
    ]
    events[1].append(BookLost(BookId("3")))  # in the commit that parks it: there once it is added again
    last = await place.add([*zip(seconds, events, strict=False)])
    async with watching(place, broken):
        await place.built(last)
        for as_of in (1, seconds[0]):
            found = await place.queries.one(BOOKS, BookId("1"), fresh(), as_of)
            assert found
            assert found.view.price == 1
        for as_of in (2, 3, 5, *seconds[1:5]):
            with pytest.raises(ViewParked):
                await place.queries.one(BOOKS, BookId("1"), fresh(), as_of)
            other = await place.queries.one(BOOKS, BookId("2"), fresh(), as_of)
            assert other
        for as_of in (6, seconds[5]):
            with pytest.raises(ViewParked):
                await place.queries.one(BOOKS, BookId("4"), fresh(), as_of)
        assert await place.queries.one(BOOKS, BookId("4"), fresh(), seconds[4])
        shown, asked = fresh(), PageRequest(as_of=5, first=3)
        page = await place.queries.page(BOOKS, asked, shown)
        assert [(each.view.price, each.view.author_name) for each in page.edges] == [
            (2, None),
            (1, "Ada"),
            (2, None),
        ]
        assert shown.parked["books"].count == 3
        for key in "134":
            await Retrying(place.database, place.log, plan(BOOKS), ViewStore(place.database)).retry(key)
    async with watching(place):
        await check(place, await place.add([(seconds[6], [BookLent(BookId("1"))])]))
        shelves = await place.shelves()
        for position, moment in enumerate(seconds[:6], start=1):
            there = sorted(shelves[position].values(), key=lambda each: each[0].book)
            assert await place.walked(100, as_of=moment) == there
        before = await kept(place)
    assert await anew(place, last + 1) == before


def test_what_keeps_its_past_goes_in_smaller_steps_than_the_rest_and_does_not_hold_it_up() -> None:
    workings = [Working(plan(each), beginning(each, UUID(int=1))) for each in MODEL.read_models]
    workings[0].checkpoint = replace(workings[0].checkpoint, position=100)
    found = [([each.plan.model.name for each in lane.members], lane.history) for lane in lanes(workings, 500)]
    assert found == [(["books"], True), (["months"], True), (["readers"], False)]


async def test_a_position_is_kept_as_a_long_and_a_view_without_what_the_past_adds(place: World) -> None:
    await place.add([(NOON, [BookAdded(BookId("1"), None, Decimal(1))])])
    async with watching(place):
        await place.built(1)
    ((version,), (moment,), (view,)) = await kept(place)
    assert version["_id"] == {"key": "1", "since": Int64(1)}
    assert version["view"] == {name: value for name, value in view.items() if name != "_since"}
    assert moment == {"_id": NOON, "position": Int64(1)}
    assert await place.queries.one(BOOKS, BookId("1"), fresh(), NOON) is not None
