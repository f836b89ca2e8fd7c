"""Commands out of inputs: the application's own values, built and checked, or one sentence about what is wrong."""

import unicodedata
from collections.abc import Callable, Sequence
from enum import Enum
from functools import cache, partial
from typing import Any, TypeAlias

import strawberry

from gateway.api.ids import local_id
from gateway.application.naming import camel, id_field
from gateway.application.types import fields_of, is_data, is_enum, is_id, item_of, optional
from gateway.errors import BadInput

_LINES = "\n\t"


def given(value: Any) -> Any:
    """What a client gave; None for null and for what was left out."""
    return None if value is strawberry.UNSET else value


def built(type_: type, values: Any, text_limit: int, path: Sequence[str]) -> Any:
    """An instance of a dataclass from the input made beside it. Raises BadInput with the path of a bad value."""
    found: dict[str, Any] = {}
    for name, shown, path_name, convert in _fields(type_):
        value = given(getattr(values, shown))
        found[name] = None if value is None else convert(value, text_limit, (*path, path_name))
    try:
        return type_(**found)
    except ValueError as error:
        raise BadInput(str(error) or f"This is no {type_.__name__}.", path) from error


_Convert: TypeAlias = Callable[[Any, int, Sequence[str]], Any]
"""From a value of an input that is not null, with the longest text that is taken and the value's path."""


@cache
def _fields(type_: type) -> list[tuple[str, str, str, _Convert]]:
    """The fields of a dataclass: what each is called in it, in its input, and in a path."""
    found: list[tuple[str, str, str, _Convert]] = []
    for name, annotation in fields_of(type_).items():
        inner, _ = optional(annotation)
        shown = id_field(name) if is_id(inner) else name
        found.append((name, shown, camel(shown), _converter(inner)))
    return found


def _converter(annotation: Any) -> _Convert:
    inner, _ = optional(annotation)
    if (item := item_of(inner)) is not None:
        return partial(_items, _converter(item))
    if is_id(inner):
        kind = inner.__name__.removesuffix("Id")
        return lambda value, _limit, path: local_id(kind, value, path)
    if is_enum(inner):
        return lambda value, _limit, _path: _member(inner, value)
    return partial(built, inner) if is_data(inner) else _leaf


def _items(convert: _Convert, values: Any, text_limit: int, path: Sequence[str]) -> tuple[Any, ...]:
    listed = enumerate(values)
    return tuple(None if each is None else convert(each, text_limit, (*path, str(at))) for at, each in listed)


def _member(enum: type[Enum], value: Any) -> Any:
    return value.value if isinstance(value, Enum) and not isinstance(value, enum) else value


def _leaf(value: Any, text_limit: int, path: Sequence[str]) -> Any:
    return checked_text(value, text_limit, path) if isinstance(value, str) else value


def checked_text(text: str, limit: int, path: Sequence[str]) -> str:
    """The text as it is. Raises BadInput when it is too long or holds what no text should."""
    if len(text) > limit:
        raise BadInput(f"A text here has at most {limit:,} characters.", path)
    if text.isprintable():  # mostly: nothing of what follows is
        return text
    if any(unicodedata.category(each) in ("Cc", "Cs", "Cn") and each not in _LINES for each in text):
        raise BadInput("A text has no control characters, no lone surrogates and no unassigned code points.", path)
    return text
