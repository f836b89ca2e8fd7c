"""Values of a view, of what is shown of its document: what is not selected is not decoded."""

from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from graphql import GraphQLLeafType

from gateway.api.plans.source import Names
from gateway.application.types import plain
from gateway.mongo.codec import value_decoder

_AS_THEY_ARE = (str, int, bool, datetime, UUID)


def decoded(names: Names, annotation: Any, value: str) -> str:
    """An expression for the value of a stored one that is not null."""
    inner = plain(annotation)
    return value if inner in _AS_THEY_ARE else f"{names.of(value_decoder(inner))}({value})"


def member(names: Names, type_: GraphQLLeafType, enum: type[Enum], value: str) -> str:
    """An expression for what is written of a stored member of an enum."""
    written: dict[str, str] = {name: type_.coerce_output_value(each) for name, each in enum.__members__.items()}
    return f"{names.of(written)}[{value}]"
