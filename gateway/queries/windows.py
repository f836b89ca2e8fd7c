"""Stretches of an index: where a range or a cursor begins and ends, in the index's own order."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from gateway.errors import BadInput
from gateway.queries.pages import Range
from gateway.queries.values import BEHIND_TEXT, FIRST, LAST, behind_prefix, rank, successor

Place: TypeAlias = tuple[Any, ...]
"""Stored values of an index's fields behind those that are equal: a point in its order."""


def _order(place: Place) -> tuple[Any, ...]:
    return tuple(map(rank, place))


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch from `lower`, which belongs to it, to `upper`, which does not."""

    lower: Place
    upper: Place

    @property
    def empty(self) -> bool:
        return _order(self.lower) >= _order(self.upper)

    def between(self, lower: Place | None, upper: Place | None) -> "Window":
        """The part of this window behind one place and before another; the places are not in it."""
        start = self.lower if lower is None else max(self.lower, just_behind(lower), key=_order)
        end = self.upper if upper is None else min(self.upper, upper, key=_order)
        return Window(start, end)

    def up_to(self, place: Place) -> "Window":
        """The part of this window up to a place, with it."""
        return Window(self.lower, min(self.upper, just_behind(place), key=_order))

    def from_(self, place: Place) -> "Window":
        """The part of this window from a place on, with it."""
        return Window(max(self.lower, place, key=_order), self.upper)

    def holds(self, place: Place) -> bool:
        """Whether a place lies in this window."""
        return _order(self.lower) <= _order(place) < _order(self.upper)

    def condition(self) -> dict[str, Any]:
        """The bounds on the first field in the query language, whose comparisons leave nulls out by themselves."""
        first, last = self.lower[0], self.upper[0]
        found: dict[str, Any] = {}
        if first is None and last == LAST:
            found["$ne"] = None
        if first is not None and first != FIRST:
            found["$gt" if self.lower[1:] and self.lower[1] == LAST else "$gte"] = first
        if last not in (LAST, BEHIND_TEXT):
            found["$lte" if self.upper[1:] and self.upper[1] == LAST else "$lt"] = last
        return found


def just_behind(place: Place) -> Place:
    """The place directly behind another one."""
    return (*place[:-1], successor(place[-1]))


def window(range_: Range, width: int, held: Callable[[Any], Any]) -> Window:
    """The stretch that a range on the first of `width` fields leaves; `held` gives what a value is stored as."""
    lower = [(FIRST,) * width, *_lower_ends(range_, width, held)]
    upper = [(LAST,) * width, *_upper_ends(range_, width, held)]
    if len(lower) == 1 and len(upper) > 1:
        lower.append(_end(None, width, behind=True))
    return Window(max(lower, key=_order), min(upper, key=_order))


def _lower_ends(range_: Range, width: int, held: Callable[[Any], Any]) -> list[Place]:
    found: list[Place] = []
    if range_.gt is not None:
        found.append(_end(held(range_.gt), width, behind=True))
    if range_.gte is not None:
        found.append(_end(held(range_.gte), width, behind=_rounded(range_.gte)))
    if range_.prefix is not None:
        found.append(_end(_text(held(range_.prefix)), width, behind=False))
    if range_.null is not None:
        found.append(_end(None, width, behind=not range_.null))
    return found


def _upper_ends(range_: Range, width: int, held: Callable[[Any], Any]) -> list[Place]:
    found: list[Place] = []
    if range_.lt is not None:
        found.append(_end(held(range_.lt), width, behind=_rounded(range_.lt)))
    if range_.lte is not None:
        found.append(_end(held(range_.lte), width, behind=True))
    if range_.prefix is not None:
        found.append(_end(behind_prefix(_text(held(range_.prefix))), width, behind=False))
    if range_.null:
        found.append(_end(None, width, behind=True))
    return found


def _end(value: Any, width: int, behind: bool) -> Place:
    """The place before or behind everything that has this value."""
    if width == 1:
        return (successor(value) if behind else value,)
    return (value, *[LAST if behind else FIRST] * (width - 1))


def _rounded(value: Any) -> bool:
    """Whether a time falls between two that can be stored: then what is stored as it lies before it."""
    return isinstance(value, datetime) and value.microsecond % 1000 > 0


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise BadInput("Only texts have a prefix.", ("prefix",))
    return value
