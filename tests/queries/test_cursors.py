"""A cursor is good in its own connection, says so elsewhere, and outlives what does not touch its order."""

from dataclasses import dataclass, replace
from enum import Enum

import pytest

from gateway.errors import BadCursor, CursorExpired
from gateway.queries.pages import PageRequest, Range
from tests.queries.bookshop import BOOKS, AuthorId, Book, Kind, Library, books, fresh

pytestmark = pytest.mark.anyio


@dataclass(frozen=True, slots=True)
class Reworded(Book):
    """A book whose year is written in words."""

    year: str  # pyright: ignore[reportIncompatibleVariableOverride] # that is what changed


class Sort(Enum):
    """Kinds, one more than there were."""

    NOVEL = "novel"
    POEMS = "poems"
    LETTERS = "letters"


@dataclass(frozen=True, slots=True)
class Widened(Book):
    """A book of one of more kinds."""

    kind: Sort  # pyright: ignore[reportIncompatibleVariableOverride] # that is what changed


A1, A2 = AuthorId("a1"), AuthorId("a2")
BY_YEAR = PageRequest({"author": A1}, order="year", first=3)


@pytest.fixture
async def full(library: Library) -> Library:
    await library.add_books(books(60))
    return library


async def cursor(library: Library, wanted: PageRequest) -> str:
    found = (await library.queries.page(BOOKS, wanted, fresh())).end_cursor
    assert found is not None
    return found


@pytest.mark.parametrize(
    "other",
    [
        replace(BY_YEAR, where_equal={"author": A2}),
        replace(BY_YEAR, where_equal={"author": None}),
        replace(BY_YEAR, where_equal={}, where_in={"author": [A1, A2]}),
        replace(BY_YEAR, where_equal={}),
        replace(BY_YEAR, where_equal={"author": A1, "kind": Kind.NOVEL}, order="title"),
    ],
)
async def test_a_cursor_of_a_connection_with_other_values_is_refused(full: Library, other: PageRequest) -> None:
    after = await cursor(full, BY_YEAR)
    with pytest.raises(BadCursor):
        await full.queries.page(BOOKS, replace(other, after=after), fresh())


async def test_a_cursor_of_a_choice_is_good_for_the_same_choice_however_it_is_written(full: Library) -> None:
    wanted = PageRequest(where_in={"author": [A1, A2]}, order="year", first=3)
    after = await cursor(full, wanted)
    again = replace(wanted, where_in={"author": [A2, A1, A2]})
    first, second = [
        await full.queries.page(BOOKS, replace(each, after=after), fresh()) for each in (wanted, again)
    ]
    assert [edge.key for edge in first.edges] == [edge.key for edge in second.edges]
    with pytest.raises(BadCursor):
        await full.queries.page(BOOKS, replace(wanted, where_in={"author": [A1]}, after=after), fresh())


async def test_a_cursor_is_good_whatever_the_range_the_direction_and_the_size(full: Library) -> None:
    after = await cursor(full, BY_YEAR)
    for each in (
        replace(BY_YEAR, range=Range(gt=1904)),
        replace(BY_YEAR, descending=True),
        replace(BY_YEAR, first=1),
    ):
        await full.queries.page(BOOKS, replace(each, after=after), fresh())


async def test_every_altered_cursor_is_refused(full: Library) -> None:
    after = await cursor(full, BY_YEAR)
    for place in range(0, len(after), 5):
        altered = after[:place] + ("A" if after[place] != "A" else "B") + after[place + 1 :]
        with pytest.raises(BadCursor):
            await full.queries.page(BOOKS, replace(BY_YEAR, after=altered), fresh())


async def test_a_cursor_goes_on_where_it_stood_when_the_version_of_the_read_model_is_raised(full: Library) -> None:
    after = await cursor(full, BY_YEAR)
    expected = [edge.key for edge in (await full.queries.page(BOOKS, replace(BY_YEAR, after=after), fresh())).edges]
    raised = replace(BOOKS, version=2)
    await full.write(raised, [each async for each in full.database["views.books.1"].find()])
    page = await full.queries.page(raised, replace(BY_YEAR, after=after), fresh())
    assert [edge.key for edge in page.edges] == expected


async def test_a_cursor_of_a_path_that_is_gone_has_expired(full: Library) -> None:
    after = await cursor(full, PageRequest({"kind": Kind.NOVEL}, order="price", first=1))
    without = replace(BOOKS, paths=tuple(each for each in BOOKS.paths if each.order != "price"))
    with pytest.raises(CursorExpired) as expired:
        await full.queries.page(without, replace(BY_YEAR, after=after), fresh())
    assert expired.value.path == ("after",)
    with pytest.raises(BadCursor):
        await full.queries.page(BOOKS, replace(BY_YEAR, after=after), fresh())


async def test_a_cursor_of_an_order_whose_values_are_stored_otherwise_has_expired(full: Library) -> None:
    after = await cursor(full, BY_YEAR)
    with pytest.raises(CursorExpired):
        await full.queries.page(replace(BOOKS, view=Reworded), replace(BY_YEAR, after=after), fresh())


async def test_a_cursor_outlives_what_does_not_touch_its_order(full: Library) -> None:
    by_kind = PageRequest(BY_YEAR.where_equal, order="kind", first=3)
    after = await cursor(full, by_kind)
    page = await full.queries.page(replace(BOOKS, view=Widened), replace(by_kind, after=after, first=0), fresh())
    assert page.has_previous
