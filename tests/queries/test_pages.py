"""Pages: every view once, in order, in both directions, and nothing read beyond the page."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from bson import Decimal128

from gateway.application.model import AccessPath, ReadModel
from gateway.errors import BadCursor, BadInput, BadPage
from gateway.queries.pages import Page, PageRequest, Range
from gateway.queries.values import rank
from tests.queries.bookshop import BOOKS, LOANS, NOON, AuthorId, Book, BookId, Kind, Library, books, fresh, loans

pytestmark = pytest.mark.anyio

BY_KEY = AccessPath((), None)
SHELF = books(60)
LENT = loans(60)


@pytest.fixture
async def full(library: Library) -> Library:
    await library.add_books(SHELF)
    await library.add_loans(LENT)
    return library


def ordered(chosen: list[Book], order: str | None, descending: bool = False) -> list[str]:
    """Keys in the order of a field, then of the key; by Python alone."""

    def place(book: Book) -> tuple[Any, ...]:
        value = None if order is None else getattr(book, order)
        if order == "price":
            value = {"amount": Decimal128(book.price.amount), "currency": book.price.currency}
        return (rank(value), book.book)

    return [each.book for each in sorted(chosen, key=place, reverse=descending)]


async def walked_forward(library: Library, read_model: ReadModel, size: int, wanted: dict[str, Any]) -> list[Any]:
    """The keys of a connection, page after page from its beginning."""
    found: list[Any] = []
    after = None
    while True:
        request = PageRequest(**wanted, first=size, after=after)
        page = await library.queries.page(read_model, request, fresh())
        assert page.has_previous == bool(found)
        found += [edge.key for edge in page.edges]
        if not page.has_next:
            return found
        assert len(page.edges) == size
        after = page.end_cursor


async def walked_backward(library: Library, read_model: ReadModel, size: int, wanted: dict[str, Any]) -> list[Any]:
    """The keys of a connection, page after page from its end; in the connection's order."""
    found: list[Any] = []
    before = None
    while True:
        request = PageRequest(**wanted, last=size, before=before)
        page = await library.queries.page(read_model, request, fresh())
        assert page.has_next == bool(found)
        found = [edge.key for edge in page.edges] + found
        if not page.has_previous:
            return found
        assert len(page.edges) == size
        before = page.start_cursor


PATHS: list[tuple[dict[str, Any], str | None]] = [
    ({}, None),
    ({}, "year"),
    ({}, "title"),
    ({}, "added"),
    ({"author": "a1"}, "year"),
    ({"author": None}, "year"),
    ({"author": "a2", "kind": Kind.POEMS}, "title"),
    ({"kind": Kind.NOVEL}, "price"),
    ({"author": "a3"}, "kind"),
]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(("equal", "order"), PATHS)
async def test_a_connection_walked_page_by_page_shows_every_view_once_and_in_order(
    full: Library, equal: dict[str, Any], order: str | None, descending: bool
) -> None:
    chosen = [book for book in SHELF if all(getattr(book, name) == value for name, value in equal.items())]
    if order == "kind":  # walked along (author, kind, title): the order within a kind is by title
        expected = [
            each
            for kind in sorted(Kind, key=lambda kind: kind.name)
            for each in ordered([b for b in chosen if b.kind is kind], "title")
        ]
        expected = expected[::-1] if descending else expected
    else:
        expected = ordered(chosen, order, descending)
    wanted: dict[str, Any] = {"where_equal": equal, "order": order, "descending": descending}
    for size in (1, 7, len(expected), 100):
        assert await walked_forward(full, BOOKS, size, wanted) == expected
        assert await walked_backward(full, BOOKS, size, wanted) == expected


async def test_a_journal_is_walked_by_its_numbers_and_by_its_declared_order(full: Library) -> None:
    everything = sorted(LENT)
    assert await walked_forward(full, LOANS, 9, {}) == everything
    of_one = [key for key in everything if LENT[key].book == "b001"]
    wanted: dict[str, Any] = {"where_equal": {"book": BookId("b001")}, "order": "at", "descending": True}
    assert await walked_forward(full, LOANS, 4, wanted) == of_one[::-1]
    assert await walked_backward(full, LOANS, 4, wanted) == of_one[::-1]


