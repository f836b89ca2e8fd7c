"""Commands out of inputs: the application's own values, built and checked, or one sentence about what is wrong."""

import unicodedata
from collections.abc import Sequence
from enum import Enum
from typing import Any

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
    for name, annotation in fields_of(type_).items():
        shown = id_field(name) if is_id(optional(annotation)[0]) else name
        found[name] = _value(annotation, given(getattr(values, shown)), text_limit, (*path, camel(shown)))
    try:
        return type_(**found)
    except ValueError as error:
        raise BadInput(str(error) or f"This is no {type_.__name__}.", path) from error


def _value(annotation: Any, value: Any, text_limit: int, path: Sequence[str]) -> Any:
    inner, _ = optional(annotation)
    item = item_of(inner)
    if value is None:
        return None
    if item is not None:
        return tuple(_value(item, each, text_limit, (*path, str(index))) for index, each in enumerate(value))
    if is_id(inner):
        return local_id(inner.__name__.removesuffix("Id"), value, path)
    if is_enum(inner):
        return value.value if isinstance(value, Enum) and not isinstance(value, inner) else value
    if is_data(inner):
        return built(inner, value, text_limit, path)
    return checked_text(value, text_limit, path) if isinstance(value, str) else value


def checked_text(text: str, limit: int, path: Sequence[str]) -> str:
    """The text as it is. Raises BadInput when it is too long or holds what no text should."""
    if len(text) > limit:
        raise BadInput(f"A text here has at most {limit:,} characters.", path)
    if any(unicodedata.category(each) in ("Cc", "Cs", "Cn") and each not in _LINES for each in text):
        raise BadInput("A text has no control characters, no lone surrogates and no unassigned code points.", path)
    return text
