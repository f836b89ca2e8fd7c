"""Views from the bytes that MongoDB sends to what is shown of them, without an object for each value between.

Of a class and a part of it the document's layout is known: one pattern takes it apart, and one generated function
makes what is shown of it. Whatever is laid out in another way is left to the driver, which makes an object of each
value (bsonspec.org/spec.html has the format).
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from bson import Int64

from gateway.application.types import fields_of, is_data, is_enum, optional, plain
from gateway.mongo.codec import TEXTS, amount_text, instant_text
from gateway.mongo.paths import VERSION, stored_name
from gateway.queries.fields import Fields
from gateway.queries.viewed import Shown

Layout = Callable[[bytes], Shown | None]
"""What is shown of a document's bytes; None where it is to be decoded."""

_LENGTHS = tuple((length + 1).to_bytes(4, "little") for length in range(1024))
"""How BSON writes the length of a text, by its bytes; longer ones are left to the driver."""

_MOST = 1_024
"""For how many parts of views a layout is kept: what is selected is for clients to say."""


@lru_cache(_MOST)
def layout(view: type, key: str, journal: bool, fields: Fields) -> Layout | None:
    """Of this part of a view's documents; None for a class with fields that only the driver decodes."""
    if fields is None:
        return None  # whoever wants all of it wants the view itself
    taken, named = _Taking(), _stored(view, key, journal)
    wanted = {name: each for name, each in {"_id": int, **named, VERSION: int}.items() if name in {"_id", *fields}}
    try:
        pattern, shown = taken.object(wanted)
    except _Unknown:
        return None
    return taken.function(pattern, shown)


def shows(view: type, key: str, journal: bool) -> Callable[[dict[str, Any]], Shown]:
    """The same from any part of a decoded document. It raises TypeError for a value of another class."""
    return _showing(_stored(view, key, journal))


def laid_out(annotation: Any) -> bool:
    """Whether a value of this type is a document whose amounts and moments are shown as texts."""
    return is_data(annotation) and not hasattr(annotation, "__post_init__")


def _stored(view: type, key: str, journal: bool) -> dict[str, Any]:
    """The types of a view's fields, by the names under which they are stored; a journal's lines are numbered."""
    return {stored_name(name, key, journal): each for name, each in fields_of(view).items()}


class _Unknown(Exception):
    """A type that has no layout."""


class _Taking:
    """Groups of one pattern, and the expressions of what they stand for."""

    def __init__(self) -> None:
        self._groups = 0
        self._absent = False
        self._checks: list[str] = []

    def object(self, fields: dict[str, Any]) -> tuple[bytes, str]:
        """Of a document with just these fields, in this order: the elements' pattern, and the expression."""
        patterns: list[bytes] = []
        items: list[str] = []
        for name, annotation in fields.items():
            pattern, expression = self._field(name, annotation)
            patterns.append(pattern)
            items.append(f"{name!r}: {expression}")
        return b"".join(patterns), f"{{{', '.join(items)}}}"

    def function(self, pattern: bytes, shown: str) -> Layout:
        groups = "".join(f"g{number}, " for number in range(self._groups))
        checks = " or ".join(self._checks) or "False"
        names: dict[str, Any] = {
            "match": re.compile(b".{4}" + pattern + rb"\0", re.DOTALL).fullmatch,
            "lengths": _LENGTHS,
            "whole": int.from_bytes,
            "amount": amount_text,
            "instant": instant_text,
        }
        unpacked = f"    {groups.strip()} = found.groups()\n" if groups else ""
        source = (
            "def taken(raw):\n"
            "    found = match(raw)\n"
            "    if found is None:\n"
            "        return None\n"
            f"{unpacked}"
            "    try:\n"
            f"        return None if {checks} else {shown}\n"
            "    except (IndexError, OverflowError, UnicodeDecodeError):\n"
            "        return None\n"
        )
        exec(source, names)  # our own text: names of fields, as literals
        return names["taken"]

    def _field(self, name: str, annotation: Any) -> tuple[bytes, str]:
        inner, nullable = optional(annotation)
        named = re.escape(name.encode()) + rb"\0"
        if not nullable:
            return self._value(named, inner)
        begun, outside, self._absent = f"g{self._groups}", self._absent, True
        pattern, expression = self._value(named, inner)
        self._absent = outside
        return b"(?:" + pattern + b"|\x0a" + named + b")", f"(None if {begun} is None else {expression})"

    def _value(self, named: bytes, annotation: Any) -> tuple[bytes, str]:
        """Of a value that is there; its first group says so."""
        inner = plain(annotation)
        if inner in (str, date) or is_enum(inner):
            length, text = self._group(), self._group()
            wrong = f"lengths[len({text})] != {length}"
            self._checks.append(f"({text} is not None and {wrong})" if self._absent else wrong)
            return b"\x02" + named + rb"(.{4})([^\0]*)\0", f"{text}.decode()"
        if inner is Decimal:
            return b"\x13" + named + b"(.{16})", f"amount({self._group()})"
        if inner is datetime:
            return b"\x09" + named + b"(.{8})", f"instant({self._group()})"
        if inner is bool:
            return b"\x08" + named + rb"([\0\1])", f'({self._group()} == b"\\1")'
        if inner is int:
            return self._whole(named)
        if laid_out(inner):
            self._group()
            pattern, shown = self.object(fields_of(inner))
            return b"\x03" + named + b"(.{4})" + pattern + rb"\0", shown
        raise _Unknown

    def _whole(self, named: bytes) -> tuple[bytes, str]:
        """Of 32 or of 64 bits."""
        _, of_32, of_64 = self._group(), self._group(), self._group()
        pattern = b"((?:\x10" + named + b"(.{4})|\x12" + named + b"(.{8})))"
        return pattern, f'whole({of_32} or {of_64}, "little", signed=True)'

    def _group(self) -> str:
        self._groups += 1
        return f"g{self._groups - 1}"


def _showing(fields: dict[str, Any]) -> Callable[[Any], Any]:
    made = {name: each for name, annotation in fields.items() if (each := _shown_as(annotation))}

    def show(document: Any) -> dict[str, Any]:
        shown: dict[str, Any] = {**document}
        for name in made.keys() & shown.keys():
            shown[name] = made[name](shown[name])
        return shown

    return show


def _shown_as(annotation: Any) -> Callable[[Any], Any] | None:
    """What makes what is shown of a stored value; None where that is the value, whatever it is."""
    inner, nullable = optional(annotation)
    inner = plain(inner)
    if laid_out(inner):
        made = _checked((dict,), _showing(fields_of(inner)))
    elif inner in TEXTS:
        class_, write = TEXTS[inner]
        made = _checked((class_,), write)
    elif classes := _classes(inner):
        made = _checked(classes, _itself)
    else:
        return None
    return (lambda value: None if value is None else made(value)) if nullable else made


def _classes(annotation: Any) -> tuple[type, ...]:
    """Of which classes stored values of a simple type are."""
    if is_enum(annotation) or annotation in (str, date):
        return (str,)
    return {bool: (bool,), int: (int, Int64)}.get(annotation, ())


def _checked(classes: tuple[type, ...], show: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def shown(value: Any) -> Any:
        if type(value) not in classes:
            raise TypeError
        return show(value)

    return shown


def _itself(value: Any) -> Any:
    return value
