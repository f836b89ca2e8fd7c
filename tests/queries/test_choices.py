"""`in`: several equalities, merged in the connection's order, and no more of them than are walked at once."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from gateway.errors import BadInput
from gateway.queries.choices import MOST_CHOICES, apart
from gateway.queries.pages import PageRequest, Range
from tests.queries.bookshop import BOOKS, LOANS, NOON, AuthorId, Book, Kind, Library, books, fresh, loans
from tests.queries.test_pages import ordered, walked_backward, walked_forward

pytestmark = pytest.mark.anyio

SHELF = books(60)
LENT = loans(60)
A1, A2, NOBODY = AuthorId("a1"), AuthorId("a2"), AuthorId("nobody")


@pytest.fixture
async def full(library: Library) -> Library:
    await library.add_books(SHELF)
    await library.add_loans(LENT)
    library.commands.sent.clear()
    return library


CHOICES: list[tuple[dict[str, list[Any]], dict[str, Any], str | None]] = [
    ({"author": [A2, A1]}, {}, "year"),
    ({"author": [A1, A1, NOBODY]}, {}, "year"),
    ({"author": [A1, None]}, {}, "year"),
    ({"author": [A1, A2], "kind": [*Kind]}, {}, "title"),
    ({"kind": [*Kind]}, {"author": A1}, "title"),
    ({"year": [1903, 1901, 1950]}, {}, "year"),
    ({"year": [1903, 1901], "author": [A1, A2]}, {}, "year"),
    ({"kind": [Kind.NOVEL]}, {}, "price"),
]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(("among", "equal", "order"), CHOICES)
async def test_a_choice_is_paged_in_one_order_whatever_value_a_view_has(
    full: Library, among: dict[str, list[Any]], equal: dict[str, Any], order: str | None, descending: bool
) -> None:
    expected = ordered([book for book in SHELF if has(book, among, equal)], order, descending)
    wanted: dict[str, Any] = {
        "where_equal": equal,
        "where_in": among,
        "order": order,
        "descending": descending,
    }
    for size in (1, 4, 100):
        assert await walked_forward(full, BOOKS, size, wanted) == expected
        assert await walked_backward(full, BOOKS, size, wanted) == expected
    assert await full.queries.count(BOOKS, PageRequest(**wanted), fresh()) == len(expected)


def has(book: Book, among: dict[str, list[Any]], equal: dict[str, Any]) -> bool:
    chosen = all(getattr(book, name) in values for name, values in among.items())
    return chosen and all(getattr(book, name) == value for name, value in equal.items())


async def test_a_choice_beside_a_range_is_paged_too(full: Library) -> None:
    chosen = [book for book in SHELF if book.author in (A1, A2) and 1902 < (book.year or 0) <= 1908]
    among = {"author": [A1, A2]}
    wanted: dict[str, Any] = {"where_in": among, "range": Range(gt=1902, lte=1908), "order": "year"}
    assert await walked_forward(full, BOOKS, 3, wanted) == ordered(chosen, "year")


async def test_a_journal_offers_choices_as_well(full: Library) -> None:
    wanted: dict[str, Any] = {"where_in": {"book": ["b001", "b002"]}, "order": "at", "descending": True}
    expected = [key for key in sorted(LENT) if LENT[key].book in ("b001", "b002")]
    assert await walked_forward(full, LOANS, 4, wanted) == expected[::-1]


async def test_nothing_to_choose_from_gives_nothing_and_asks_nothing(full: Library) -> None:
    wanted = PageRequest(where_in={"author": []}, order="year")
    page = await full.queries.page(BOOKS, wanted, fresh())
    assert (page.edges, page.has_next, page.has_previous) == ((), False, False)
    assert await full.queries.count(BOOKS, wanted, fresh()) == 0
    assert full.commands.reads() == []


async def test_the_first_page_of_a_choice_is_one_question(full: Library) -> None:
    wanted = PageRequest(where_in={"author": [A1, A2, None]}, order="year", first=5)
    assert len((await full.queries.page(BOOKS, wanted, fresh())).edges) == 5
    assert len(full.commands.reads()) == 1


@pytest.mark.parametrize(
    "among",
    [
        {"author": [AuthorId(f"a{number}") for number in range(MOST_CHOICES + 1)]},
        {"author": [AuthorId(f"a{number}") for number in range(MOST_CHOICES // 2 + 1)], "kind": [*Kind]},
        {"author": [A1] * (MOST_CHOICES + 1)},
    ],
)
async def test_too_many_choices_are_refused_before_anything_is_asked(
    full: Library, among: dict[str, list[Any]]
) -> None:
    order = "title" if "kind" in among else "year"
    with pytest.raises(BadInput, match=f"{MOST_CHOICES}"):
        await full.queries.page(BOOKS, PageRequest(where_in=among, order=order), fresh())
    assert full.commands.reads() == []


def test_values_that_are_stored_alike_are_one_choice() -> None:
    moment = NOON + timedelta(microseconds=300)
    wanted = PageRequest(where_in={"added": [NOON, moment]}, order="added")
    assert len(apart(BOOKS, wanted)) == 1
    prices = PageRequest(where_in={"year": [1, Decimal(1)]}, order="year")
    with pytest.raises(BadInput):
        apart(BOOKS, prices)
