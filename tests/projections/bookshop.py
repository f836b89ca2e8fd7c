"""A small library: books that link to their author, a journal of loans, and the loans of each month."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, NewType

from gateway.application import Application, Index, Journal, Stream, View

AuthorId = NewType("AuthorId", str)
BookId = NewType("BookId", str)
MonthId = NewType("MonthId", str)


@dataclass(frozen=True, slots=True)
class AuthorRenamed:
    author: AuthorId
    name: str


@dataclass(frozen=True, slots=True)
class BookAdded:
    book: BookId
    author: AuthorId
    price: Decimal


@dataclass(frozen=True, slots=True)
class BookAscribed:
    """It turned out that somebody else had written it."""

    book: BookId
    author: AuthorId


@dataclass(frozen=True, slots=True)
class BookLent:
    book: BookId
    days: int


@dataclass(frozen=True, slots=True)
class BookLost:
    book: BookId


BookEvent = BookAdded | BookAscribed | BookLent | BookLost


@dataclass(frozen=True, slots=True)
class Book:
    """`renames` counts, so that a rename that is applied twice shows."""

    book: BookId
    author: AuthorId
    author_name: str
    price: Decimal
    renames: int
    lent: int


@dataclass(frozen=True, slots=True)
class Loan:
    book: BookId
    at: datetime
    days: int
    total: int


@dataclass(frozen=True, slots=True)
class Month:
    month: MonthId
    loans: int
    last: int
    "The position of the last one."


def shelve(book: Book | None, event: BookEvent | AuthorRenamed) -> Book | None:
    match book, event:
        case None, BookAdded():
            return Book(event.book, event.author, "", event.price, 0, 0)
        case Book(), AuthorRenamed():
            return replace(book, author_name=event.name, renames=book.renames + 1)
        case Book(), BookAscribed():
            return replace(book, author=event.author)
        case Book(), BookLent():
            return replace(book, lent=book.lent + 1)
        case Book(), BookLost():
            return None
        case _:
            return book


def lend(last: Loan | None, event: BookLent, at: datetime) -> Loan | None:
    if event.days == 0:
        return None
    return Loan(event.book, at, event.days, event.days + (last.total if last else 0))


def month(event: BookLent, at: datetime) -> MonthId:
    return MonthId(f"{at:%Y-%m}")


def tally(month_: Month | None, event: BookLent, at: datetime, position: int) -> Month:
    if month_ is None:
        return Month(month(event, at), 1, position)
    return replace(month_, loans=month_.loans + 1, last=position)


def evolve_author(state: None, event: AuthorRenamed) -> None:
    return None


def evolve_book(state: None, event: BookEvent) -> None:
    return None


def library(
    lending: Callable[..., Any] = lend,
    shelving: Callable[..., Any] = shelve,
    months_key: Callable[..., Any] = month,
) -> Application:
    """The library; its functions may be others that have something wrong with them."""
    return Application(
        streams=[Stream(AuthorId, None, evolve_author), Stream(BookId, None, evolve_book)],
        commands=[],
        views=[
            View(
                shelving,
                one="book",
                many="books",
                indexes=[Index("author", order="price"), Index(order="author_name")],
            ),
            Journal(lending, many="loans", indexes=[Index("book", order="at")]),
            View(tally, key=months_key, one="month", many="months"),
        ],
    )
