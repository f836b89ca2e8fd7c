"""Reads of one tick: one question for all of them, and nobody pays for another's mistake."""

import asyncio
from typing import Any

import pytest

from gateway.errors import BadInput, Unavailable
from gateway.queries.gather import MOST_TICKS, Gather
from gateway.queries.pages import Page, PageRequest, Range
from gateway.queries.viewed import Viewed
from tests.queries.bookshop import BOOKS, LOANS, AuthorId, Book, BookId, Kind, Library, books, fresh, loans

pytestmark = pytest.mark.anyio

SHELF = {book.book: book for book in books(60)}
LENT = loans(60)


@pytest.fixture
async def full(library: Library) -> Library:
    await library.add_books([*SHELF.values()])
    await library.add_loans(LENT)
    library.commands.sent.clear()
    return library


async def test_views_asked_for_in_one_tick_are_one_read(full: Library) -> None:
    keys = [f"b{number:03}" for number in (*range(70), *range(70))]
    found = await asyncio.gather(*(full.queries.one(BOOKS, key, fresh()) for key in keys))
    assert [each and each.view for each in found] == [SHELF.get(BookId(key)) for key in keys]
    (read,) = full.commands.reads()
    assert read["readConcern"]["level"] == "majority"


async def test_each_read_model_is_read_once(full: Library) -> None:
    book, loan = await asyncio.gather(
        full.queries.one(BOOKS, "b001", fresh()), full.queries.one(LOANS, 1001, fresh())
    )
    assert book is not None
    assert loan is not None
    assert (book.view, loan.view) == (SHELF[BookId("b001")], LENT[1001])
    assert len(full.commands.reads()) == 2


@pytest.mark.parametrize("key", [{"$ne": None}, ["b001"], None, 7, "\ud800", b"b001", True])
async def test_what_cannot_be_a_key_is_refused_and_disturbs_nobody(full: Library, key: Any) -> None:
    good, bad = await asyncio.gather(
        full.queries.one(BOOKS, "b001", fresh()),
        full.queries.one(BOOKS, key, fresh()),
        return_exceptions=True,
    )
    assert isinstance(good, Viewed)
    assert (good.key, good.view) == ("b001", SHELF[BookId("b001")])
    assert isinstance(bad, BadInput)


