"""How a past is built: exactly once whatever dies when, and the same however it is cut into batches."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from bson import Int64

from gateway.application import Index
from gateway.errors import ReadModelStopped
from gateway.mongo.checkpoints import Checkpoint, Progress, checkpoint_of
from gateway.mongo.client import Document, collection
from gateway.mongo.collections import CHECKPOINTS
from gateway.projections.storage import names
from tests.past import watch
from tests.past.library import BOOKS, AuthorId, AuthorRenamed, BookAdded, BookId, history, library
from tests.past.world import World, fresh, watching, world
from tests.support.logs import NOON

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
KEPT = (".past", ".moments", "")


async def kept(place: World) -> list[list[Document]]:
    return [await place.documents(BOOKS, each) for each in KEPT]


async def checkpoint(place: World) -> Checkpoint:
    found = await collection(place.database, CHECKPOINTS).find_one({"_id": "books.1"})
    assert found
    return checkpoint_of(found)


@contextmanager
def killed(*words: str) -> Generator[None]:
    """A watcher in a process of its own, which is killed at the end of the block."""
    running = subprocess.Popen([sys.executable, "-m", watch.__name__, *words], cwd=ROOT)
    try:
        yield
    finally:
        os.kill(running.pid, signal.SIGKILL)
        running.wait()


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
    words = [place.uri, place.database.name, "4", "6"]
    for position in (1, 200, 500):
        with killed(*words):
            await place.positions.wait("books", position, 60)
        assert (await checkpoint(place)).position < last
    async with watching(place):
        await check(place, last)
        before = await kept(place)
    assert await anew(place, last) == before


async def test_killed_when_all_is_written_and_its_transaction_is_not_committed(place: World) -> None:
    last = await place.add(history(9, 60))
    async with stuck_commits(place) as one_is_stuck:
        with killed(place.uri, place.database.name, "20", "1000"):
            await one_is_stuck()
    assert (await checkpoint(place)).position == 0
    assert await kept(place) == [[], [], []]
    async with watching(place):
        await check(place, last)
        before = await kept(place)
    assert await anew(place, last) == before


@asynccontextmanager
async def stuck_commits(place: World) -> AsyncGenerator[Callable[[], Awaitable[None]]]:
    """Commits of transactions do not get through to the server; gives a way to wait until one has come there."""
    admin, point = place.database.client.admin, {"configureFailPoint": "failCommand"}
    stuck = {"failCommands": ["commitTransaction"], "blockConnection": True, "blockTimeMS": 2_000, "errorCode": 112}
    before = await admin.command({**point, "mode": "alwaysOn", "data": {**stuck, "appName": "tidegate"}})
    entered = {"timesEntered": before["count"] + 1, "maxTimeMS": 15_000}

    async def one_is_stuck() -> None:
        await admin.command({"waitForFailPoint": "failCommand", **entered})

    try:
        yield one_is_stuck
    finally:
        await admin.command({**point, "mode": "off"})


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
    ("before", "then"), [({"history": False}, {}), ({}, {"indexes": MORE}), ({"indexes": MORE}, {})]
)
async def test_a_past_that_begins_in_the_middle_is_no_past(
    place: World, before: dict[str, Any], then: dict[str, Any]
) -> None:
    """History switched on, a path added or left out, for views that are there: the version must be raised."""
    await place.add([(NOON, [BookAdded(BookId("1"), AuthorId("x"), Decimal(1))])])
    async with watching(place, library(**before)):
        await place.built(1)
    async with watching(place, library(**then)) as watcher:
        stopped = {each.read_model: each.stopped for each in watcher.status()}
    assert stopped["books"]
    assert stopped["readers"] is None


async def test_a_position_is_kept_as_a_long_and_a_view_without_what_the_past_adds(place: World) -> None:
    await place.add([(NOON, [BookAdded(BookId("1"), None, Decimal(1))])])
    async with watching(place):
        await place.built(1)
    ((version,), (moment,), (view,)) = await kept(place)
    assert version["_id"] == {"key": "1", "since": Int64(1)}
    assert version["view"] == {name: value for name, value in view.items() if name != "_since"}
    assert moment == {"_id": NOON, "position": Int64(1)}
    assert await place.queries.one(BOOKS, BookId("1"), fresh(), NOON) is not None
