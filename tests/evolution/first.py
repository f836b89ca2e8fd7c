"""A parcel service in its first release: what the second one finds in its log."""

from dataclasses import dataclass
from enum import Enum
from typing import NewType

from gateway.application import Application, Journal, Stream, View

ParcelId = NewType("ParcelId", str)


class Size(Enum):
    """How large a parcel is."""

    S = 1
    L = 2


@dataclass(frozen=True, slots=True)
class ParcelSent:
    """A parcel was handed in."""

    parcel: ParcelId
    sender: str
    grams: int
    size: Size


@dataclass(frozen=True, slots=True)
class ParcelScanned:
    """Somebody held a scanner to it."""

    parcel: ParcelId
    scanner: str


@dataclass(frozen=True, slots=True)
class ParcelMoved:
    """It went from one place to another."""

    parcel: ParcelId
    origin: str
    target: str


@dataclass(frozen=True, slots=True)
class ParcelHandedOver:
    """Somebody took it."""

    parcel: ParcelId
    to: str


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


Event = ParcelSent | ParcelScanned | ParcelMoved | ParcelHandedOver


def evolve(events: int, event: ParcelSent | ParcelScanned | ParcelMoved | ParcelHandedOver) -> int:
    return events + 1


def scan(command: Scan, parcel: int) -> ParcelScanned:
    return ParcelScanned(command.parcel, command.scanner)


def hand_over(command: HandOver, parcel: int) -> ParcelHandedOver:
    return ParcelHandedOver(command.parcel, command.to)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A parcel and what happened to it."""

    parcel: ParcelId
    story: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stop:
    """A place that a parcel went through."""

    parcel: ParcelId
    place: str


def tell(view: Parcel | None, event: ParcelSent | ParcelScanned | ParcelMoved | ParcelHandedOver) -> Parcel:
    return Parcel(event.parcel, (*(view.story if view else ()), type(event).__name__))


def stops(last: Stop | None, event: ParcelMoved) -> Stop:
    return Stop(event.parcel, event.target)


application = Application(
    streams=[Stream(ParcelId, 0, evolve)],
    commands=[scan, hand_over],
    views=[View(tell, one="parcel", many="parcels"), Journal(stops, many="stops")],
)
