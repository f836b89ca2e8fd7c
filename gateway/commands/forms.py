"""How the states of each kind of stream are written in a snapshot, exactly, and which code they are folded with."""

import hashlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
from typing import Any, cast

import bson
from bson import BSON
from bson.codec_options import CodecOptions
from bson.int64 import Int64

from gateway.application.code import fingerprint
from gateway.application.model import Model, StreamKind, Upcasts
from gateway.application.types import is_exact
from gateway.mongo.client import Document
from gateway.mongo.codec import value_decoder, value_encoder

_FORMAT = 2
"""To be raised when states are written in another way: as with other code, no older snapshot is used then."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Form:
    """How the states of one kind are written, and the hash of the code that folds them.

    `begin` is the initial state, which all streams share, as it is written at the start.
    """

    code: str
    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]
    initial: Any
    begin: bytes

    def is_spoiled(self) -> bool:
        """Whether somebody has changed the initial state in place."""
        try:
            return bytes_of({"state": self.encode(self.initial)}) != self.begin
        except Exception:
            return True


def forms_of(model: Model) -> dict[str, Form]:
    """The forms of all kinds whose states can be written, by category; of the others it is logged why not."""
    found: dict[str, Form] = {}
    for kind in model.streams:
        try:
            found[kind.id.category] = _form(model, kind)
        except Exception as error:
            _log.warning("Streams of %s are always read whole: %s", kind.id.category, error)
    return found


def _form(model: Model, kind: StreamKind) -> Form:
    """Raises for states that can't be written exactly, and for code that can't be told from other code."""
    if not is_exact(kind.state):
        raise ValueError("their state has a type that is not written exactly.")
    encode, decode = value_encoder(kind.state, exact=True), value_decoder(kind.state)
    begin = bytes_of({"state": encode(kind.initial)})
    parts = _code(model.upcasts, kind), repr(kind.state), begin.hex(), _named(model.upcasts), _FORMAT
    code = hashlib.sha256(repr(parts).encode(errors="surrogatepass")).hexdigest()
    return Form(code, encode, decode, kind.initial, begin)


def _code(upcasts: Upcasts, kind: StreamKind) -> str:
    functions = [target.function for _, targets in sorted(upcasts.items(), key=_place) for target in targets]
    reasons: list[str] = []
    found = fingerprint(kind.evolve, *functions, untold=reasons.append)
    if found is None:
        raise ValueError(f"it can't be told which code folds them: {reasons[0]}.")
    return found


def _place(item: tuple[tuple[str, int], object]) -> tuple[str, int]:
    return item[0]


def _named(upcasts: Upcasts) -> list[Any]:
    """Where each upcaster leads to."""
    places = sorted(upcasts.items(), key=_place)
    return [(place, [(each.event, each.schema, each.optional) for each in targets]) for place, targets in places]


def bytes_of(document: Document) -> bytes:
    return bson.encode(document, False, _OPTIONS)


def values_of(payload: bytes) -> Document:
    return BSON(payload).decode(codec_options=_OPTIONS)


_OPTIONS: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True, uuid_representation=4)


def is_same(one: Any, other: Any) -> bool:
    """Whether two states are equal, and of the same types at every depth; mappings in the same order, too."""
    if _type(one) is not _type(other):
        return False
    if isinstance(one, Decimal | float):
        return repr(one) == repr(other)  # 1.0 is not 1.00, and -0.0 is not 0.0
    if isinstance(one, set | frozenset):
        paired = {each: each for each in cast("set[Any]", other)}
        return one == other and all(is_same(each, paired[each]) for each in cast("set[Any]", one))
    parts = list(_parts(one)), list(_parts(other))
    if parts[0] or parts[1]:
        return len(parts[0]) == len(parts[1]) and all(map(is_same, *parts))
    return one == other


def _type(value: Any) -> type[Any]:
    """Int64 is how a large int comes from MongoDB, in events and in snapshots; it is one in every other way."""
    return int if isinstance(value, Int64) else cast("type[Any]", type(value))


def _parts(value: Any) -> Iterator[Any]:
    """What a value holds, in its order; an instance's attributes are more than its fields where it has no slots."""
    if isinstance(value, tuple | list):
        yield from cast("list[Any]", value)
    elif isinstance(value, dict):
        for pair in cast("dict[Any, Any]", value).items():
            yield from pair
    elif is_dataclass(value):
        for each in fields(value):
            yield getattr(value, each.name)
        yield from sorted(getattr(value, "__dict__", ()))
