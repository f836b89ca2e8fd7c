"""Stored events of earlier schemas, understood as today's: upcasters see plain Python, the log holds BSON."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, cast

from bson.decimal128 import Decimal128

from gateway.application.model import Model
from gateway.application.upcasting import Lifted, UpcastFailed, lift
from gateway.messages import DroppedEvent
from gateway.mongo.codec import decoder


def upcast(model: Model, event: Mapping[str, Any]) -> list[object]:
    """The events that a stored one of an earlier schema means, in order; DroppedEvent for one without a meaning.

    Raises UpcastFailed where an upcaster raises, or gives data that is no event of the same stream.
    """
    name, schema = event["type"], event["schema"]
    found = lift(model, name, schema, plain(event["data"]))
    try:
        return [DroppedEvent(name, schema) if each is None else _made(each, event["stream"]) for each in found]
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise UpcastFailed(name, schema, error) from error


def _made(lifted: Lifted, stream: str) -> object:
    made = decoder(lifted.type.type)(stored(lifted.data))
    if lifted.type.stream(made) != stream:
        raise ValueError(f"{lifted.type.name} would belong to another stream")
    return made


def plain(value: Any) -> Any:
    """What is stored, as upcasters are given it: a Decimal for a Decimal128, the rest as it is, in new dicts."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [plain(each) for each in cast("list[Any]", value)]
    return value.to_decimal() if isinstance(value, Decimal128) else value


def stored(value: Any) -> Any:
    """What upcasters give, as it would be stored: they may give an enum's member, a date and a tuple, too."""
    match value:
        case dict():
            return {name: stored(each) for name, each in cast("dict[str, Any]", value).items()}
        case list() | tuple():
            return [stored(each) for each in cast("list[Any]", value)]
        case Enum():
            return value.name
        case Decimal():
            return Decimal128(value)
        case date() if not isinstance(value, datetime):
            return value.isoformat()
        case _:
            return value
