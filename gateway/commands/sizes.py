"""How much memory a state takes, about."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, cast


def size_of(state: Any) -> int:
    """The bytes of a state and of all that it holds, each object once; of an unknown class its own alone."""
    size, seen, ahead = 0, set[int](), [state]
    while ahead:
        value = ahead.pop()
        if id(value) in seen or value is None or isinstance(value, bool | Enum | type):
            continue
        seen.add(id(value))
        size += sys.getsizeof(value)
        ahead += _held(value)
    return size


def _held(value: Any) -> Iterable[Any]:
    if is_dataclass(value):
        return [getattr(value, each.name) for each in fields(value)]
    match value:
        case Mapping():
            return [each for item in cast("Mapping[Any, Any]", value).items() for each in item]
        case tuple() | list() | set() | frozenset():
            return cast("Iterable[Any]", value)
        case _:
            return ()
