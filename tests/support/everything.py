"""An application that does nothing useful with every type that a field may have."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import NewType
from uuid import UUID

from gateway.application import Application, Stream

ThingId = NewType("ThingId", str)
Colour = NewType("Colour", str)


class Size(Enum):
    """How large a thing is."""

    SMALL = 1
    LARGE = "very"


@dataclass(frozen=True, slots=True)
class Part:
    """One of a thing's parts."""

    name: str
    weight: Decimal
    made: date | None


@dataclass(frozen=True, slots=True)
class ThingSeen:
    """Somebody saw a thing, with all that can be said of it."""

    thing: ThingId
    text: str
    amount: Decimal
    at: datetime
    day: date
    code: UUID
    number: int
    flag: bool
    size: Size
    colour: Colour
    part: Part
    parts: tuple[Part, ...]
    perhaps: tuple[Decimal | None, ...] | None
    note: str | None
    other: Part | None


@dataclass(frozen=True, slots=True)
class ThingLost:
    """Nobody sees the thing any more."""

    thing: ThingId


def evolve(seen: int, event: ThingSeen | ThingLost) -> int:
    return seen + 1


application = Application([Stream(ThingId, 0, evolve)], [], [])
