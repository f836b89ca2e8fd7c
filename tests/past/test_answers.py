"""As of a moment: every answer is the independent fold of the log's prefix, by position and by time."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any
from uuid import uuid4

import pytest

from gateway.errors import BadAsOf, BadCursor, NoHistory, NotYetVisible
from gateway.mongo import blocks
from gateway.queries import past
from gateway.queries.pages import PageRequest, Range
from gateway.queries.values import rank, stored
from tests.past.bookshop import (
    BOOKS,
    MONTHS,
    READERS,
    AuthorId,
    AuthorRenamed,
    Book,
    BookAdded,
    BookId,
    BookLost,
    Shelf,
    history,
)
from tests.past.world import World, at_once, fresh, watching, world
from tests.support.logs import NOON

pytestmark = pytest.mark.anyio

PATHS: list[tuple[dict[str, Any], str | None]] = [
    ({}, None),
    ({}, "price"),
    ({}, "author_name"),
    ({"author": AuthorId("x")}, "price"),
    ({"author": None}, "price"),
]


@pytest.fixture(scope="module")
async def full(mongo_uri: str) -> AsyncIterator[World]:
    """400 commits, applied a few at once, and those that reach many books in parts.

    With spans of four positions, so that this short log has blocks of many sizes. All tests here ask it.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "SPAN", 2)
        async with world(mongo_uri, f"test_{uuid4().hex}") as place:
            await place.add(history(4, 400))
            async with watching(place, fold_commits=9, fan_out=4):
                await place.built(400)
                yield place
            await place.database.client.drop_database(place.database.name)


def expected(shelf: Shelf, equal: dict[str, Any], order: str | None, descending: bool) -> list[tuple[Book, int]]:
    chosen = [each for each in shelf.values() if all(getattr(each[0], name) == equal[name] for name in equal)]

    def place_(each: tuple[Book, int]) -> tuple[Any, ...]:
        annotation: Any = {"price": type(each[0].price), "author_name": str | None}.get(order or "", str)
        value = None if order is None else stored(annotation, getattr(each[0], order), order)
        return (rank(value), each[0].book)

    return sorted(chosen, key=place_, reverse=descending)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(("equal", "order"), PATHS)
async def test_every_path_walked_as_of_a_position_shows_the_fold_up_to_it(
    full: World, equal: dict[str, Any], order: str | None, descending: bool
) -> None:
    shelves = await full.shelves()
    wanted: dict[str, Any] = {"where_equal": equal, "order": order, "descending": descending}
    for position in [*range(0, 400, 29), 399, 400]:
        there = expected(shelves[position], equal, order, descending)
        assert await full.walked(7, **wanted, as_of=position) == there, position
        assert await full.walked(5, backward=True, **wanted, as_of=position) == there, position
        assert await full.walked(100, **wanted, as_of=position) == there
        counted = await full.queries.count(BOOKS, PageRequest(**wanted, as_of=position), fresh())
        assert counted == len(there)