RANGES: list[tuple[str, Range, Callable[[Book], bool]]] = [
    ("year", Range(gt=1903), lambda book: (book.year or 0) > 1903),
    ("year", Range(gte=1903, lt=1906), lambda book: 1903 <= (book.year or 0) < 1906),
    ("year", Range(lte=1903), lambda book: book.year is not None and book.year <= 1903),
    ("year", Range(gt=1906, lt=1903), lambda _: False),
    ("title", Range(prefix="Üb"), lambda book: book.title.startswith("Üb")),
    ("title", Range(prefix="été", gt="été 3"), lambda book: book.title.startswith("été") and book.title > "été 3"),
    ("title", Range(prefix=""), lambda _: True),
    ("added", Range(gte=NOON.replace(microsecond=3500)), lambda book: book.added.microsecond >= 3500),
    ("added", Range(lt=NOON.replace(microsecond=3500)), lambda book: book.added.microsecond < 3500),
]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(("order", "range_", "chosen"), RANGES)
async def test_a_range_leaves_what_lies_in_it_and_no_nulls(
    full: Library, order: str, range_: Range, chosen: Callable[[Book], bool], descending: bool
) -> None:
    expected = ordered([book for book in SHELF if chosen(book)], order, descending)
    wanted: dict[str, Any] = {"range": range_, "order": order, "descending": descending}
    assert await walked_forward(full, BOOKS, 5, wanted) == expected
    assert await walked_backward(full, BOOKS, 5, wanted) == expected
    assert await full.queries.count(BOOKS, PageRequest(**wanted), fresh()) == len(expected)


async def test_a_cursor_outside_of_the_range_neither_widens_nor_loses_anything(full: Library) -> None:
    whole = await full.queries.page(BOOKS, PageRequest(order="year", first=100), fresh())
    first, last = whole.edges[0].cursor, whole.edges[-1].cursor
    range_ = Range(gte=1903, lt=1906)
    expected = ordered([book for book in SHELF if 1903 <= (book.year or 0) < 1906], "year")

    async def page(**given: Any) -> Page:
        return await full.queries.page(BOOKS, PageRequest(range=range_, order="year", **given), fresh())

    assert [edge.key for edge in (await page(after=first, before=last)).edges] == expected
    beyond = await page(after=last)
    assert (beyond.edges, beyond.has_previous, beyond.has_next) == ((), True, False)
    ahead = await page(first=3, before=first)
    assert (ahead.edges, ahead.has_previous, ahead.has_next) == ((), False, True)


async def test_the_neighbours_of_a_page_are_facts(full: Library) -> None:
    whole = await full.queries.page(BOOKS, PageRequest(order="year", first=100), fresh())
    assert (whole.has_previous, whole.has_next) == (False, False)
    first, last = whole.edges[0].cursor, whole.edges[-1].cursor

    async def sides(**given: Any) -> tuple[bool, bool]:
        page = await full.queries.page(BOOKS, PageRequest(order="year", **given), fresh())
        return page.has_previous, page.has_next

    assert await sides(first=0) == (False, True)
    assert await sides(first=58, after=first, before=last) == (True, True)
    assert await sides(last=58, after=first, before=last) == (True, True)
    assert await sides(first=1, after=last) == (True, False)
    assert await sides(last=1, before=first) == (False, True)
    assert await sides(last=2, after=first) == (True, False)
    await full.database["views.books.1"].delete_one({"_id": whole.edges[0].key})
    assert await sides(first=1, after=first) == (False, True)


async def test_a_page_examines_no_more_documents_than_it_returns_and_one(full: Library) -> None:
    page = await full.queries.page(BOOKS, PageRequest({"author": None}, order="year", first=3), fresh())
    await full.database.command("profile", 2)
    for descending in (False, True):
        wanted = PageRequest({"author": None}, order="year", descending=descending)
        for part in (
            replace(wanted, first=4, after=page.end_cursor),
            replace(wanted, last=2, before=page.end_cursor),
        ):
            await full.queries.page(BOOKS, part, fresh())
    await full.database.command("profile", 0)
    seen = await full.examined("books")
    assert len(seen) == 8
    for each in seen:
        assert each["docsExamined"] <= each["nreturned"] <= 5
        assert each["planSummary"] == "IXSCAN { author: 1, year: 1, _id: 1 }"
        assert not each.get("hasSortStage")


async def test_what_changes_while_it_is_paged_does_not_move_the_rest(full: Library) -> None:
    expected = ordered(SHELF, "title")
    page = await full.queries.page(BOOKS, PageRequest(order="title", first=10), fresh())
    gone, seen = page.edges[-1].key, [edge.key for edge in page.edges]
    await full.database["views.books.1"].delete_one({"_id": gone})
    await full.database["views.books.1"].update_one({"_id": seen[0]}, {"$set": {"title": "\U0001f4d6"}})
    rest = await full.queries.page(BOOKS, PageRequest(order="title", first=100, after=page.end_cursor), fresh())
    assert [edge.key for edge in rest.edges] == [*expected[10:], seen[0]]


