"""Questions about annotations: which classes a union holds, what is an id, what may be left out."""

import types
from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, NewType, Union, get_args, get_origin, get_type_hints
from uuid import UUID

NOTHING = type(None)
SCALARS = (str, bool, int, Decimal, datetime, date, UUID)


def members(annotation: Any) -> tuple[Any, ...]:
    """The members of a union, in order; of anything else, itself."""
    if get_origin(annotation) in (Union, types.UnionType):
        return get_args(annotation)
    return (annotation,)


def opened(annotation: Any) -> Iterator[Any]:
    """What a union, a tuple or a union in a tuple holds."""
    for member in members(annotation):
        if get_origin(member) is tuple:
            yield from (each for item in get_args(member) if item is not Ellipsis for each in opened(item))
        else:
            yield member


def optional(annotation: Any) -> tuple[Any, bool]:
    """`X | None` as (X, True); anything else as (itself, False)."""
    found = members(annotation)
    if NOTHING not in found:
        return annotation, False
    rest = tuple(each for each in found if each is not NOTHING)
    return (rest[0] if len(rest) == 1 else Union[rest]), True  # noqa: UP007 # the members are a value here


def is_new_type(annotation: Any) -> bool:
    return isinstance(annotation, NewType)


def plain(annotation: Any) -> Any:
    """What a NewType's values are; anything else, itself."""
    return annotation.__supertype__ if is_new_type(annotation) else annotation


def is_id(annotation: Any) -> bool:
    """An id is a NewType over str whose name ends in `Id`."""
    return is_new_type(annotation) and annotation.__supertype__ is str and annotation.__name__.endswith("Id")


def is_enum(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Enum)


def is_data(annotation: Any) -> bool:
    return isinstance(annotation, type) and is_dataclass(annotation)


def item_of(annotation: Any) -> Any | None:
    """The X of `tuple[X, ...]`; None for anything else."""
    arguments = get_args(annotation)
    if get_origin(annotation) is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return arguments[0]
    return None


def set_of(annotation: Any) -> Any | None:
    """The X of `frozenset[X]` and `set[X]`; None for anything else."""
    arguments = get_args(annotation)
    return arguments[0] if get_origin(annotation) in (frozenset, set) else None


def mapping_of(annotation: Any) -> tuple[Any, Any] | None:
    """The K and V of `dict[K, V]` and `Mapping[K, V]`; None for anything else."""
    if get_origin(annotation) not in (dict, Mapping):
        return None
    key, value = get_args(annotation)
    return key, value


def fields_of(type_: Any) -> dict[str, Any]:
    """A dataclass's fields with their annotations resolved, in order."""
    return {**_fields_of(type_)}


@cache
def _fields_of(type_: Any) -> Mapping[str, Any]:
    hints = get_type_hints(type_, include_extras=True)
    return {name: hints[name] for name in type_.__dataclass_fields__}


def is_exact(annotation: Any, within: tuple[Any, ...] = ()) -> bool:
    """Whether a value of this type comes back from a document as it was, so that a state may be of it."""
    if annotation is NOTHING:
        return False
    inner, _ = optional(annotation)
    parts = members(inner)
    if len(parts) > 1:
        named = {getattr(each, "__name__", each) for each in parts if is_data(each)}
        return len(named) == len(parts) and all(is_exact(each, within) for each in parts)
    if (held := item_of(inner) or set_of(inner)) is not None:
        return is_exact(held, within)
    if (pair := mapping_of(inner)) is not None:
        return all(is_exact(each, within) for each in pair)
    if is_data(inner):
        return inner not in within and all(is_exact(each, (*within, inner)) for each in fields_of(inner).values())
    if is_new_type(inner):
        return is_exact(inner.__supertype__, within)
    return inner in (*SCALARS, float, bytes) or is_enum(inner)


def problem_with(annotation: Any, within: tuple[Any, ...] = ()) -> str | None:
    """Why a field can't have this type, in an object of each class `within`; None where it can."""
    inner, _ = optional(annotation)
    item = item_of(inner)
    if item is not None:
        return problem_with(item, within)
    if inner in SCALARS or is_enum(inner) or (is_new_type(inner) and inner.__supertype__ is str):
        return None
    if inner in within:
        return f"{inner.__name__} holds itself: a value would have no end to its fields"
    if is_data(inner):
        found = (problem_with(each, (*within, inner)) for each in fields_of(inner).values())
        return next(filter(None, found), None)
    return f"{getattr(inner, '__name__', inner)} is no type of a field (a float never is: use Decimal)"
