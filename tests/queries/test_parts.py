"""Views of which a part is asked for: that part is read, and who is gathered with others has at least its own."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from bson.decimal128 import Decimal128

from gateway.queries.fields import Fields
from gateway.queries.pages import Page, PageRequest, ViewRequest
from gateway.queries.viewed import Viewed
from tests.queries.bookshop import BOOKS, AuthorId, BookId, Kind, Library, Price, books, fresh
from tests.queries.explaining import explained

pytestmark = pytest.mark.anyio

SHELF = {book.book: book for book in books(60)}


@pytest.fixture
async def full(library: Library) -> Library:
    await library.add_books([*SHELF.values()])
    library.commands.sent.clear()
    return library


def part(*names: str) -> Fields:
    return frozenset(names)


async def view(library: Library, key: str, fields: Fields) -> Viewed:
    found = await library.queries.view(BOOKS, ViewRequest(key, fields=fields), fresh())
    assert found is not None
    return found


def read(library: Library) -> set[str] | None:
    """The fields that the only read asked MongoDB for; None for whole documents."""
    (command,) = library.commands.reads()
    wanted = command.get("projection")
    return wanted and {*wanted}


async def test_a_part_of_a_view_is_all_that_is_read_of_it(full: Library) -> None:
    found = await view(full, "b001", part("title", "price"))
    assert found.document.keys() == read(full) == {"_id", "title", "price"}
    assert (found.key, found.document["title"]) == ("b001", SHELF[BookId("b001")].title)


async def test_there_is_no_whole_view_where_a_part_was_read(full: Library) -> None:
    found = await view(full, "b001", part("title"))
    with pytest.raises(KeyError):
        _ = found.view


async def test_a_view_asked_for_in_several_parts_in_one_tick_is_read_once_with_all_of_them(full: Library) -> None:
    found = await asyncio.gather(
        view(full, "b001", part("title")), view(full, "b001", part("year")), view(full, "b002", part())
    )
    assert read(full) == {"_id", "title", "year"}
    assert [each.key for each in found] == ["b001", "b001", "b002"]
    assert found[0].document["title"] == SHELF[BookId("b001")].title
    assert found[1].document["year"] == SHELF[BookId("b001")].year


async def test_who_asks_for_the_whole_view_has_it_whatever_others_ask_for(full: Library) -> None:
    found = await asyncio.gather(view(full, "b001", part("title")), view(full, "b001", None))
    assert read(full) is None
    assert found[1].view == SHELF[BookId("b001")]


def keys(page: Page) -> list[Any]:
    return [edge.key for edge in page.edges]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("order", ["year", "title", "added", "price"])
async def test_pages_of_parts_go_on_behind_their_cursors(full: Library, order: str, descending: bool) -> None:
    equal = {"kind": Kind.POEMS} if order == "price" else {}
    whole = await full.queries.page(
        BOOKS, PageRequest(equal, order=order, descending=descending, first=60), fresh()
    )
    found, after = list[Any](), None
    while True:
        wanted = PageRequest(equal, order=order, descending=descending, first=7, after=after, fields=part("kind"))
        full.commands.sent.clear()
        page = await full.queries.page(BOOKS, wanted, fresh())
        asked = [{*each["projection"]} for each in full.commands.reads() if len(each["projection"]) > 1]
        assert asked == [{"_id", "kind", order}]
        found, after = [*found, *keys(page)], page.end_cursor
        if not page.has_next:
            break
    assert found == keys(whole)


async def test_a_choice_of_values_is_merged_in_its_order_whatever_part_is_asked_for(full: Library) -> None:
    authors = [AuthorId("a1"), None, AuthorId("a3")]
    wanted = PageRequest(order="year", first=20, where_in={"author": authors})
    whole = await full.queries.page(BOOKS, wanted, fresh())
    parts = PageRequest(order="year", first=20, where_in={"author": authors}, fields=part())
    assert keys(await full.queries.page(BOOKS, parts, fresh())) == keys(whole)


async def test_nested_pages_of_one_tick_are_one_read_with_the_parts_of_all(full: Library) -> None:
    wanted = [
        PageRequest({"author": AuthorId(author)}, order="year", first=3, fields=fields)
        for author, fields in (("a1", part("title")), ("a2", part("kind")), ("a1", part("added")))
    ]
    alone = [await full.queries.page(BOOKS, each, fresh()) for each in wanted]
    full.commands.sent.clear()
    together = await asyncio.gather(*(full.queries.page(BOOKS, each, fresh()) for each in wanted))
    assert [keys(each) for each in together] == [keys(each) for each in alone]
    assert [each.end_cursor for each in together] == [each.end_cursor for each in alone]
    (command,) = full.commands.reads()
    (lookup,) = [each["$lookup"] for each in command["pipeline"] if "$lookup" in each]
    assert {*lookup["pipeline"][-1]["$project"]} == {"_id", "title", "kind", "added", "year"}
    for page, name in zip(together, ("title", "kind", "added"), strict=True):
        assert all(edge.viewed.document[name] for edge in page.edges)


AMOUNTS = {
    f"b{number}": text for number, text in enumerate(["10.50", "10.5", "1E+3", "-0.00", "0E-6176", "9" * 34])
}


async def test_what_is_read_from_an_index_alone_is_exactly_what_is_stored(library: Library) -> None:
    """Amounts that are equal and written in different ways stay as they were written."""
    (book,) = books(1)
    poem = replace(book, kind=Kind.POEMS)
    await library.add_books(
        [replace(poem, book=BookId(key), price=Price(Decimal(text), "EUR")) for key, text in AMOUNTS.items()]
    )
    library.commands.sent.clear()
    wanted = PageRequest({"kind": Kind.POEMS}, order="price", first=20, fields=part("kind", "price"))
    page = await library.queries.page(BOOKS, wanted, fresh())
    found = {each.key: each.document["price"]["amount"].bid for each in page.viewed}
    assert found == {key: Decimal128(text).bid for key, text in AMOUNTS.items()}
    (command,) = library.commands.reads()
    assert (await explained(library.database, command)).documents == 0