async def test_without_a_size_a_page_has_the_default_size_and_begins_where_it_must(full: Library) -> None:
    expected = ordered(SHELF, None)
    page = await full.queries.page(BOOKS, PageRequest(), fresh())
    assert [edge.key for edge in page.edges] == expected[: full.settings.page_default]
    before = await full.queries.page(BOOKS, PageRequest(before=page.end_cursor), fresh())
    assert [edge.key for edge in before.edges] == expected[: full.settings.page_default - 1]


@pytest.mark.parametrize(
    "given",
    [{"first": -1}, {"first": 501}, {"last": -1}, {"last": 501}, {"first": 1, "last": 1}, {"first": 2**70}],
)
async def test_a_size_that_is_not_offered_is_refused(full: Library, given: dict[str, Any]) -> None:
    with pytest.raises(BadPage):
        await full.queries.page(BOOKS, PageRequest(**given), fresh())


@pytest.mark.parametrize(
    "wanted",
    [
        PageRequest({"price": 7}),
        PageRequest({"author": AuthorId("a1")}, order="price"),
        PageRequest({"kind": Kind.NOVEL, "book": BookId("b001")}),
        PageRequest(order="price"),
        PageRequest(order="nothing"),
        PageRequest({"nothing": 1}),
    ],
)
async def test_what_no_path_serves_is_refused_with_what_is_declared(full: Library, wanted: PageRequest) -> None:
    with pytest.raises(BadInput, match="by author and kind in the order of title") as refused:
        await full.queries.page(BOOKS, wanted, fresh())
    assert "in the order of the key" in str(refused.value)


@pytest.mark.parametrize(
    "wanted",
    [
        PageRequest({"author": {"$gt": ""}}, order="year"),
        PageRequest({"author": "\ud800"}, order="year"),
        PageRequest({"author": 7}, order="year"),
        PageRequest(order="year", range=Range(gt=2**70)),
        PageRequest(order="year", range=Range(gt="1900")),
        PageRequest(order="year", range=Range(prefix="19")),
        PageRequest(order="title", range=Range(prefix="\ud800")),
        PageRequest(order="title", range=Range(lt={"$ne": ""})),
    ],
)
async def test_a_value_that_the_field_cannot_have_is_refused_before_anything_is_asked(
    full: Library, wanted: PageRequest
) -> None:
    asked = len(full.commands.reads())
    with pytest.raises(BadInput):
        await full.queries.page(BOOKS, wanted, fresh())
    assert len(full.commands.reads()) == asked


async def test_a_text_that_looks_like_an_operator_is_a_text(full: Library) -> None:
    page = await full.queries.page(BOOKS, PageRequest({"author": AuthorId("$gt")}, order="year"), fresh())
    assert page.edges == ()


async def test_a_cursor_belongs_to_its_connection(full: Library) -> None:
    async def first(wanted: PageRequest) -> str:
        return (await full.queries.page(BOOKS, wanted, fresh())).edges[0].cursor

    by_year = await first(PageRequest(order="year"))
    of_author = await first(PageRequest({"author": AuthorId("a1")}, order="year"))
    of_loans = (await full.queries.page(LOANS, PageRequest(), fresh())).edges[0].cursor
    garbled = by_year[:-3] + ("AAA" if by_year[-3:] != "AAA" else "BBB")
    token = full.signer.token(7)
    for foreign in (of_author, of_loans, garbled, token, "", "ü", "\ud800", "a" * 10_000, by_year[:10]):
        with pytest.raises(BadCursor):
            await full.queries.page(BOOKS, PageRequest(order="year", after=foreign), fresh())
        with pytest.raises(BadCursor):
            await full.queries.page(BOOKS, PageRequest(order="year", before=foreign), fresh())


async def test_a_cursor_serves_in_either_direction(full: Library) -> None:
    expected = ordered(SHELF, "year")
    page = await full.queries.page(BOOKS, PageRequest(order="year", first=10), fresh())
    back = PageRequest(order="year", descending=True, after=page.end_cursor, first=100)
    assert [edge.key for edge in (await full.queries.page(BOOKS, back, fresh())).edges] == expected[8::-1]


async def test_a_read_model_that_nothing_was_written_into_is_empty(library: Library) -> None:
    page = await library.queries.page(BOOKS, PageRequest(order="year", first=1), fresh())
    assert (page.viewed, page.has_next, page.has_previous) == ([], False, False)
    assert await library.queries.count(BOOKS, PageRequest(order="year"), fresh()) == 0
    assert await library.queries.one(BOOKS, "b001", fresh()) is None
