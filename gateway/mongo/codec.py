"""Frozen dataclasses to BSON documents and back, by functions generated once a class.

A Decimal is stored as Decimal128, a datetime as a Date (UTC, milliseconds), a date as ISO text, an enum by
the name of its member, a tuple as an array; everything else as it is. States hold more than events and views:
a set is an array, a mapping one of pairs, and of a union of classes the class is named. Generated, because this
runs for every event and every view: a plain dict display costs a third of a loop over fields.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, get_origin

from bson.decimal128 import Decimal128

from gateway.application.types import (
    fields_of,
    is_data,
    is_enum,
    is_new_type,
    item_of,
    mapping_of,
    members,
    optional,
    set_of,
)

Encoder = Callable[[Any], dict[str, Any]]
Decoder = Callable[[Mapping[str, Any]], Any]

_COEFFICIENT = (1 << 113) - 1
_BIAS, _DIGITS = 6176, 34
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 # BSON's moments are in UTC, and so is what is made of them
_KEPT = 16_384
"""How many texts are kept of each kind, some 3 MB of memory."""


@cache
def encoder(type_: type, key: str | None = None) -> Encoder:
    """Document of a dataclass's instance; the field `key` is stored as `_id`.

    It raises ValueError or ArithmeticError where a value would come back as another one.
    """
    source = _Source(exact=True)
    items = [
        f"{_stored(name, key)!r}: {source.encode(f'value.{name}', annotation)}"
        for name, annotation in fields_of(type_).items()
    ]
    return source.function("value", f"{{{', '.join(items)}}}")


@cache
def decoder(type_: type, key: str | None = None) -> Decoder:
    """Instance of a dataclass from its document; KeyError where a field is missing."""
    source = _Source()
    made = source.name(type_)
    arguments = [
        source.decode(f"document[{_stored(name, key)!r}]", annotation)
        for name, annotation in fields_of(type_).items()
    ]
    return source.function("document", f"{made}({', '.join(arguments)})")


@cache
def value_encoder(annotation: Any, exact: bool = False) -> Callable[[Any], Any]:
    """What a single value of a field's or a state's type is stored as; `exact` as with `encoder`."""
    source = _Source(exact)
    return source.function("value", source.encode("value", annotation))


@cache
def value_decoder(annotation: Any) -> Callable[[Any], Any]:
    """A single value of a field's or a state's type from what is stored."""
    source = _Source()
    return source.function("value", source.decode("value", annotation))


def _stored(name: str, key: str | None) -> str:
    return "_id" if name == key else name


def _date(text: str) -> date:
    return date.fromisoformat(text)


def _decimal(value: Decimal128) -> Decimal:
    """`value.to_decimal()` in a fifth of its time: that builds a tuple of digits, and amounts are everywhere.

    The layout is IEEE 754's binary integer decimal: a sign, 14 bits of exponent, 113 bits of coefficient.
    """
    bits = int.from_bytes(value.bid, "little")
    if bits >> 125 & 3 == 3:  # infinite, no number, or written in the long form
        return value.to_decimal()
    sign, exponent = "-" if bits >> 127 else "", (bits >> 113 & 0x3FFF) - _BIAS
    return Decimal(f"{sign}{bits & _COEFFICIENT}E{exponent}")


def decimal_text(value: Decimal128) -> str:
    """The plain text of a stored Decimal, `format(…, "f")`, without making the Decimal."""
    return amount_text(value.bid)


@lru_cache(_KEPT)
def amount_text(bid: bytes) -> str:
    """The same of its 16 bytes; amounts come again and again."""
    bits = int.from_bytes(bid, "little")
    point = _BIAS - (bits >> 113 & 0x3FFF)
    if point < 0 or bits >> 125 & 3 == 3:
        return format(_decimal(Decimal128.from_bid(bid)), "f")
    digits = str(bits & _COEFFICIENT)
    if point:
        digits = digits.rjust(point + 1, "0")
        digits = f"{digits[:-point]}.{digits[-point:]}"
    return f"-{digits}" if bits >> 127 else digits


def moment_text(value: datetime) -> str:
    """The text of a stored moment in RFC 3339, to the millisecond."""
    return f"{value.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


@lru_cache(_KEPT)
def instant_text(stored: bytes) -> str:
    """The same of its eight bytes, milliseconds since 1970. Raises OverflowError beyond the years 1 to 9999."""
    return moment_text(_EPOCH + timedelta(milliseconds=int.from_bytes(stored, "little", signed=True)))


TEXTS: Mapping[Any, tuple[type, Callable[[Any], str]]] = {
    Decimal: (Decimal128, decimal_text),
    datetime: (datetime, moment_text),
}
"""Of what class the stored values are, and how they are written as texts without being decoded."""


def _decimal128(value: Decimal) -> Decimal128:
    """`Decimal128(value)` in a fifth of its time, for amounts as people write them."""
    text = str(value)
    whole, _, part = text.removeprefix("-").partition(".")
    digits = whole + part
    if len(digits) > _DIGITS or not digits.isdecimal():  # rounded or refused there; an exponent, no number
        return Decimal128(value)
    bits = (text[0] == "-") << 127 | (_BIAS - len(part)) << 113 | int(digits)
    return Decimal128.from_bid(bits.to_bytes(16, "little"))


def _moment(value: datetime) -> datetime:
    if value.utcoffset() != timedelta(0) or value.microsecond % 1000:
        raise ValueError(f"{value.isoformat()} is no moment in UTC with whole milliseconds")
    return value


@dataclass
class _Source:
    """Expressions over names that stand for objects of the generating side."""

    exact: bool = False
    """Whether a datetime that MongoDB would round is refused."""
    names: dict[str, Any] = field(default_factory=dict[str, Any])

    def name(self, value: Any) -> str:
        name = f"n{len(self.names)}"
        self.names[name] = value
        return name

    def function(self, parameter: str, expression: str) -> Callable[[Any], Any]:
        return eval(f"lambda {parameter}: {expression}", self.names)  # our own expressions only

    def encode(self, value: str, annotation: Any) -> str:
        inner, nullable = optional(annotation)
        if nullable:
            return self.unless_none(value, lambda held: self.encode(held, inner))
        if is_new_type(inner):
            return self.encode(value, inner.__supertype__)
        if len(classes := members(inner)) > 1:
            encoders = {each: encoder(each) for each in classes}
            return f"[type({value}).__name__, {self.name(encoders)}[type({value})]({value})]"
        if (item := item_of(inner) or set_of(inner)) is not None:
            held = self.name(None)
            return f"[{self.encode(held, item)} for {held} in {value}]"
        if (pair := mapping_of(inner)) is not None:
            key, held = self.name(None), self.name(None)
            encoded = f"[{self.encode(key, pair[0])}, {self.encode(held, pair[1])}]"
            return f"[{encoded} for {key}, {held} in {value}.items()]"
        if inner is Decimal:
            return f"{self.name(_decimal128)}({value})"
        if inner is datetime and self.exact:
            return f"{self.name(_moment)}({value})"
        if inner is date:
            return f"{value}.isoformat()"
        if is_enum(inner):
            return f"{value}.name"
        if is_data(inner):
            return f"{self.name(encoder(inner))}({value})"
        return value

    def decode(self, value: str, annotation: Any) -> str:
        inner, nullable = optional(annotation)
        if nullable:
            return self.unless_none(value, lambda held: self.decode(held, inner))
        if is_new_type(inner):
            return self.decode(value, inner.__supertype__)
        if len(classes := members(inner)) > 1:
            decoders = {each.__name__: decoder(each) for each in classes}
            return f"{self.name(decoders)}[{value}[0]]({value}[1])"
        if (item := item_of(inner) or set_of(inner)) is not None:
            held, made = self.name(None), "tuple" if item_of(inner) else self.name(get_origin(inner))
            return f"{made}([{self.decode(held, item)} for {held} in {value}])"
        if (pair := mapping_of(inner)) is not None:
            key, held = self.name(None), self.name(None)
            decoded = f"{self.decode(key, pair[0])}: {self.decode(held, pair[1])}"
            return f"{{{decoded} for {key}, {held} in {value}}}"
        if inner is Decimal:
            return f"{self.name(_decimal)}({value})"
        if inner is date:
            return f"{self.name(_date)}({value})"
        if is_enum(inner):
            return f"{self.name(inner)}[{value}]"
        if is_data(inner):
            return f"{self.name(decoder(inner))}({value})"
        return value

    def unless_none(self, value: str, convert: Callable[[str], str]) -> str:
        held = self.name(None)
        return f"(None if ({held} := {value}) is None else {convert(held)})"
