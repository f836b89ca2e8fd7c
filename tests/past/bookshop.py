"""A library whose books keep their past: books that change hands, come back and are lost, with ties and nulls."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NewType

from gateway.application import Application, Index, Stream, View
from gateway.application.reading import read
from gateway.messages import Commit
from tests.support.logs import NOON

AuthorId = NewType("AuthorId", str)
BookId = NewType("BookId", str)
MonthId = NewType("MonthId", str)


@dataclass(frozen=True, slots=True)
class AuthorRenamed:
    author: AuthorId
    name: str | None


@dataclass(frozen=True, slots=True)
class BookAdded:
    book: BookId
    author: AuthorId | None
    price: Decimal


@dataclass(frozen=True, slots=True)
class BookAscribed:
    book: BookId
    author: AuthorId | None


@dataclass(frozen=True, slots=True)
class BookPriced:
    book: BookId
    price: Decimal


@dataclass(frozen=True, slots=True)
class BookLent:
    book: BookId


@dataclass(frozen=True, slots=True)
class BookLost:
    book: BookId


BookEvent = BookAdded | BookAscribed | BookPriced | BookLent | BookLost
Shown = BookAdded | BookAscribed | BookPriced | BookLost


@dataclass(frozen=True, slots=True)
class Book:
    """A loan is no part of it; it moves the version of the book all the same."""

    book: BookId
    author: AuthorId | None
    author_name: str | None
    price: Decimal


@dataclass(frozen=True, slots=True)
class Month:
    month: MonthId
    loans: int


@dataclass(frozen=True, slots=True)
class Reader:
    """A read model that keeps no past."""

    book: BookId
    loans: int


def shelve(book: Book | None, event: Shown | AuthorRenamed) -> Book | None:
    match book, event:
        case None, BookAdded():
            return Book(event.book, event.author, None, event.price)
        case Book(), AuthorRenamed():
            return replace(book, author_name=event.name)
        case Book(), BookAscribed():
            return replace(book, author=event.author)
        case Book(), BookPriced():
            return replace(book, price=event.price)
        case Book(), BookLost():
            return None
        case _:
            return book


def month(event: BookLent, at: datetime) -> MonthId:
    return MonthId(f"{at:%H%M}")


def tally(counted: Month | None, event: BookLent, at: datetime) -> Month:
    return Month(month(event, at), counted.loans + 1 if counted else 1)


def count(reader: Reader | None, event: BookLent) -> Reader:
    return Reader(event.book, reader.loans + 1 if reader else 1)


def evolve_author(state: None, event: AuthorRenamed) -> None:
    return None


def evolve_book(state: None, event: BookEvent) -> None:
    return None


UNLUCKY = Decimal(13)


def superstitious(book: Book | None, event: Shown | AuthorRenamed) -> Book | None:
    if isinstance(event, BookPriced) and event.price == UNLUCKY:
        raise ValueError
    return shelve(book, event)


def library(*, history: bool = True, indexes: Sequence[Index] = (), fold: Any = shelve) -> Application:
    ways = [Index("author", order="price"), Index(order="author_name"), Index(order="price"), *indexes]
    return Application(
        streams=[Stream(AuthorId, None, evolve_author), Stream(BookId, None, evolve_book)],
        commands=[],
        views=[
            View(fold, one="book", many="books", indexes=ways, history=history),
            View(tally, key=month, one="month", many="months", history=history),
            View(count, one="reader", many="readers"),
        ],
    )


broken = library(fold=superstitious)
sound = library()
MODEL = read(sound)
BOOKS, MONTHS, READERS = MODEL.read_models

Shelf = dict[str, tuple[Book, int]]
"""Each book with the version of its stream."""


def shelves(commits: Iterable[Commit]) -> list[Shelf]:
    """How the books stood at position 0, 1, 2, …: folded anew from the events, without a line of the watcher's."""
    found: list[Shelf] = [{}]
    versions: dict[str, int] = {}
    for commit in commits:
        books = dict(found[-1])
        for recorded in commit.events:
            event: Any = recorded.event
            renamed = isinstance(event, AuthorRenamed)
            reached = [each for each, (book, _) in books.items() if renamed and book.author == event.author]
            if not renamed:
                reached = [event.book]
                versions[event.book] = recorded.version
            for key in reached:
                before = books.pop(key, (None, 0))[0]
                after = before if isinstance(event, BookLent) else shelve(before, event)
                books.update({} if after is None else {key: (after, versions[key])})
        found.append(books)
    return found


def history(seed: int, commits: int) -> list[tuple[datetime, list[object]]]:
    """A busy library, the same for the same seed; some three commits share a time."""
    draw = random.Random(seed)

    def event() -> object:
        book, author = BookId(f"b{draw.randrange(40):02}"), draw.choice([*map(AuthorId, "xyz"), None])
        price = Decimal(draw.randrange(5))
        return draw.choice(
            [
                *(BookAdded(book, author, price), BookAdded(book, author, price), BookPriced(book, price)),
                *(BookAscribed(book, author), BookLent(book), BookLost(book)),
                AuthorRenamed(author or AuthorId("x"), draw.choice(["Ada", "Bea", None])),
            ]
        )

    times = [NOON + timedelta(seconds=draw.randrange(commits // 3)) for _ in range(commits)]
    return [(at, [event() for _ in range(draw.choice([1, 1, 1, 2, 6]))]) for at in sorted(times)]
