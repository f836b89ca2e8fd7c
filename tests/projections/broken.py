"""The library with folds that raise for some books."""

from datetime import datetime

from tests.projections.bookshop import AuthorRenamed, Book, BookEvent, BookLent, Loan, lend, library, shelve


def superstitious(last: Loan | None, event: BookLent, at: datetime) -> Loan | None:
    if event.days == 13:
        raise ValueError("the reader's name")
    return lend(last, event, at)


def fussy(book: Book | None, event: BookEvent | AuthorRenamed) -> Book | None:
    """Some books can't be lent twice, others can't have a new author's name."""
    match book, event:
        case Book(book="b3" | "b7", lent=1), BookLent():
            raise ValueError("not again")
        case Book(book="b5" | "b11"), AuthorRenamed():
            raise LookupError("no such author")
        case _:
            return shelve(book, event)


BROKEN = library(superstitious, fussy)

MENDED = library()
