"""What a field is stored as, described in JSON: the words of the contract, examples of them, and what fits them.

    "string" · "integer" · "boolean" · "decimal" · "datetime" · "date" · "uuid"
    {"optional": shape} · {"list": shape} · {"enum": [member, …]} · {"fields": {name: shape, …}}

Names of classes and NewTypes are not in it: they are not stored.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, TypeAlias, cast
from uuid import UUID

from gateway.application.types import fields_of, is_data, is_enum, is_new_type, item_of, optional

Shape: TypeAlias = Any
"""One of the above, as JSON has it."""

_NAMES: Mapping[Any, str] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    Decimal: "decimal",
    datetime: "datetime",
    date: "date",
    UUID: "uuid",
    Any: "anything",
}
_EXAMPLES: Mapping[str, Any] = {
    "string": "text",
    "integer": 7,
    "decimal": "12.50",
    "datetime": "2026-01-31T12:00:00+00:00",
    "date": "2026-01-31",
    "uuid": "6ba7b810-9dad-41d1-80b4-00c04fd430c8",
}
_REVIVED: Mapping[str, Callable[[str], Any]] = {
    "decimal": Decimal,
    "datetime": datetime.fromisoformat,
    "uuid": UUID,
}
_HELD: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "decimal": (Decimal,),
    "datetime": (datetime,),
    "date": (str, date),
    "uuid": (UUID,),
}
"""What a plain value of a shape is; a date is ISO text, and may be given as a date."""


def shape(annotation: Any) -> Shape:
    """The shape of a field's type."""
    inner, nullable = optional(annotation)
    if nullable:
        return {"optional": shape(inner)}
    if (item := item_of(inner)) is not None:
        return {"list": shape(item)}
    if is_enum(inner):
        return {"enum": [each.name for each in inner]}
    if is_data(inner):
        return {"fields": shapes(inner)}
    return _NAMES[str if is_new_type(inner) else inner]


def shapes(type_: type) -> dict[str, Shape]:
    """The shapes of a dataclass's fields."""
    return {name: shape(each) for name, each in fields_of(type_).items()}


@dataclass(frozen=True, slots=True)
class Change:
    """A difference between two shapes; `harmless` if whoever reads the one also reads the other."""

    sentence: str
    harmless: bool = False


def changes(old: Shape, new: Shape, path: str = "") -> Iterator[Change]:
    """Where two shapes differ. The one harmless difference is another member of an enum."""
    match old, new:
        case {"fields": before}, {"fields": after}:
            for name in [*before, *(each for each in after if each not in before)]:
                yield from _field_changes(before, after, name, f"{path}.{name}" if path else name)
        case ({"optional": before}, {"optional": after}) | ({"list": before}, {"list": after}):
            yield from changes(before, after, path)
        case {"enum": before}, {"enum": after}:
            for each in before:
                if each not in after:
                    yield Change(f"`{path}` has no member {each} any more")
            for each in after:
                if each not in before:
                    yield Change(f"`{path}` has another member, {each}", harmless=True)
        case _:
            if old != new:
                yield Change(f"`{path}` was {worded(old)} and is {worded(new)}")


def _field_changes(before: Any, after: Any, name: str, path: str) -> Iterator[Change]:
    if name not in after:
        yield Change(f"`{path}` is gone")
    elif name not in before:
        yield Change(f"`{path}` is new")
    else:
        yield from changes(before[name], after[name], path)


def worded(found: Shape) -> str:
    match found:
        case {"optional": inner}:
            return f"optional {worded(inner)}"
        case {"list": inner}:
            return f"list of {worded(inner)}"
        case {"fields": inner}:
            return f"({', '.join(inner)})"
        case {"enum": members}:
            return f"one of {', '.join(members)}"
        case _:
            return str(found)


def variants(found: Shape) -> int:
    """How many examples show every member of every enum, each list empty and not, each optional there and not."""
    match found:
        case {"optional": inner} | {"list": inner}:
            return 1 + variants(inner)
        case {"fields": inner}:
            return max(map(variants, inner.values()), default=1)
        case {"enum": members}:
            return len(members)
        case _:
            return 2 if found == "boolean" else 1


def example(found: Shape, number: int) -> Any:
    """The JSON of a value: of the `variants` the one of this number, from 0."""
    match found:
        case {"optional": inner}:
            return None if number % variants(found) == variants(inner) else example(inner, number)
        case {"list": inner}:
            return [] if number % variants(found) == variants(inner) else [example(inner, number)]
        case {"fields": inner}:
            return {name: example(each, number) for name, each in inner.items()}
        case {"enum": members}:
            return members[number % len(members)]
        case "boolean":
            return number % 2 == 0
        case _:
            return _EXAMPLES[found]


def revived(found: Shape, value: Any) -> Any:
    """The plain Python value of a value in JSON, as upcasters are given it; what does not fit stays as it is."""
    match found, value:
        case ({"optional": _} | {"list": _} | {"fields": _}, None):
            return None
        case {"optional": inner}, _:
            return revived(inner, value)
        case {"list": inner}, list():
            return [revived(inner, each) for each in cast("list[Any]", value)]
        case {"fields": inner}, dict():
            held = cast("dict[str, Any]", value)
            return {name: revived(inner[name], each) if name in inner else each for name, each in held.items()}
        case str(), str() if found in _REVIVED:
            return _REVIVED[found](value)
        case _:
            return value


def misfits(found: Shape, value: Any, path: str = "") -> Iterator[str]:
    """Why a plain value, or one that an upcaster gives, is none of a shape. Further fields do no harm."""
    match found, value:
        case {"optional": inner}, _:
            yield from misfits(inner, value, path) if value is not None else ()
        case {"list": inner}, list() | tuple():
            for index, each in enumerate(cast("Sequence[Any]", value)):
                yield from misfits(inner, each, f"{path}[{index}]")
        case {"fields": inner}, dict():
            held = cast("dict[str, Any]", value)
            for name, each in inner.items():
                where = f"{path}.{name}" if path else name
                yield from misfits(each, held[name], where) if name in held else [f"`{where}` is missing"]
        case {"enum": members}, _:
            if (value.name if isinstance(value, Enum) else value) not in members:
                yield f"`{path}` is {value!r}, not {worded(found)}"
        case _:
            if isinstance(found, dict) or not _is_held(found, value):
                yield f"`{path}` is {value!r}, not {worded(found)}"


def _is_held(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, _HELD[name]) and not (name == "date" and isinstance(value, datetime))
