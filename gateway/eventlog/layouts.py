"""The bytes of the usual events, as patterns: what fits is known to be decodable without being decoded.

The patterns are made from the same annotations as `gateway.mongo.codec`'s functions. They are narrow: all fields in
their order, texts of printable ASCII below 255 characters, no arrays. What does not fit may be good all the same,
and is decoded to know. That something fits which can't be decoded would be a fault; the tests look for it.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from bson import BSON

from gateway.application.model import EventType, Model
from gateway.application.types import fields_of, is_data, is_enum, is_new_type, optional
from gateway.eventlog.chain import CHAIN_VALUES, EVENTS_AT
from gateway.eventlog.encoding import decode_commit

_TEXT = rb"(.\0\0\0[ -~]*)\0"
"""The length, which counts the byte of 0 at the end, and the text: `_agree` compares them."""

_DAY = rb"\x0b\0\0\0[12]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])\0"
_VALUES: dict[Any, bytes] = {
    str: rb"\x02%b\0" + _TEXT,
    bool: rb"\x08%b\0[\0\x01]",
    int: rb"(?:\x10%b\0.{4}|\x12%b\0.{8})",
    Decimal: rb"\x13%b\0.{16}",
    datetime: rb"\x09%b\0.{5}[\0-\x7f]\0\0",
    date: rb"\x02%b\0" + _DAY,
    UUID: rb"\x05%b\0\x10\0\0\0\x04.{16}",
}

_EVENT = re.compile(
    rb"\x03\d+\0.{4}\x02stream\0" + _TEXT + rb"\x10version\0(.{4})\x02type\0(.{4}\w+\0\x10schema\0.{4})"
    rb"\x03data\0.{4}",
    re.DOTALL,
)
_REST = (
    rb"\0\x03command\0.{4}\x05id\0\x10\0\0\0\x04.{16}\x02name\0" + _TEXT + rb"\x05fingerprint\0.{4}\0.{32}"
    rb"\x02actor\0" + _TEXT + rb"\0(?:\x0acorrelation\0|\x02correlation\0" + _TEXT + rb")"
    rb"(?:\x0acausation\0|\x02causation\0" + _TEXT + rb")"
)
"""What stands between the last event and the chain values."""


class Layouts:
    """What the usual commits of an application look like."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._data = {
            _type(each): re.compile(rb"%b\0\0(?:%b)?" % (fields, _REST), re.DOTALL)
            for each in model.events.values()
            if (fields := _fields(each.type)) is not None
        }

    def check(self, document: bytes) -> Sequence[tuple[str, int]]:
        """The stream and version of each stored event of a document, which `decode_commit` can decode.

        The document's end has been looked at before. Raises UndecodableEvent, and KeyError, TypeError, ValueError,
        AttributeError or BSONError for what is no commit.
        """
        usual = self.usual(document)
        if usual is not None:
            return usual
        decode_commit(self._model, document)
        return [(each["stream"], each["version"]) for each in BSON(document).decode()["events"]]

    def usual(self, document: bytes) -> list[tuple[str, int]] | None:
        """The same, of a document in which everything fits a pattern."""
        found: list[tuple[str, int]] = []
        at, end = EVENTS_AT + 4, len(document) - CHAIN_VALUES
        while event := _EVENT.match(document, at):
            stream, version, type_ = event.groups()
            layout = self._data.get(type_)
            data = layout and layout.match(document, event.end())
            if data is None or not _agree((stream, *data.groups())):
                return None
            found.append((stream[4:].decode(), int.from_bytes(version, "little", signed=True)))
            at = data.end()
            if at == end:
                return found
        return None


def _agree(texts: Sequence[bytes | None]) -> bool:
    """Whether each text is as long as it says: with a byte of 0 inside, one could look like several fields."""
    return not [each for each in texts if each is not None and each[0] != len(each) - 3]


def _type(event: EventType) -> bytes:
    """How an event's type and schema number are written."""
    return b"%b\x10schema\0%b" % (_sized(event.name), event.schema.to_bytes(4, "little"))


def _sized(text: str) -> bytes:
    """A text of BSON: its length, with the byte of 0 at the end."""
    return (len(text.encode()) + 1).to_bytes(4, "little") + text.encode() + b"\0"


def _fields(type_: type) -> bytes | None:
    """The pattern of a dataclass's document behind its length; None where it has to be decoded to know."""
    if hasattr(type_, "__post_init__"):
        return None
    fields = [_field(re.escape(name.encode()), annotation) for name, annotation in fields_of(type_).items()]
    return None if None in fields else b"".join(each for each in fields if each)


def _field(name: bytes, annotation: Any) -> bytes | None:
    inner, nullable = optional(annotation)
    value = _value(name, inner.__supertype__ if is_new_type(inner) else inner)
    if value is None or not nullable:
        return value
    return rb"(?:\x0a%b\0|%b)" % (name, value)


def _value(name: bytes, type_: Any) -> bytes | None:
    if is_enum(type_):
        return rb"\x02%b\0(?:%b)" % (name, b"|".join(re.escape(_sized(each)) for each in type_.__members__))
    if is_data(type_):
        nested = _fields(type_)
        return None if nested is None else rb"\x03%b\0.{4}%b\0" % (name, nested)
    value = _VALUES.get(type_)
    return None if value is None else value.replace(b"%b", name)
