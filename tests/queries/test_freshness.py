"""Waiting for a token: woken by the checkpoint's move, never too early, and in silence nothing is asked."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.errors import NotYetVisible, ReadModelStopped
from gateway.mongo.changes import Changes, CheckpointMoved, Interrupted
from gateway.mongo.checkpoints import Checkpoint
from gateway.queries import positions as positions_module
from gateway.queries.freshness import Freshness
from gateway.queries.pages import PageRequest
from gateway.queries.positions import Positions
from gateway.queries.storage import Checkpoints
from tests.queries.bookshop import BOOKS, LOANS, MODEL, Library, books, fresh, opened

pytestmark = pytest.mark.anyio


class Deaf(Changes):
    """A change stream that says nothing by itself."""

    def listen(self, listener: Callable[..., None]) -> Callable[[], None]:
        self.tell = listener
        return lambda: None


async def test_a_read_waits_for_its_token_and_then_shows_it(library: Library) -> None:
    await library.move(6)
    await library.add_books([])
    reading = asyncio.create_task(library.queries.one(BOOKS, "b000", fresh(after=7)))
    paging = asyncio.create_task(library.queries.page(BOOKS, PageRequest(), fresh(after=7)))
    counting = asyncio.create_task(library.queries.count(BOOKS, PageRequest(), fresh(after=7)))
    (book,) = books(1)
    await library.positions.wait(BOOKS.name, 6, 5)
    assert not any(each.done() for each in (reading, paging, counting))
    await library.add_books([book])
    await library.move(7)
    found = await reading
    assert found
    assert (found.key, found.view) == (book.book, book)
    assert [edge.key for edge in (await paging).edges] == ["b000"]
    assert await counting == 1


async def test_waiting_is_woken_by_the_checkpoint_and_asks_nothing(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(positions_module, "SILENCE", 60.0)
    asked = len(library.commands.reads())
    waiting = [asyncio.create_task(library.positions.wait(BOOKS.name, 3, 60)) for _ in range(50)]
    await library.move(3)
    async with asyncio.timeout(10):
        await asyncio.gather(*waiting)
    assert len(library.commands.reads()) == asked


async def test_when_time_is_up_the_position_reached_is_told(library: Library) -> None:
    await library.move(4)
    with pytest.raises(NotYetVisible) as late:
        await library.queries.one(BOOKS, "b000", fresh(after=9, timeout=0.2))
    assert (late.value.read_model, late.value.wanted, late.value.reached) == ("books", 9, 4)


async def test_all_reads_of_a_request_share_its_time(library: Library) -> None:
    freshness, started = fresh(after=9, timeout=0.3), time.monotonic()
    for _ in range(3):
        with pytest.raises(NotYetVisible):
            await library.queries.one(BOOKS, "b000", freshness)
    assert time.monotonic() - started < 0.6


async def test_a_stopped_read_model_is_not_waited_for(library: Library) -> None:
    waiting = asyncio.create_task(library.positions.wait(BOOKS.name, 9, 5))
    await library.move(4, stopped="an unknown event")
    with pytest.raises(ReadModelStopped) as stopped:
        await waiting
    assert (stopped.value.reached, stopped.value.reason) == (4, "an unknown event")
    assert library.positions.stopped(BOOKS.name) == "an unknown event"
    await library.positions.wait(BOOKS.name, 4, 0)
    with pytest.raises(ReadModelStopped):
        await library.positions.wait(BOOKS.name, 5, 0)


async def test_the_checkpoint_of_another_version_counts_for_nothing(library: Library) -> None:
    await library.move(9, version=BOOKS.version + 1)
    await library.move(4)
    await library.positions.wait(BOOKS.name, 4, 5)
    assert library.positions.reached(BOOKS.name) == 4


async def test_what_is_known_is_loaded_at_the_start(library: Library) -> None:
    await library.move(12)
    async with Positions(library.database, library.changes, MODEL) as later:
        assert later.reached(BOOKS.name) == 12
        assert later.reached(LOANS.name) == 0


async def test_after_an_interruption_the_checkpoints_are_looked_up_once(library: Library) -> None:
    deaf = Deaf(library.database)
    async with Positions(library.database, deaf, MODEL) as positions:
        await library.move(5)
        asked = len(library.commands.reads())
        deaf.tell(Interrupted())
        await positions.wait(BOOKS.name, 5, 0.9)
        assert [each["find"] for each in library.commands.reads()[asked:]] == ["live", "checkpoints"]


async def test_in_silence_who_waits_has_the_checkpoints_looked_up_and_nobody_else(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(positions_module, "SILENCE", 0.2)
    async with Positions(library.database, Deaf(library.database), MODEL) as positions:
        await library.move(5)
        asked = len(library.commands.reads())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.7):
                await asyncio.Event().wait()
        assert len(library.commands.reads()) == asked
        await asyncio.gather(*(positions.wait(BOOKS.name, 5, 5) for _ in range(20)))
        assert len(library.commands.reads()) <= asked + 2


async def test_a_lookup_does_not_undo_what_was_heard_meanwhile(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    await library.move(5)
    looked, go_on = asyncio.Event(), asyncio.Event()
    look = Checkpoints.all

    async def slowly(checkpoints: Checkpoints) -> list[Checkpoint]:
        found = await look(checkpoints)
        looked.set()
        await go_on.wait()
        return found

    deaf = Deaf(library.database)
    async with Positions(library.database, deaf, MODEL) as positions:
        monkeypatch.setattr(Checkpoints, "all", slowly)
        deaf.tell(Interrupted())
        await looked.wait()
        (found,) = await look(Checkpoints(library.database, library.changes.seen))
        deaf.tell(CheckpointMoved(replace(found, position=6), ()))
        go_on.set()
        await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()}, timeout=0.1)
        assert positions.reached(BOOKS.name) == 6


async def test_lag_is_the_time_since_the_read_model_stood_at_the_head(library: Library) -> None:
    await library.move(5, at_head=datetime.now(UTC) - timedelta(seconds=1))
    await library.positions.wait(BOOKS.name, 5, 5)
    assert library.positions.lag(BOOKS.name) == 0.0
    await library.move(6, at_head=datetime.now(UTC) - timedelta(seconds=60))
    await library.positions.wait(BOOKS.name, 6, 5)
    assert 60 <= library.positions.lag(BOOKS.name) < 65


async def test_an_answer_reports_the_read_models_it_used(library: Library) -> None:
    await library.add_books([])
    await library.move(5)
    await library.positions.wait(BOOKS.name, 5, 5)
    freshness = fresh(after=3)
    await library.queries.one(BOOKS, "b000", freshness)
    await library.move(2**53 + 1)
    await library.positions.wait(BOOKS.name, 2**53 + 1, 5)
    await library.queries.one(BOOKS, "b000", freshness)
    await library.queries.page(LOANS, PageRequest(), fresh().with_after(0))
    assert freshness.report() == [{"name": "books", "position": "5", "lag": 0.0}]
    later = fresh()
    await library.queries.one(BOOKS, "b000", later)
    await library.queries.one(LOANS, 1, later)
    assert [(each["name"], each["position"]) for each in later.report()] == [
        ("books", str(2**53 + 1)),
        ("loans", "0"),
    ]


async def test_a_receipts_fields_wait_for_its_commit_and_are_reported_with_the_rest() -> None:
    freshness = Freshness(after=5, timeout=60)
    nested = freshness.with_after(9)
    assert (nested.after, freshness.with_after(3).after) == (9, 5)
    nested.note("books", 9, 0.0)
    assert freshness.report() == [{"name": "books", "position": "9", "lag": 0.0}]
    assert nested.deadline >= freshness.deadline


async def test_the_read_path_works_on_motor(mongo_uri: str, database: str) -> None:
    async with opened(mongo_uri, database, "motor") as library:
        shelf = books(20)
        await library.add_books(shelf)
        await library.move(2)
        first = await library.queries.one(BOOKS, shelf[0].book, fresh(after=2))
        assert first
        assert (first.key, first.view) == (shelf[0].book, shelf[0])
        page = await library.queries.page(BOOKS, PageRequest(order="year", first=3), fresh())
        rest = PageRequest(order="year", first=50, after=page.end_cursor)
        assert len((await library.queries.page(BOOKS, rest, fresh())).edges) == 17
        wanted = [PageRequest({"author": each.author}, order="year") for each in shelf[:4]]
        pages = await asyncio.gather(*(library.queries.page(BOOKS, each, fresh()) for each in wanted))
        assert [len(each.edges) for each in pages] == [5] * 4
        assert await asyncio.gather(*(library.queries.count(BOOKS, each, fresh()) for each in wanted)) == [5] * 4
        assert await library.queries.count(BOOKS, PageRequest(), fresh()) == 20
