"""Values of views as MongoDB holds and orders them.

The order is that of BSON (mongodb.com/docs/manual/reference/bson-type-comparison-order): null before numbers
before texts before objects and so on. It is needed here to intersect ranges with cursors.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Context, Decimal
from functools import cache
from types import NoneType
from typing import Any, TypeAlias
from uuid import UUID

import bson
from bson import BSON, Int64, MaxKey, MinKey
from bson.decimal128 import Decimal128, create_decimal128_context
from bson.errors import BSONError

from gateway.application.types import is_new_type, item_of, optional
from gateway.errors import BadInput
from gateway.mongo.client import OPTIONS
from gateway.mongo.codec import value_encoder

FIRST, LAST = MinKey(), MaxKey()
"""What comes before and behind every value."""

BEHIND_TEXT: dict[str, Any] = {}
"""The first value of the type that comes behind texts."""

Rank: TypeAlias = tuple[Any, ...]

_DECIMALS: Context = create_decimal128_context()
_SURROGATES = range(0xD800, 0xE000)


def stored(annotation: Any, value: Any, name: str) -> Any:
    """What a field's value is stored as. Raises BadInput for one that the field can't have.

    The value's class is checked, so nothing that a client sends can be read as an operator or a pattern.
    """
    class_, nullable = _class(annotation)
    if class_ is str and type(value) is str and value.isascii():
        return value  # as it would come back
    if value is None and nullable:
        return None
    if not isinstance(value, class_):
        raise BadInput(f"{name} has no values of this kind.", (name,))
    try:
        document = packed({"": value_encoder(optional(annotation)[0])(value)})
    except (ValueError, ArithmeticError, BSONError):
        raise BadInput(f"{name} has no such value.", (name,)) from None
    return unpacked(document)[""]


def packed(content: dict[str, Any]) -> bytes:
    """Stored values as BSON."""
    return bson.encode(content, codec_options=OPTIONS)


def unpacked(document: bytes) -> dict[str, Any]:
    """What `packed` was given, as MongoDB would give it back."""
    return BSON(document).decode(codec_options=OPTIONS)


@cache
def _class(annotation: Any) -> tuple[Any, bool]:
    """Of what class a field's values are, and whether there may be none."""
    inner, nullable = optional(annotation)
    if is_new_type(inner):
        return inner.__supertype__, nullable
    return (tuple if item_of(inner) is not None else inner), nullable


def rank(value: Any) -> Rank:
    """A key that sorts stored values as MongoDB does."""
    type_, key = _ORDER[type(value)]
    return (type_, key(value))


def successor(value: Any) -> Any:
    """The value that comes directly behind a stored one: nothing is stored in between."""
    return _SUCCESSORS[type(value)](value)


def _object(value: Mapping[str, Any]) -> Rank:
    """Objects are compared field by field: first the type, then the name, then the value."""
    ranked = ((name, rank(each)) for name, each in value.items())
    return tuple((type_, name, key) for name, (type_, key) in ranked)


def _array(value: Sequence[Any]) -> Rank:
    return tuple(map(rank, value))


def _itself(value: Any) -> Any:
    return value


def _alone(_: Any) -> Any:
    """For types of a single value."""
    return ()


_ORDER: Mapping[type, tuple[int, Callable[[Any], Any]]] = {
    MinKey: (0, _alone),
    NoneType: (1, _alone),
    int: (2, Decimal),
    Int64: (2, Decimal),
    Decimal128: (2, Decimal128.to_decimal),
    str: (3, _itself),
    dict: (4, _object),
    list: (5, _array),
    UUID: (6, _itself),
    bool: (8, _itself),
    datetime: (9, _itself),
    MaxKey: (127, _alone),
}

_SUCCESSORS: Mapping[type, Callable[[Any], Any]] = {
    int: lambda value: Int64(value + 1),
    Int64: lambda value: Int64(value + 1),
    Decimal128: lambda value: Decimal128(_DECIMALS.next_plus(value.to_decimal())),
    str: lambda value: value + "\0",
    dict: lambda value: {**value, "": FIRST},
    list: lambda value: [*value, FIRST],
    UUID: lambda value: UUID(int=value.int + 1) if value.int + 1 < 1 << 128 else LAST,
    bool: lambda value: LAST if value else True,
    datetime: lambda value: value + timedelta(milliseconds=1),
}


def behind_prefix(prefix: str) -> Any:
    """The first value behind every text that begins with `prefix`: its last character raised by one."""
    kept = prefix.rstrip("\U0010ffff")
    if not kept:
        return BEHIND_TEXT
    raised = ord(kept[-1]) + 1
    return kept[:-1] + chr(_SURROGATES.stop if raised in _SURROGATES else raised)
