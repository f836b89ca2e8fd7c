"""What is told of a view that is followed."""

from dataclasses import dataclass
from enum import Enum

from gateway.queries.viewed import Viewed


class Change(Enum):
    """What became of a view, as seen by who follows it."""

    ENTERED = "ENTERED"
    CHANGED = "CHANGED"
    LEFT = "LEFT"


@dataclass(frozen=True, slots=True)
class Changed:
    """A view as it was when a read model had reached a position, None once it left."""

    cursor: str
    change: Change
    id: str
    position: int
    view: Viewed | None
