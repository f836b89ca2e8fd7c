"""What is parked, as reads know it: from the checkpoint that they wait for, else from MongoDB."""

import asyncio
from datetime import UTC, datetime

import pytest

from gateway.errors import ViewParked
from gateway.mongo.checkpoints import MOST_NAMED, ParkedKeys, with_parked
from gateway.mongo.client import collection
from gateway.mongo.collections import PARKED
from gateway.mongo.parked import ParkedKey, Place
from gateway.queries.freshness import Freshness
from gateway.queries.pages import PageRequest
from gateway.queries.viewed import Viewed
from tests.queries.bookshop import BOOKS, Library, books, fresh

pytestmark = pytest.mark.anyio


async def park(library: Library, position: int, *keys: str) -> None:
    """Park keys, all of them since this position, as a watcher does."""
    documents = [
        ParkedKey("books.1", key, Place(position, 0), "", "", "", datetime.now(UTC)).document() for key in keys
    ]
    await collection(library.database, PARKED).insert_many(documents)
    await library.move(position, parked=with_parked(None, [(key, position) for key in keys]))


async def test_a_view_that_is_parked_while_a_read_waits_for_it_is_not_shown(library: Library) -> None:
    await library.add_books(books(1))
    await library.move(6)
    reading = asyncio.create_task(library.queries.one(BOOKS, "b000", fresh(after=7)))
    await library.positions.wait(BOOKS.name, 6, 5)
    await park(library, 7, "b000")
    with pytest.raises(ViewParked) as parked:
        await reading
    assert (parked.value.read_model, parked.value.key, parked.value.position) == ("books", "b000", 7)


async def test_a_key_that_the_checkpoint_does_not_name_is_looked_up(library: Library) -> None:
    await library.add_books(books(2))
    await park(library, 7, *(f"x{number}" for number in range(MOST_NAMED)), "b000")
    await library.positions.wait(BOOKS.name, 7, 5)
    with pytest.raises(ViewParked):
        await library.queries.one(BOOKS, "b000", fresh())
    assert isinstance(await library.queries.one(BOOKS, "b001", fresh()), Viewed)


async def test_reads_of_one_tick_look_parked_keys_up_together(library: Library) -> None:
    shelf = books(20)
    await library.add_books(shelf)
    await park(library, 7, *(f"x{number}" for number in range(MOST_NAMED + 1)))
    await library.positions.wait(BOOKS.name, 7, 5)
    asked = len(library.commands.reads())
    await asyncio.gather(*(library.queries.one(BOOKS, each.book, fresh()) for each in shelf))
    assert len(library.commands.reads()) <= asked + 3


async def test_what_is_parked_is_as_new_as_the_checkpoint_that_told_of_it(library: Library) -> None:
    await library.add_books(books(1))
    async with library.database.client.start_session(causal_consistency=True) as session:
        await library.database["views.books.1"].find_one({}, session=session)
        before = session.operation_time
    await park(library, 7, *(f"x{number}" for number in range(MOST_NAMED)), "b000")
    await library.positions.wait(BOOKS.name, 7, 5)
    library.commands.sent.clear()
    with pytest.raises(ViewParked):
        await library.queries.one(BOOKS, "b000", fresh())
    assert len(await library.queries.parked.all([BOOKS], 1)) == 1
    named = [each["readConcern"] for each in library.commands.reads()]
    assert len(named) == 3  # the key that was asked for, the list, and how many events wait
    assert all(each["level"] == "majority" and each["afterClusterTime"] > before for each in named)


async def test_a_list_and_a_count_note_what_is_parked(library: Library) -> None:
    await library.add_books(books(3))
    await park(library, 7, "b000")
    await library.positions.wait(BOOKS.name, 7, 5)
    for read in (library.queries.page, library.queries.count):
        freshness = fresh(after=7)
        await read(BOOKS, PageRequest(), freshness)
        assert freshness.parked == {"books": ParkedKeys(1, 1, {"b000": 7})}


def test_what_several_lists_of_one_answer_note_is_put_together() -> None:
    freshness = Freshness(0, 5.0)
    freshness.note_parked("loans", ParkedKeys(3, 1, {"b1": 5}))
    freshness.with_after(9).note_parked("loans", ParkedKeys(3, 1, {"b2": 6}))
    assert freshness.parked == {"loans": ParkedKeys(3, 2, {"b1": 5, "b2": 6})}