async def test_who_gives_up_does_not_disturb_the_others(full: Library) -> None:
    first, second = (asyncio.create_task(full.queries.one(BOOKS, "b001", fresh())) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    found = await second
    assert found
    assert (found.key, found.view) == ("b001", SHELF[BookId("b001")])
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_a_lone_call_waits_for_one_more_tick_and_no_longer() -> None:
    loaded: list[Any] = []

    async def load(group: str, keys: Any) -> dict[str, str]:
        loaded.append((group, list(keys)))
        return {key: key.upper() for key in keys}

    gather = Gather(load)
    call = asyncio.create_task(gather.get("letters", "a"))
    for _ in range(3):
        await asyncio.sleep(0)
    assert await gather.get("letters", "b") == "B"
    assert await call == "A"
    assert loaded == [("letters", ["a"]), ("letters", ["b"])]


async def test_calls_that_come_a_tick_later_are_gathered_too_but_not_for_ever() -> None:
    loaded: list[int] = []

    async def load(_group: str, keys: Any) -> dict[int, int]:
        loaded.append(len(keys))
        return {key: key for key in keys}

    gather, calls = Gather(load), list[asyncio.Task[int | None]]()
    for number in range(4 * MOST_TICKS):
        calls.append(asyncio.create_task(gather.get("numbers", number)))
        await asyncio.sleep(0)
    assert await asyncio.gather(*calls) == [*range(4 * MOST_TICKS)]
    assert 2 <= max(loaded) <= MOST_TICKS + 1
    assert len(loaded) > 2


async def test_when_loading_fails_everyone_is_told() -> None:
    async def load(_group: str, _keys: Any) -> dict[str, str]:
        raise Unavailable("gone")

    gather = Gather(load)
    answers = await asyncio.gather(*(gather.get("x", key) for key in "aab"), return_exceptions=True)
    assert [type(each) for each in answers] == [Unavailable] * 3


def keys(page: Page) -> list[Any]:
    return [edge.key for edge in page.edges]


async def alone_and_together(library: Library, wanted: list[PageRequest]) -> tuple[list[Page], list[Page]]:
    """The same pages, asked for one after another and in one tick."""
    alone = [await library.queries.page(BOOKS, each, fresh()) for each in wanted]
    library.commands.sent.clear()
    together = await asyncio.gather(*(library.queries.page(BOOKS, each, fresh()) for each in wanted))
    return alone, [*together]


AUTHORS = [AuthorId("a1"), None, AuthorId("a2"), AuthorId("a3"), AuthorId("nobody")]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("size", [{"first": 3}, {"last": 3}, {"first": 0}, {"first": 100}, {}])
@pytest.mark.parametrize(
    "range_",
    [
        Range(),
        Range(gt=1902, lte=1906),
        Range(lt=1906),
        Range(gt=5, lt=3),
        Range(null=True),
        Range(null=False),
    ],
)
async def test_nested_pages_asked_for_in_one_tick_are_one_read_and_the_same(
    full: Library, size: dict[str, Any], descending: bool, range_: Range
) -> None:
    wanted = [
        PageRequest({"author": author}, range_, order="year", descending=descending, **size) for author in AUTHORS
    ]
    alone, together = await alone_and_together(full, wanted)
    assert [keys(page) for page in together] == [keys(page) for page in alone]
    assert [page.has_next for page in together] == [page.has_next for page in alone]
    assert [page.has_previous for page in together] == [page.has_previous for page in alone]
    assert [page.end_cursor for page in together] == [page.end_cursor for page in alone]
    (read,) = full.commands.reads()
    assert read["readConcern"]["level"] == "majority"


async def test_nested_pages_with_further_equal_fields_and_prefixes_are_gathered_too(full: Library) -> None:
    wanted = [
        PageRequest({"author": author, "kind": Kind.POEMS}, Range(prefix="été"), order="title")
        for author in AUTHORS
    ]
    alone, together = await alone_and_together(full, wanted)
    assert [keys(page) for page in together] == [keys(page) for page in alone]
    assert len(full.commands.reads()) == 1
    assert any(keys(page) for page in together)


async def test_pages_that_differ_in_more_than_the_link_are_read_apart(full: Library) -> None:
    wanted = [
        PageRequest({"author": AuthorId("a1")}, order="year", first=2),
        PageRequest({"author": AuthorId("a2")}, order="year", first=3),
        PageRequest({"author": AuthorId("a3")}, order="year", first=2, descending=True),
    ]
    alone, together = await alone_and_together(full, wanted)
    assert [keys(page) for page in together] == [keys(page) for page in alone]
    assert len(full.commands.reads()) == 3


async def test_nested_pages_examine_no_more_documents_than_they_return_and_one_each(library: Library) -> None:
    shelf = [
        Book(BookId(f"n{number:04}"), author, Kind.NOVEL if number % 50 else Kind.POEMS, *rest(number))
        for number in range(1200)
        for author in [AuthorId(f"a{number % 3}") if number % 4 else None]
    ]
    await library.add_books(shelf)
    authors = [AuthorId("a0"), None, AuthorId("a1"), AuthorId("a2"), AuthorId("nobody")]
    await library.database.command("profile", 2)
    requests: list[tuple[str, dict[str, Any], bool]] = [
        ("year", {}, False),
        ("year", {}, True),
        ("title", {"kind": Kind.POEMS}, False),
    ]
    for order, others, descending in requests * 3:
        wanted = [
            PageRequest({"author": each, **others}, order=order, descending=descending, first=4) for each in authors
        ]
        pages = await asyncio.gather(*(library.queries.page(BOOKS, each, fresh()) for each in wanted))
        assert [len(page.edges) for page in pages] == [4, 4, 4, 4, 0]
    await library.database.command("profile", 0)
    seen = [each for each in await library.examined("books") if "pipeline" in each["command"]]
    assert [each["docsExamined"] for each in seen] == [20, 20, 17] * 3


def rest(number: int) -> tuple[Any, ...]:
    example = books(1)[0]
    year = None if number % 7 == 0 else 1900 + number // 9
    return f"title {number // 2}", year, example.price, example.added


async def test_counts_are_exact_and_gathered(full: Library) -> None:
    wanted = [PageRequest({"author": author}, order="year", first=1) for author in AUTHORS]
    found = await asyncio.gather(*(full.queries.count(BOOKS, each, fresh()) for each in wanted))
    assert found == [sum(book.author == author for book in SHELF.values()) for author in AUTHORS]
    assert len(full.commands.reads()) == 1
    assert await full.queries.count(BOOKS, PageRequest({"author": None}, order="year"), fresh()) == 15
    assert await full.queries.count(BOOKS, PageRequest(), fresh()) == 60


async def test_beyond_ten_thousand_there_is_no_count(library: Library) -> None:
    document = {"author": "a1", "kind": "NOVEL", "title": "t", "year": 1900, "price": None, "added": None}
    await library.write(BOOKS, [{"_id": f"b{number}", **document} for number in range(10_001)])
    by_author = PageRequest({"author": AuthorId("a1")}, order="year")
    assert await library.queries.count(BOOKS, PageRequest(), fresh()) is None
    assert await library.queries.count(BOOKS, by_author, fresh()) is None
    await library.database["views.books.1"].delete_one({"_id": "b0"})
    assert await library.queries.count(BOOKS, PageRequest(), fresh()) == 10_000
    assert await library.queries.count(BOOKS, by_author, fresh()) == 10_000
