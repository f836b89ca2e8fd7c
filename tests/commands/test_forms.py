"""Whether a state would come back from its snapshot as it was: equal is not enough."""

from collections import Counter, OrderedDict, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any

import pytest
from bson.int64 import Int64
from bson.tz_util import utc

from gateway.commands.forms import is_same


class Size(IntEnum):
    SMALL = 1


class Colour(Enum):
    RED = 1


class Name(str):
    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Item:
    value: Any


@dataclass(frozen=True, slots=True)
class Other:
    value: Any


@dataclass
class Open:
    value: Any


def extended() -> Open:
    """An instance with an attribute that is no field."""
    made = Open(1)
    made.__dict__["more"] = 2
    return made


Pairs = list[tuple[Any, Any]]

OTHERS: Pairs = [
    (1, True),
    (1, Size.SMALL),
    (1, 1.0),
    (0.0, -0.0),
    ("a", Name("a")),
    (Decimal("1.0"), Decimal("1.00")),
    (Decimal(0), Decimal("-0")),
    (b"a", bytearray(b"a")),
    ((1,), [1]),
    ({1}, frozenset({1})),
    ({1}, {True}),
    ({}, defaultdict(int)),
    ({"a": 1}, Counter("a")),
    ({"a": 1}, OrderedDict(a=1)),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ({1: "a"}, {True: "a"}),
    ({"a": 1}, {"a": 1, "b": 2}),
    ((1, 2), (1,)),
    ((), (1,)),
    (Item(1), Other(1)),
    (Open(1), extended()),
]

SAME: Pairs = [
    (2**40, Int64(2**40)),
    (Decimal("NaN"), Decimal("NaN")),
    (Decimal("1E+3"), Decimal("1E+3")),
    (float("nan"), float("nan")),
    ({Item(1), Item(2)}, {Item(2), Item(1)}),
    ({"a": [1, None, "x"]}, {"a": [1, None, "x"]}),
    (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=utc)),
    (Colour.RED, Colour.RED),
    (Open({}), Open({})),
]


@pytest.mark.parametrize(("one", "other"), OTHERS, ids=str)
def test_what_is_equal_but_not_the_same_is_found_at_every_depth(one: Any, other: Any) -> None:
    assert not is_same(one, other)
    assert not is_same({"a": (Item(one),)}, {"a": (Item(other),)})


@pytest.mark.parametrize(("one", "other"), SAME, ids=str)
def test_what_comes_back_is_the_same(one: Any, other: Any) -> None:
    assert is_same(one, other)
    assert is_same([{"a": Item(one)}], [{"a": Item(other)}])
