"""Releases of the library: what a changed read model is in the tests, and what its views must be."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from gateway.application import Application, Index, Journal, View
from gateway.messages import Commit
from tests.projections.bookshop import (
    AuthorId,
    AuthorRenamed,
    Book,
    BookAdded,
    BookEvent,
    BookId,
    BookLent,
    lend,
    library,
    month,
    shelve,
    tally,
)
from tests.projections.shelves import Documents, shelves

INDEXES = [Index("author", order="price"), Index(order="author_name")]


def shelve_double(book: Book | None, event: BookEvent | AuthorRenamed) -> Book | None:
    """Other views of the same shape: each loan counts for two."""
    after = shelve(book, event)
    return replace(after, lent=after.lent + 1) if after and isinstance(event, BookLent) else after


@dataclass(frozen=True, slots=True)
class ShortBook:
    """A view of another shape: a price in cents, and no author's name."""

    book: BookId
    author: AuthorId
    cents: int


def shelve_short(book: ShortBook | None, event: BookEvent) -> ShortBook | None:
    match book, event:
        case None, BookAdded():
            return ShortBook(event.book, event.author, int(event.price * 100))
        case _:
            after = shelve(book and Book(book.book, book.author, "", Decimal(book.cents) / 100, 0, 0), event)
            return after and replace(book, author=after.author) if book else None


def release(shelving: Callable[..., Any], version: int, **other: Any) -> Application:
    """The library with another read model of its books."""
    given: dict[str, Any] = {"indexes": INDEXES, **other}
    return replace(
        library(),
        views=[
            View(shelving, one="book", many="books", version=version, **given),
            Journal(lend, many="loans", indexes=[Index("book", order="at")]),
            View(tally, key=month, one="month", many="months"),
        ],
    )


first = library()
second = release(shelve_double, 2)
short = release(shelve_short, 1, indexes=[Index("author", order="cents")])


def expected_second(commits: Iterable[Commit]) -> Documents:
    """What the second release makes of the books, from what the first one does."""
    return [{**each, "lent": each["lent"] * 2} for each in shelves(commits)["views.books.1"]]


def expected_short(commits: Iterable[Commit]) -> Documents:
    """What `short` makes of them."""
    return [
        {
            "_id": each["_id"],
            "author": each["author"],
            "cents": int(each["price"].to_decimal() * 100),
            "_version": each["_version"],
        }
        for each in shelves(commits)["views.books.1"]
    ]
