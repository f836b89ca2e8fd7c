"""What the library's views must be: folded anew from the events, without a line of the watcher's."""

from collections.abc import Iterable
from typing import Any

from bson import Int64

from gateway.messages import Commit
from gateway.mongo.codec import encoder
from tests.projections.bookshop import AuthorRenamed, Book, BookLent, Loan, Month, lend, month, shelve, tally

Documents = list[dict[str, Any]]


def shelves(commits: Iterable[Commit]) -> dict[str, Documents]:
    """The documents of each collection that holds views, in the order of their ids."""
    books: dict[str, Book] = {}
    versions: dict[str, int] = {}
    loans: Documents = []
    last: dict[str, Loan] = {}
    months: dict[str, Month] = {}
    for commit in commits:
        for index, recorded in enumerate(commit.events):
            event: Any = recorded.event
            if isinstance(event, AuthorRenamed):
                reached = [each.book for each in books.values() if each.author == event.author]
            else:
                reached = [event.book]
                versions[event.book] = recorded.version
            for book in reached:
                after = shelve(books.pop(book, None), event)
                books.update({} if after is None else {book: after})
            if isinstance(event, BookLent):
                line = lend(last.get(event.book), event, recorded.at)
                if line is not None:
                    last[event.book] = line
                    loans.append({"_id": Int64(commit.position * 1000 + index), **encoder(Loan)(line)})
                key = month(event, recorded.at)
                months[key] = tally(months.get(key), event, recorded.at, commit.position)
    return {
        "views.books.1": [
            {**encoder(Book, "book")(books[key]), "_version": versions[key]} for key in sorted(books)
        ],
        "views.loans.1": loans,
        "views.loans.1.last": [encoder(Loan, "book")(last[key]) for key in sorted(last)],
        "views.months.1": [encoder(Month, "month")(months[key]) for key in sorted(months)],
    }
