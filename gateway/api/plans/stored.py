"""Values of a view, read from its document: what is not selected is not decoded."""

from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from graphql import GraphQLLeafType, is_leaf_type

from gateway.api.plans.leaves import unexpected
from gateway.api.plans.source import Names
from gateway.api.scalars import STANDARD
from gateway.application.types import is_new_type
from gateway.mongo.codec import TEXTS, value_decoder

_AS_THEY_ARE = (str, int, bool, datetime, UUID)


def decoded(names: Names, annotation: Any, value: str) -> str:
    """An expression for the value of a stored one that is not null."""
    inner = annotation.__supertype__ if is_new_type(annotation) else annotation
    return value if inner in _AS_THEY_ARE else f"{names.of(value_decoder(inner))}({value})"


def text(names: Names, type_: Any, annotation: Any) -> Callable[[str], str] | None:
    """From the expression of a stored value to that of its text, where it need not be decoded for that."""
    if annotation not in TEXTS or not is_leaf_type(type_) or type_.name != STANDARD[annotation].name:
        return None
    class_, write = TEXTS[annotation]

    def written(value: str) -> str:
        held, refused = names.free(), names.of(unexpected)
        return f"({names.of(write)}({held}) if type({held} := {value}) is {names.of(class_)} else {refused}())"

    return written


def member(names: Names, type_: GraphQLLeafType, enum: type[Enum], value: str) -> str:
    """An expression for what is written of a stored member of an enum."""
    written: dict[str, str] = {name: type_.coerce_output_value(each) for name, each in enum.__members__.items()}
    return f"{names.of(written)}[{value}]"
