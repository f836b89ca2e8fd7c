"""Cursors of another release: they go on where they stood, or are said to have expired."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pytest

from gateway.application.model import AccessPath, ReadModel
from gateway.errors import BadCursor, CursorExpired
from gateway.queries.cursors import Cursors
from gateway.queries.pages import PageRequest
from gateway.queries.routes import route_for
from gateway.signing import Signer
from tests.queries.bookshop import BOOKS, LOG, AuthorId, BookId, Kind, Price

BY_YEAR = PageRequest(order="year")
BY_AUTHOR = PageRequest(where_equal={"author": AuthorId("a")})
DOCUMENT = {"_id": "b", "year": 1999, "title": "T"}


@dataclass(frozen=True, slots=True)
class LongerBook:
    """With another field; the others are as they were."""

    book: BookId
    author: AuthorId | None
    kind: Kind
    title: str
    year: int | None
    price: Price
    added: datetime
    pages: int


@dataclass(frozen=True, slots=True)
class WordyBook:
    """Its year is a text."""

    book: BookId
    author: AuthorId | None
    year: str | None


def cursors(read_model: ReadModel, wanted: PageRequest) -> Cursors:
    return Cursors(Signer(b"secret", LOG), read_model, route_for(read_model, wanted))


def release(**changed: Any) -> ReadModel:
    return replace(BOOKS, **changed)


ORDERED = {"paths": (AccessPath((), "year"),)}


@pytest.mark.parametrize("later", [release(), release(version=2), release(view=LongerBook)])
def test_a_cursor_goes_on_in_another_release_where_it_stood(later: ReadModel) -> None:
    for given, opened in ((BOOKS, later), (later, BOOKS)):
        cursor = cursors(given, BY_YEAR).seal(DOCUMENT)
        assert cursors(opened, BY_YEAR).open(cursor, "after") == (1999, "b")


def test_a_cursor_expires_when_what_it_is_ordered_by_is_of_another_type() -> None:
    cursor = cursors(BOOKS, BY_YEAR).seal(DOCUMENT)
    with pytest.raises(CursorExpired, match="`after` is from before these views changed their order"):
        cursors(release(view=WordyBook, **ORDERED), BY_YEAR).open(cursor, "after")


def test_a_cursor_expires_when_the_order_that_it_was_given_in_is_gone() -> None:
    cursor = cursors(BOOKS, BY_AUTHOR).seal(DOCUMENT)
    later = release(version=2, paths=(AccessPath(("author",), "title"),))
    with pytest.raises(CursorExpired):
        cursors(later, BY_AUTHOR).open(cursor, "before")


def test_a_cursor_of_another_order_of_the_same_release_is_none_of_this_connection() -> None:
    cursor = cursors(BOOKS, PageRequest(order="title")).seal(DOCUMENT)
    with pytest.raises(BadCursor):
        cursors(BOOKS, BY_YEAR).open(cursor, "after")