async def test_a_log_so_long_that_several_questions_are_asked_gives_the_same(
    full: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelves = await full.shelves()
    monkeypatch.setattr(past, "MOST_AT_ONCE", 7)
    for (equal, order), position in product(PATHS, (90, 399)):
        for descending in (False, True):
            wanted: dict[str, Any] = {"where_equal": equal, "order": order, "descending": descending}
            there = expected(shelves[position], equal, order, descending)
            assert await full.walked(4, **wanted, as_of=position) == there
            counted = await full.queries.count(BOOKS, PageRequest(**wanted, as_of=position), fresh())
            assert counted == len(there)


async def test_a_book_as_of_every_position_is_the_one_that_the_fold_has(full: World) -> None:
    keys = [BookId(f"b{number:02}") for number in range(41)]
    for position, shelf in enumerate(await full.shelves()):
        found = await at_once(*(full.queries.one(BOOKS, key, fresh(), position) for key in keys))
        assert [each and (each.view, each.version) for each in found] == [shelf.get(key) for key in keys], position
        assert {each.as_of for each in found if each} <= {position}


async def test_a_time_means_all_commits_of_that_time_and_before_it(full: World) -> None:
    shelves, times = await full.shelves(), full.times
    assert len({*times}) < 300
    asked = {each + timedelta(milliseconds=beside) for each in times[1:] for beside in (-1, 0, 1)}
    for moment in sorted(asked)[::7]:
        position = max(number for number, at in enumerate(times) if at <= moment)
        assert await full.walked(100, as_of=moment) == expected(shelves[position], {}, None, False), moment


async def test_a_range_as_of_a_position_leaves_what_lies_in_it(full: World) -> None:
    shelves = await full.shelves()
    for position in (100, 250):
        there = [each for each in expected(shelves[position], {}, "price", True) if 1 <= each[0].price < 3]
        range_ = Range(gte=Decimal(1), lt=Decimal(3))
        found = await full.walked(3, order="price", range=range_, descending=True, as_of=position)
        assert found == there


async def test_a_choice_of_values_as_of_a_position_is_one_connection_in_its_order(full: World) -> None:
    shelves = await full.shelves()
    chosen: list[dict[str, Any]] = [
        {"where_in": {"author": [AuthorId("x"), None, AuthorId("z"), AuthorId("nobody")]}, "order": "price"},
        {"where_in": {"price": [Decimal(3), Decimal(1)]}, "order": "price"},
        {"where_equal": {"author": None}, "where_in": {"price": [Decimal(0), Decimal(2)]}, "order": "price"},
    ]
    for wanted, position, descending in product(chosen, (57, 200, 399), (False, True)):
        there = [
            each
            for each in expected(shelves[position], wanted.get("where_equal", {}), "price", descending)
            if all(getattr(each[0], name) in values for name, values in wanted["where_in"].items())
        ]
        assert there
        asked: dict[str, Any] = {**wanted, "descending": descending}
        assert await full.walked(3, **asked, as_of=position) == there
        assert await full.walked(3, backward=True, **asked, as_of=position) == there
        assert await full.queries.count(BOOKS, PageRequest(**asked, as_of=position), fresh()) == len(there)


async def test_the_present_is_the_fold_of_the_whole_log_and_the_past_has_nothing_twice(full: World) -> None:
    """Of each book one version at most holds at any position: they follow each other without an overlap."""
    shelves = await full.shelves()
    assert await full.walked(100) == expected(shelves[400], {}, None, False)
    ends: dict[str, int] = {}
    for each in await full.documents(BOOKS, ".past"):
        key, since = each["_id"]["key"], each["_id"]["since"]
        assert ends.get(key, 0) <= since < each["until"]
        ends[key] = each["until"]
    held = [each for each in await full.documents(BOOKS, ".past") if each["until"] == 2**63 - 1]
    assert {each["view"]["_id"]: each["_id"]["since"] for each in held} == {
        each["_id"]: each["_since"] for each in await full.documents(BOOKS, "")
    }


async def test_a_read_model_with_keys_of_its_own_has_a_past_too(full: World) -> None:
    page = await full.queries.page(MONTHS, PageRequest(as_of=400), fresh())
    assert page.edges
    assert (await full.queries.page(MONTHS, PageRequest(as_of=0), fresh())).edges == ()


async def test_what_one_commit_does_in_between_is_never_seen(place: World) -> None:
    """Added, lost and added again; renamed over and over, applied in parts: only the commit's end counts."""
    books = [BookAdded(BookId(f"{number}"), AuthorId("x"), Decimal(1)) for number in range(9)]
    renames = [AuthorRenamed(AuthorId("x"), name) for name in ("Ada", "Bea", "Eve")]
    lost = BookLost(BookId("0"))
    await place.add(
        [(NOON, books), (NOON, [lost, *renames, books[0], lost]), (NOON, [*renames, books[0], renames[0]])]
    )
    async with watching(place, fan_out=2):
        await place.built(3)
        shelves = await place.shelves()
        for position, shelf in enumerate(shelves):
            assert await place.walked(100, as_of=position) == expected(shelf, {}, None, False)
    assert len(await place.documents(BOOKS, ".past")) == 9 + 8 + 9


async def test_a_cursor_carries_its_moment_and_goes_with_no_other(full: World) -> None:
    moment = full.times[200]
    first = await full.queries.page(BOOKS, PageRequest(first=2, as_of=moment), fresh())
    live = await full.queries.page(BOOKS, PageRequest(first=2), fresh())
    alone = await full.queries.page(BOOKS, PageRequest(first=2, after=first.end_cursor), fresh())
    position = first.as_of
    for as_of in (moment, position):
        same = await full.queries.page(BOOKS, PageRequest(first=2, after=first.end_cursor, as_of=as_of), fresh())
        assert [each.view for each in same.edges] == [each.view for each in alone.edges]
        assert same.as_of == alone.as_of == position
    bad = [
        PageRequest(after=first.end_cursor, as_of=moment + timedelta(seconds=1)),
        PageRequest(after=first.end_cursor, as_of=7),
        PageRequest(after=live.end_cursor, as_of=moment),
        PageRequest(after=first.end_cursor, before=live.end_cursor),
        PageRequest(after="nonsense", as_of=moment),
    ]
    for wanted in bad:
        with pytest.raises(BadCursor):
            await full.queries.page(BOOKS, wanted, fresh())


async def test_a_cursor_as_of_now_goes_on_there_whatever_is_committed_meanwhile(place: World) -> None:
    await place.add(history(5, 60))
    async with watching(place):
        await place.built(60)
        now, before = datetime.now(UTC), await place.walked(100)
        first = await place.queries.page(BOOKS, PageRequest(first=5, as_of=now), fresh())
        await place.add([(now, [BookLost(each.book) for each, _ in before])])
        await place.built(61)
        rest = await place.queries.page(BOOKS, PageRequest(first=100, after=first.end_cursor), fresh())
    assert [each.view for each in (*first.edges, *rest.edges)] == [each for each, _ in before]
    assert await place.walked(100) == []


async def test_what_has_not_come_yet_is_refused(full: World) -> None:
    for as_of in (datetime.now(UTC) + timedelta(hours=1), 401, 2**63 - 1):
        with pytest.raises(BadAsOf):
            await full.queries.page(BOOKS, PageRequest(as_of=as_of), fresh())
        with pytest.raises(BadAsOf):
            await full.queries.one(BOOKS, BookId("b01"), fresh(), as_of)


async def test_before_the_beginning_there_is_nothing(full: World) -> None:
    for as_of in (0, NOON - timedelta(days=1), datetime(1, 1, 1, tzinfo=UTC)):
        page = await full.queries.page(BOOKS, PageRequest(as_of=as_of), fresh())
        assert (page.edges, page.has_next, page.has_previous, page.as_of) == ((), False, False, 0)
        assert await full.queries.one(BOOKS, BookId("b01"), fresh(), as_of) is None


async def test_a_read_model_without_history_says_so(full: World) -> None:
    with pytest.raises(NoHistory, match="readers"):
        await full.queries.page(READERS, PageRequest(as_of=7), fresh())
    with pytest.raises(NoHistory, match="readers"):
        await full.queries.one(READERS, BookId("b01"), fresh(), 7)


async def test_who_asks_as_of_now_waits_for_what_was_committed_before(place: World) -> None:
    """Nothing is built when it is asked for: it waits for the watcher, and not longer than it may."""
    await place.add([(NOON, [BookAdded(BookId("1"), None, Decimal(1))])])
    for heard in (place.positions.head, 0):  # a process that has just begun has heard of nothing
        place.positions.head = heard
        for as_of in (datetime.now(UTC), NOON, 1):
            with pytest.raises((NotYetVisible, BadAsOf)):
                await place.queries.page(BOOKS, PageRequest(as_of=as_of), fresh(timeout=0.05))
    async with watching(place):
        assert len(await place.walked(10, as_of=datetime.now(UTC))) == 1
