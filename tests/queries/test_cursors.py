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
"""Cursors of another release: they go on where they stood, or are said to have expired."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pytest

from gateway.application.model import AccessPath, ReadModel
from gateway.errors import BadCursor, CursorExpired
from gateway.queries.cursors import Cursors
from gateway.queries.pages import PageRequest
from gateway.queries.routes import route_for
from gateway.signing import Signer
from tests.queries.bookshop import BOOKS, LOG, AuthorId, BookId, Kind, Price

BY_YEAR = PageRequest(order="year")
BY_AUTHOR = PageRequest(where_equal={"author": AuthorId("a")})
DOCUMENT = {"_id": "b", "year": 1999, "title": "T"}


@dataclass(frozen=True, slots=True)
class LongerBook:
    """With another field; the others are as they were."""

    book: BookId
    author: AuthorId | None
    kind: Kind
    title: str
    year: int | None
    price: Price
    added: datetime
    pages: int


@dataclass(frozen=True, slots=True)
class WordyBook:
    """Its year is a text."""

    book: BookId
    author: AuthorId | None
    year: str | None


def cursors(read_model: ReadModel, wanted: PageRequest) -> Cursors:
    return Cursors(Signer(b"secret", LOG), read_model, route_for(read_model, wanted))


def release(**changed: Any) -> ReadModel:
    return replace(BOOKS, **changed)


ORDERED = {"paths": (AccessPath((), "year"),)}


@pytest.mark.parametrize("later", [release(), release(version=2), release(view=LongerBook)])
def test_a_cursor_goes_on_in_another_release_where_it_stood(later: ReadModel) -> None:
    for given, opened in ((BOOKS, later), (later, BOOKS)):
        cursor = cursors(given, BY_YEAR).seal(DOCUMENT)
        assert cursors(opened, BY_YEAR).open(cursor, "after") == (1999, "b")


def test_a_cursor_expires_when_what_it_is_ordered_by_is_of_another_type() -> None:
    cursor = cursors(BOOKS, BY_YEAR).seal(DOCUMENT)
    with pytest.raises(CursorExpired, match="`after` is from before these views changed their order"):
        cursors(release(view=WordyBook, **ORDERED), BY_YEAR).open(cursor, "after")


def test_a_cursor_expires_when_the_order_that_it_was_given_in_is_gone() -> None:
    cursor = cursors(BOOKS, BY_AUTHOR).seal(DOCUMENT)
    later = release(version=2, paths=(AccessPath(("author",), "title"),))
    with pytest.raises(CursorExpired):
        cursors(later, BY_AUTHOR).open(cursor, "before")


def test_a_cursor_of_another_order_of_the_same_release_is_none_of_this_connection() -> None:
    cursor = cursors(BOOKS, PageRequest(order="title")).seal(DOCUMENT)
    with pytest.raises(BadCursor):
        cursors(BOOKS, BY_YEAR).open(cursor, "after")
