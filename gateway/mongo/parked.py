"""Parked keys as documents: shared by who writes them and who reads them.

One document for each parked key of one version of a read model, in `parked`. Its events are references to the log,
in `parked_events`: one for each event of the key itself, and one without a key for each event that reaches views by
their links. Which of those a view would have been reached by is known only once its own events are applied.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import Int64

LONGEST_TRACE = 8_000
"""How many characters are kept of an exception's traceback: the last ones, which say what it was."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """An event's place in the log: a commit's position, and the event's index in it. As text: `17.0`."""

    position: int
    index: int

    def __str__(self) -> str:
        return f"{self.position}.{self.index}"

    @property
    def stored(self) -> Int64:
        """A commit has 1,000 events at most, so the numbers follow each other in the log's order."""
        return Int64(self.position * 1_000 + self.index)

    @classmethod
    def of(cls, stored: int) -> "Place":
        return cls(*divmod(stored, 1_000))


@dataclass(frozen=True, slots=True)
class ParkedKey:
    """A parked key: `key` as it is stored, and the first event that its view lacks.

    `error` is the class of what the fold raised, `trace` all that Python says of it: it may hold personal data.
    """

    of: str
    key: Any
    place: Place
    event: str
    error: str
    trace: str
    at: datetime

    @property
    def name(self) -> str:
        return name_of(self.key)

    def document(self) -> dict[str, Any]:
        return {
            "_id": key_id(self.of, self.key),
            "of": self.of,
            "key": self.key,
            "name": self.name,
            "place": self.place.stored,
            "event": self.event,
            "error": self.error,
            "trace": self.trace[-LONGEST_TRACE:],
            "at": self.at,
        }


def key_id(of: str, key: Any) -> dict[str, Any]:
    """The `_id` of a parked key of the read model whose checkpoint is `of`."""
    return {"of": of, "key": key}


def name_of(key: Any) -> str:
    """A stored key as people read and write it."""
    return str(key)


def parked_of(document: Mapping[str, Any]) -> ParkedKey:
    return ParkedKey(
        document["of"],
        document["key"],
        Place.of(document["place"]),
        document["event"],
        document["error"],
        document["trace"],
        document["at"],
    )
