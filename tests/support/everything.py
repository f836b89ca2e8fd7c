"""An application that does nothing useful with every type that a field may have."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
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

LOST = ThingLost(ThingId("a"))
SEEN = ThingSeen(
    thing=ThingId("a"),
    text="text",
    amount=Decimal("1.50"),
    at=datetime(2026, 1, 31, 12, tzinfo=UTC),
    day=date(2026, 1, 31),
    code=UUID(int=1),
    number=1,
    flag=True,
    size=Size.LARGE,
    colour=Colour("red"),
    part=Part("part", Decimal("0.10"), None),
    parts=(),
    perhaps=None,
    note=None,
    other=None,
)
