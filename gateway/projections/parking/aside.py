"""What a batch leaves aside: keys whose fold raised, and the events that wait for them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import bson

from gateway.mongo.client import OPTIONS
from gateway.mongo.parked import Place
from gateway.projections.folding.reach import Step

_LARGEST = 16_000_000
"""Bytes of a document that MongoDB takes with room to spare (16 MiB)."""


@dataclass(frozen=True, slots=True)
class Aside:
    """What was parked before: `keys`, as stored, of those that a batch may reach; `any` of the whole read model."""

    keys: frozenset[Any] = frozenset()
    any: bool = False


NOTHING_ASIDE = Aside()


@dataclass(frozen=True, slots=True)
class Park:
    """A stored key that is parked from this event on: its view stays as it was before."""

    key: Any
    step: Step
    error: Exception
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Kept:
    """An event that waits for a stored key; with None, for whichever parked views it reaches by a link."""

    key: Any
    place: Place


class Unstorable(Exception):
    """A view can't be stored; at which event that began is found by looking at each."""


@dataclass
class Parking:
    """Keeps a fold from the keys that are parked, and notes what is parked and kept on the way.

    `thorough` says that every single view is to be tried whether it can be stored.
    """

    store_key: Callable[[Any], Any]
    before: Aside
    thorough: bool = False
    parks: dict[Any, Park] = field(default_factory=dict[Any, Park])
    kept: list[Kept] = field(default_factory=list[Kept])

    def __post_init__(self) -> None:
        self.active = self.before.any

    def holds(self, key: Any) -> bool:
        """Whether a key is parked; asked for only while anything is (`active`)."""
        stored = self.store_key(key)
        return stored in self.before.keys or stored in self.parks

    def park(self, key: Any, step: Step, error: Exception) -> None:
        stored = self.store_key(key)
        self.parks[stored] = Park(stored, step, error)
        self.active = True

    def keep(self, step: Step) -> None:
        """Note an event that its view, or a view that it may reach, has to wait for."""
        if step.links:
            self.kept.append(Kept(None, place_of(step)))
        elif self.holds(step.key):
            self.kept.append(Kept(self.store_key(step.key), place_of(step)))


def check_storable(document: dict[str, Any]) -> None:
    """Raises where MongoDB would not take a document."""
    if len(bson.encode(document, codec_options=OPTIONS)) > _LARGEST:
        raise OverflowError(f"The view has more than {_LARGEST} bytes.")


def place_of(step: Step) -> Place:
    return Place(step.recorded.position, step.recorded.index)
