"""The library with functions that end their process, as a segmentation fault or the lack of memory would."""

import os
from datetime import datetime

from tests.projections.bookshop import (
    AuthorRenamed,
    Book,
    BookEvent,
    BookLent,
    Loan,
    MonthId,
    lend,
    library,
    month,
    shelve,
)

FATAL = 86
"""The exit status."""


def deadly_lend(last: Loan | None, event: BookLent, at: datetime) -> Loan | None:
    if event.days == 13:
        os._exit(FATAL)
    return lend(last, event, at)


def deadly_shelve(book: Book | None, event: BookEvent | AuthorRenamed) -> Book | None:
    match book, event:
        case Book(book="b05"), AuthorRenamed(name="Ada"):
            os._exit(FATAL)
        case _:
            return shelve(book, event)


def deadly_month(event: BookLent, at: datetime) -> MonthId:
    if event.days == 13:
        os._exit(FATAL)
    return month(event, at)


DEADLY = library(deadly_lend, deadly_shelve)
DEADLY_KEY = library(months_key=deadly_month)
