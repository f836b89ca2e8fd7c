"""Folding a batch in memory: which views an event reaches, and what is written of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from gateway.application.reading import read
from gateway.messages import RecordedEvent
from gateway.mongo.codec import encoder
from gateway.projections.folding import turns
from gateway.projections.folding.fold import Folded, fold, folding
from gateway.projections.folding.reach import Plan, Route, fitting, plan, reach
from gateway.projections.parking.aside import Aside
from gateway.testing import NOON
from tests.projections.bookshop import AuthorId, Book, BookId, BookLent, Loan, library
from tests.projections.world import added, ascribed, lent, line, lost, renamed

BOOK = Book(BookId("1"), AuthorId("x"), "", Decimal(1), 0, 0)


def unlucky(recorded: RecordedEvent) -> str:
    if recorded.event == lent("1", 13):
        raise ValueError("the reader's name")
    return "2026-01"


def superstitious(last: Loan | None, event: BookLent) -> Loan:
    if event.days == 13:
        raise ValueError("the reader's name")
    return Loan(event.book, NOON, event.days, 0)


BOOKS, LOANS, MONTHS = [plan(each) for each in read(library()).read_models]
(_, FUSSY, _) = [plan(each) for each in read(library(superstitious)).read_models]


def recorded(*events: object) -> list[list[RecordedEvent]]:
    """A commit for each event, from position 1 on."""
    return [
        [RecordedEvent(position, 0, NOON, "stream", 1, "tester", event)]
        for position, event in enumerate(events, start=1)
    ]


def folded(plan: Plan, *events: object, stored: Sequence[dict[str, Any]] = ()) -> Folded:
    return fold(plan, reach(plan, recorded(*events)).steps, stored)


def book(name: str, author: str, author_name: str = "", renames: int = 0) -> dict[str, Any]:
    (made,) = folded(BOOKS, added(name, author)).added
    return {**made, "author_name": author_name, "renames": renames}


def test_an_event_of_the_linked_stream_reaches_every_stored_view_that_links_to_it() -> None:
    stored = [book("1", "x"), book("2", "x"), book("3", "y")]
    changed = folded(BOOKS, renamed("x", "Ada"), stored=stored).replaced
    assert changed == [book("1", "x", "Ada", 1), book("2", "x", "Ada", 1)]


def test_a_rename_reaches_views_that_were_made_earlier_in_the_same_batch() -> None:
    made = folded(BOOKS, added("1", "x"), renamed("x", "Ada"), added("2", "x")).added
    assert made == [book("1", "x", "Ada", 1), book("2", "x")]


def test_a_rename_does_not_reach_a_view_whose_link_was_changed_away_in_the_same_batch() -> None:
    changed = folded(BOOKS, ascribed("1", "y"), renamed("x", "Ada"), stored=[book("1", "x")]).replaced
    assert changed == [book("1", "y")]


def test_a_rename_reaches_a_view_whose_link_was_changed_to_it_in_the_same_batch() -> None:
    changed = folded(BOOKS, ascribed("1", "y"), renamed("y", "Bea"), stored=[book("1", "x")]).replaced
    assert changed == [book("1", "y", "Bea", 1)]


def history(*streams: str) -> list[list[RecordedEvent]]:
    """A commit for each stream named: a loan of the book `1`, in the version that this stream has come to."""
    return [
        [RecordedEvent(position, 0, NOON, stream, streams[:position].count(stream), "tester", lent("1"))]
        for position, stream in enumerate(streams, start=1)
    ]


def versions(plan: Plan, stored: dict[str, Any], units: list[list[RecordedEvent]]) -> list[tuple[Any, int]]:
    changed = fold(plan, reach(plan, units).steps, [stored]).replaced
    return [(each["_id"], each["_version"]) for each in changed]


def test_a_view_has_the_version_of_its_stream() -> None:
    (made,) = folded(BOOKS, added("1", "x")).added
    assert made["_version"] == 1
    assert versions(BOOKS, made, history("book-1", "book-1", "book-1")) == [("1", 3)]


def test_what_reaches_a_view_by_a_link_leaves_its_version_as_it_is() -> None:
    stored = {**book("1", "x"), "_version": 7}
    assert folded(BOOKS, renamed("x", "Ada"), stored=[stored]).replaced == [
        {**book("1", "x", "Ada", 1), "_version": 7}
    ]


def test_an_event_that_is_not_followed_changes_the_version_of_its_streams_view_alone() -> None:
    """Else nobody could ever act on what the view shows: the stream would be ahead of it for good."""
    deaf = replace(BOOKS, routes={})
    stored = {**book("1", "x"), "_version": 1}
    units = history("book-1", "book-1")
    assert fold(deaf, reach(deaf, units).steps, [stored]).replaced == [{**stored, "_version": 2}]
    assert not reach(deaf, history("author-1", "bookish-1")).steps
    assert not folded(deaf, added("9", "x")).added


def test_a_view_that_does_not_change_has_its_streams_version_all_the_same() -> None:
    def unmoved(book: Book | None, recorded: RecordedEvent) -> Book | None:
        return book

    lazy, stored = replace(BOOKS, fold=unmoved), {**book("1", "x"), "_version": 1}
    assert versions(lazy, stored, history("book-1", "book-1")) == [("1", 2)]


def test_a_view_of_a_time_without_versions_gets_its_streams_version() -> None:
    stored = book("1", "x")
    del stored["_version"]
    assert versions(BOOKS, stored, history("book-1", "book-1")) == [("1", 2)]


def test_a_view_of_no_stream_has_no_version() -> None:
    (month,) = folded(MONTHS, lent("1")).added
    (loan,) = folded(LOANS, lent("1")).added
    assert "_version" not in {*month, *loan}


def test_a_view_that_became_none_is_removed_and_no_longer_reached() -> None:
    result = folded(BOOKS, lost("1"), renamed("x", "Ada"), stored=[book("1", "x")])
    assert replace(result, differences=()) == Folded([], [], ["1"], (), ["1"])


def test_a_view_that_is_made_anew_is_not_what_it_was() -> None:
    changed = folded(BOOKS, lost("1"), added("1", "y"), stored=[book("1", "x", "Ada", 3)]).replaced
    assert changed == [book("1", "y")]


def test_a_view_that_is_as_before_is_not_written() -> None:
    there_and_back = (ascribed("1", "y"), ascribed("1", "x"))
    assert folded(BOOKS, *there_and_back, stored=[book("1", "x")]) == Folded([], [], [], (), [])


def test_a_view_that_comes_and_goes_in_one_batch_is_not_written() -> None:
    assert folded(BOOKS, added("1", "x"), lost("1")) == Folded([], [], [], (), [])


def test_an_event_that_the_read_model_does_not_follow_reaches_nothing() -> None:
    assert not reach(LOANS, recorded(added("1", "x"), renamed("x", "Ada"))).steps


def test_a_journal_adds_a_line_an_event_and_keeps_the_last_of_each_key() -> None:
    result = folded(LOANS, lent("1", 2), lent("2", 5), lent("1", 0), lent("1", 3))
    assert [(each["_id"], each["book"], each["total"]) for each in result.added] == [
        (line(1), "1", 2),
        (line(2), "2", 5),
        (line(4), "1", 5),
    ]
    assert result.latest == [
        encoder(Loan, "book")(Loan(lent("1").book, NOON, 3, 5)),
        encoder(Loan, "book")(Loan(lent("2").book, NOON, 5, 5)),
    ]
    assert result.touched == ["1", "2"]


def test_a_journal_goes_on_from_the_stored_last_view() -> None:
    before = folded(LOANS, lent("1", 2)).latest
    assert folded(LOANS, lent("1", 3), stored=before).added[0]["total"] == 5


def test_a_declared_key_finds_the_view() -> None:
    (month,) = folded(MONTHS, lent("1"), lent("2")).added
    assert month == {"_id": "2026-01", "loans": 2, "last": 2}


def test_a_fold_that_raises_parks_its_key_and_keeps_its_later_events() -> None:
    result = folded(FUSSY, lent("1", 1), lent("1", 13), lent("2", 5), lent("1", 4))
    assert [(each["book"], each["days"]) for each in result.added] == [("1", 1), ("2", 5)]
    assert parked(result) == [("1", "2.0", "ValueError")]
    assert kept(result) == [("1", "2.0"), ("1", "4.0")]
    assert sorted(result.touched) == ["1", "2"]


def test_a_key_that_was_parked_before_is_left_alone() -> None:
    aside = Aside(frozenset(["1"]), any=True)
    result = fold(FUSSY, reach(FUSSY, recorded(lent("1", 1), lent("2", 5))).steps, [], aside)
    assert [each["book"] for each in result.added] == ["2"]
    assert (parked(result), kept(result)) == ([], [("1", "1.0")])


def test_a_rename_parks_only_the_views_whose_fold_raises() -> None:
    def fussy_fold(book: Book | None, recorded: RecordedEvent) -> Book | None:
        if recorded.event == renamed("x", "Ada") and book is not None and book.book == "2":
            raise ValueError("not this one")
        return BOOKS.fold(book, recorded)

    stored = [book("1", "x"), book("2", "x"), book("3", "x")]
    events = (renamed("x", "Ada"), lent("2"), renamed("x", "Bea"), renamed("y", "Cyd"))
    result = folded(replace(BOOKS, fold=fussy_fold), *events, stored=stored)
    assert [(each["_id"], each["author_name"]) for each in result.replaced] == [("1", "Bea"), ("3", "Bea")]
    assert parked(result) == [("2", "1.0", "ValueError")]
    assert kept(result) == [(None, "1.0"), ("2", "2.0"), (None, "3.0"), (None, "4.0")]


def test_a_view_of_another_key_is_a_failure() -> None:
    def careless_fold(book: Book | None, recorded: RecordedEvent) -> Book:
        return BOOK

    result = folded(replace(BOOKS, fold=careless_fold), added("another", "x"))
    assert (parked(result), result.added) == ([("another", "1.0", "WrongKey")], [])


def test_a_view_that_can_not_be_stored_is_parked_at_the_event_that_made_it_so() -> None:
    def vague_fold(book: Book | None, recorded: RecordedEvent) -> Book | None:
        after = BOOKS.fold(book, recorded)
        return replace(after, price="much") if after and recorded.event == lent("1") else after

    result = folded(replace(BOOKS, fold=vague_fold), added("1", "x"), lent("1"), renamed("x", "Ada"))
    assert (result.added, parked(result)) == ([book("1", "x")], [("1", "2.0", "InvalidOperation")])


def parked(result: Folded) -> list[tuple[Any, str, str]]:
    return [
        (each.key, f"{each.step.recorded.position}.{each.step.recorded.index}", type(each.error).__name__)
        for each in result.parks
    ]


def kept(result: Folded) -> list[tuple[Any, str]]:
    return [(each.key, str(each.place)) for each in result.kept]


def test_a_key_function_that_raises_ends_the_units_before_it() -> None:
    reached = reach(replace(MONTHS, routes={BookLent: Route(unlucky)}), recorded(lent("1", 1), lent("1", 13)))
    assert (reached.units, len(reached.steps)) == (1, 1)
    assert str(reached.failure) == "ValueError at position 2, event BookLent."


def test_units_fit_until_their_linked_views_are_too_many() -> None:
    reached = reach(BOOKS, recorded(renamed("x", ""), added("9", "x"), renamed("x", ""), renamed("y", "")))
    counts = {(("author",), "x"): 3, (("author",), "y"): 2}
    assert [fitting(reached, counts, most).units for most in (2, 3, 4, 5)] == [0, 3, 3, 4]


@pytest.mark.anyio
async def test_others_get_their_turn_while_very_many_events_are_folded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "TURN", 0.0)
    events = [lent(str(number), 1) for number in range(500)]
    taken = 0

    async def other() -> None:
        nonlocal taken
        while True:
            taken += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    steps = reach(LOANS, recorded(*events)).steps
    assert await turns.in_turns(folding(LOANS, steps, [])) == folded(LOANS, *events)
    task.cancel()
    assert taken >= len(events)
