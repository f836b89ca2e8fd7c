"""The same parcel service in its second release: every kind of change to events that the log holds."""

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, NewType

from gateway.application import (
    Application,
    Dropped,
    Into,
    Journal,
    Renamed,
    Split,
    Stream,
    Upcaster,
    View,
)

ParcelId = NewType("ParcelId", str)


class Size(Enum):
    """How large a parcel is."""

    SMALL = 1
    LARGE = 2


@dataclass(frozen=True, slots=True)
class ParcelSent:
    """A parcel was handed in, by a customer with first and last name."""

    parcel: ParcelId
    first_name: str
    last_name: str
    kilograms: Decimal
    size: Size
    insured: bool


@dataclass(frozen=True, slots=True)
class ParcelLeft:
    """It left a place."""

    parcel: ParcelId
    place: str


@dataclass(frozen=True, slots=True)
class ParcelArrived:
    """It came to a place."""

    parcel: ParcelId
    place: str


@dataclass(frozen=True, slots=True)
class ParcelDelivered:
    """Somebody took it."""

    parcel: ParcelId
    recipient: str


@dataclass(frozen=True, slots=True)
class Insure:
    """Insure a parcel as what it is."""

    parcel: ParcelId


@dataclass(frozen=True, slots=True)
class Move:
    """Bring a parcel to a place."""

    parcel: ParcelId
    place: str


@dataclass(frozen=True, slots=True)
class Scan:
    """Hold a scanner to a parcel."""

    parcel: ParcelId
    scanner: str


@dataclass(frozen=True, slots=True)
class HandOver:
    """Give a parcel to somebody."""

    parcel: ParcelId
    to: str


def evolve(state: int, event: ParcelSent | ParcelLeft | ParcelArrived | ParcelDelivered) -> int:
    return state + 1


def insure(command: Insure, parcel: int) -> ParcelSent:
    return ParcelSent(command.parcel, "Ada", "Harbour", Decimal("1.25"), Size.SMALL, insured=True)


def move(command: Move, parcel: int) -> ParcelArrived:
    return ParcelArrived(command.parcel, command.place)


def scan(command: Scan, parcel: int) -> None:
    """Nobody notes it any more."""


def hand_over(command: HandOver, parcel: int) -> ParcelDelivered:
    return ParcelDelivered(command.parcel, command.to)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A parcel and what happened to it."""

    parcel: ParcelId
    story: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stop:
    """A place that a parcel left or came to."""

    parcel: ParcelId
    place: str


def tell(view: Parcel | None, event: ParcelSent | ParcelLeft | ParcelArrived | ParcelDelivered) -> Parcel:
    return Parcel(event.parcel, (*(view.story if view else ()), type(event).__name__))


def stops(last: Stop | None, event: ParcelLeft | ParcelArrived) -> Stop:
    return Stop(event.parcel, event.place)


def with_two_names(data: dict[str, Any]) -> dict[str, Any]:
    first, _, last = data.pop("sender").partition(" ")
    return {**data, "first_name": first, "last_name": last}


def in_kilograms(data: dict[str, Any]) -> dict[str, Any]:
    sizes = {"S": Size.SMALL, "L": Size.LARGE}
    return {
        "parcel": data["parcel"],
        "first_name": data["first_name"],
        "last_name": data["last_name"],
        "kilograms": Decimal(data["grams"]) / 1000,
        "size": sizes[data["size"]],
        "insured": False,
    }


def left(data: dict[str, Any]) -> dict[str, Any]:
    del data["target"]
    return {"parcel": data["parcel"], "place": data.pop("origin")}


def arrived(data: dict[str, Any]) -> dict[str, Any] | None:
    return None if data["target"] == "" else {"parcel": data["parcel"], "place": data["target"]}


def to_a_recipient(data: dict[str, Any]) -> dict[str, Any]:
    return {"parcel": data["parcel"], "recipient": data["to"]}


UPCASTERS = [
    Upcaster("ParcelSent", 1, with_two_names),
    Upcaster("ParcelSent", 2, in_kilograms),
    Split("ParcelMoved", 1, [Into("ParcelLeft", left), Into("ParcelArrived", arrived)]),
    Renamed("ParcelHandedOver", 1, into="ParcelDelivered"),
    Upcaster("ParcelDelivered", 1, to_a_recipient),
    Dropped("ParcelScanned", 1),
]

stream = Stream(ParcelId, 0, evolve, UPCASTERS)
application = Application(
    streams=[stream],
    commands=[insure, move, scan, hand_over],
    views=[View(tell, one="parcel", many="parcels"), Journal(stops, many="stops")],
)
