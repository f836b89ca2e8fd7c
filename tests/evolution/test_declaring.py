"""Upcasters in a composition root: every mistake in them is found when the application is read."""

from dataclasses import dataclass
from typing import Any, NewType

import pytest

from gateway.application import Application, Dropped, Into, Renamed, Split, Stream, Upcaster
from gateway.application.declarations import Step
from gateway.application.reading import read
from gateway.errors import InvalidApplication
from gateway.messages import DroppedEvent
from tests.evolution import second

OtherId = NewType("OtherId", str)


@dataclass(frozen=True, slots=True)
class OtherMade:
    """Another thing was made."""

    other: OtherId


def evolve(state: int, event: OtherMade) -> int:
    return state


def application(*upcasters: Step) -> Application:
    """The second release and another kind of streams, with these upcasters alone."""
    streams = [Stream(second.ParcelId, 0, second.evolve, upcasters), Stream(OtherId, 0, evolve)]
    return Application(streams, [], [])


def test_the_schema_of_an_event_is_the_one_behind_its_last_upcaster() -> None:
    events = read(second.application).events
    assert {name: each.schema for name, each in events.items()} == {
        "ParcelSent": 3,
        "ParcelLeft": 1,
        "ParcelArrived": 1,
        "ParcelDelivered": 2,
    }


def test_a_fold_is_the_applications_own_where_nothing_is_dropped() -> None:
    (kind, _) = read(application(Upcaster("ParcelLeft", 1))).streams
    assert kind.evolve is second.evolve


@pytest.mark.parametrize("step", [Dropped("ParcelLost", 1), Split("ParcelLost", 1, [Into("ParcelLeft")])])
def test_a_fold_passes_over_dropped_events(step: Step) -> None:
    (kind, _) = read(application(step)).streams
    assert kind.evolve(3, DroppedEvent("ParcelLost", 1)) == 3
    assert kind.evolve(3, second.ParcelLeft(second.ParcelId("a"), "Kiel")) == 4


def test_a_name_may_be_used_again_for_another_event() -> None:
    model = read(application(Renamed("ParcelLeft", 1, into="ParcelArrived")))
    assert model.events["ParcelLeft"].schema == 2


def test_an_event_may_keep_its_name_when_it_is_split() -> None:
    split = Split("ParcelArrived", 1, [Into("ParcelArrived", schema=2), Into("ParcelDelivered")])
    assert read(application(split)).events["ParcelArrived"].schema == 2


@pytest.mark.parametrize(
    ("upcasters", "problem"),
    [
        ([Upcaster("ParcelLeft", 2)], "the upcasters of ParcelLeft read the schemas 2: each from 1 on"),
        ([Upcaster("ParcelLeft", 1), Upcaster("ParcelLeft", 3)], "read the schemas 1, 3"),
        ([Upcaster("ParcelLeft", 1), Upcaster("ParcelLeft", 1)], "read the schemas 1, 1"),
        ([Upcaster("ParcelLeft", 0)], "read the schemas 0"),
        (
            [Upcaster("ParcelLost", 1)],
            r"Upcaster\('ParcelLost', 1\) leads to schema 2 of ParcelLost, which nothing",
        ),
        (
            [Renamed("ParcelLost", 1, into="ParcelGone")],
            "leads to schema 1 of ParcelGone, which nothing here reads",
        ),
        ([Renamed("ParcelLost", 1, into="ParcelLeft", into_schema=2)], "leads to schema 2 of ParcelLeft"),
        ([Renamed("ParcelLost", 1, into="OtherMade")], "leads to OtherMade, which belongs to other streams"),
        ([Split("ParcelLost", 1, [])], "is split into nothing: that is Dropped"),
        ([Split("ParcelLost", 1, [Into("ParcelLeft"), Into("OtherMade")])], "belongs to other streams"),
        ([Renamed("A", 1, into="B"), Renamed("B", 1, into="A")], r"Renamed\('A', 1\) leads back to itself"),
        ([Renamed("ParcelLost", 1, into="ParcelLost")], "leads back to itself"),
        ([Dropped("ParcelLost", 1), Dropped("ParcelLost", 1)], "read the schemas 1, 1"),
        (["ParcelLost"], "is no Upcaster, Renamed, Split or Dropped"),
    ],
)
def test_upcasters_that_do_not_fit_together_are_refused(upcasters: list[Any], problem: str) -> None:
    with pytest.raises(InvalidApplication, match=problem):
        read(application(*upcasters))


def test_an_upcaster_of_another_kind_of_streams_does_not_count() -> None:
    with pytest.raises(InvalidApplication, match="leads to schema 2 of OtherMade, which nothing here reads"):
        read(application(Upcaster("OtherMade", 1)))
