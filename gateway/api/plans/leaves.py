"""Leaves of an answer as expressions: for the values that are expected, just as graphql-core writes them."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any, NoReturn
from uuid import UUID

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLString,
)

from gateway.api.plans.source import Names, NotPlanned

_LIMIT = 2**31
_CLASSES: dict[str, type] = {"Decimal": Decimal, "DateTime": datetime, "Date": date}


class Unexpected(Exception):
    """A value that a plan does not expect: graphql-core's executor says what becomes of it."""


def unexpected(*_: object) -> NoReturn:
    raise Unexpected


def leaf(names: Names, type_: GraphQLLeafType, value: str) -> str:
    """An expression for what is written of a value that is not null. Raises NotPlanned for an unknown type."""
    held, refused = names.free(), names.of(unexpected)
    if isinstance(type_, GraphQLEnumType):
        return f"{names.of(_members(type_))}[{value}]"
    if type_ in (GraphQLString, GraphQLID) or _is_text(type_):
        return f"({held} if type({held} := {value}) is str else {names.of(_as_text(type_))}({held}))"
    if type_ is GraphQLBoolean:
        return f"({held} if type({held} := {value}) is bool else {refused}())"
    if type_ is GraphQLInt:
        whole = f"type({held} := {value}) is int and {-_LIMIT} <= {held} < {_LIMIT}"
        return f"({held} if {whole} else {names.of(_whole)}({held}))"
    class_ = _CLASSES.get(type_.name)
    if class_ is None:
        raise NotPlanned
    write = names.of(type_.coerce_output_value)
    return f"({write}({held}) if type({held} := {value}) is {names.of(class_)} else {refused}())"


def _is_text(type_: GraphQLLeafType) -> bool:
    """Whether it is a scalar that is written as Python's text of a value."""
    definition: Any = type_.extensions.get("strawberry-definition")
    return definition is not None and getattr(definition, "serialize", None) is str


def _as_text(type_: GraphQLLeafType) -> Callable[[Any], Any]:
    return _text if _is_text(type_) else unexpected


def _text(value: object) -> str:
    return str(value) if isinstance(value, int | UUID) else unexpected()


def _whole(value: object) -> int:
    """BSON's own integers of 64 bits are `int`s of another class."""
    if not isinstance(value, int) or isinstance(value, bool) or not -_LIMIT <= value < _LIMIT:
        unexpected()
    return value


def _members(type_: GraphQLEnumType) -> dict[Any, str]:
    """How each member of the application's enum is written."""
    wrapped: Any = getattr(type_, "wrapped_cls", None)
    if wrapped is None:
        raise NotPlanned
    values = [each.value for each in type_.values.values()]
    found = {each: type_.coerce_output_value(each) for each in (*wrapped, *values) if _is_shown(type_, each)}
    if not found:
        raise NotPlanned
    return found


def _is_shown(type_: GraphQLEnumType, member: Any) -> bool:
    try:
        hash(member)
        type_.coerce_output_value(member)
    except Exception:
        return False
    return True


def global_id_of(names: Names, kind: str, value: str) -> str:
    """An expression for the global id of a local one that is not null; a journal's are numbers."""
    held, other = names.free(), names.of(partial(_numbered, kind))
    return f"({f'{kind}:'!r} + {held} if type({held} := {value}) is str else {other}({held}))"


def _numbered(kind: str, value: object) -> str:
    return f"{kind}:{value}" if isinstance(value, int) else unexpected()


def listed(value: object) -> list[Any] | tuple[Any, ...]:
    return value if type(value) in (list, tuple) else unexpected()  # pyright: ignore[reportUnknownVariableType, reportReturnType] # of anything
