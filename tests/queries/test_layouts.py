"""What is taken from the bytes of a view is what decoding them shows, or they are decoded."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, NewType, cast

import bson
import pytest
from bson import Int64, MaxKey, MinKey
from bson.decimal128 import Decimal128
from bson.errors import BSONError
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.mongo.client import OPTIONS, Document
from gateway.mongo.codec import encoder
from gateway.mongo.paths import VERSION
from gateway.mongo.raw import decoded
from gateway.queries.layouts import layout, shows
from gateway.queries.viewed import Shown

PartId = NewType("PartId", str)


Count = NewType("Count", int)


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Inner:
    text: str
    amount: Decimal
    maybe: Decimal | None


@dataclass(frozen=True, slots=True)
class Part:
    part: PartId
    text: str
    note: str | None
    amount: Decimal
    price: Decimal | None
    at: datetime
    ended: datetime | None
    day: date
    colour: Colour
    other: Colour | None
    count: Count
    size: int | None
    good: bool
    known: bool | None
    inner: Inner
    nothing: Inner | None


NAMES = [*Part.__dataclass_fields__]
KEYED = {"part": "_id"}
STORED = [KEYED.get(name, name) for name in NAMES]

MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(  # noqa: DTZ001 # made one of UTC here
    lambda each: each.replace(tzinfo=UTC, microsecond=each.microsecond // 1000 * 1000)
)


def amount(sign: int, digits: list[int], exponent: int) -> Decimal:
    return Decimal((sign, tuple(digits), exponent))


AMOUNTS = st.builds(
    amount,
    st.sampled_from([0, 1]),
    st.lists(st.integers(0, 9), min_size=1, max_size=34),
    st.integers(-40, 40),
)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(["", "a\0b", "\0", "é" * 600])
WHOLE = st.integers(-(2**63), 2**63 - 1) | st.integers(-5, 5)
INNERS = st.builds(Inner, TEXTS, AMOUNTS, st.none() | AMOUNTS)
PARTS = st.builds(
    Part,
    TEXTS.map(PartId),
    TEXTS,
    st.none() | TEXTS,
    AMOUNTS,
    st.none() | AMOUNTS,
    MOMENTS,
    st.none() | MOMENTS,
    st.dates(),
    st.sampled_from(Colour),
    st.none() | st.sampled_from(Colour),
    WHOLE,
    st.none() | WHOLE,
    st.booleans(),
    st.none() | st.booleans(),
    INNERS,
    st.none() | INNERS,
)
FIELDS = st.frozensets(st.sampled_from([*STORED, VERSION]))

encode: Callable[[Any], Document] = encoder(Part, "part")
show = shows(Part, "part", journal=False)


def bytes_of(document: Document) -> bytes:
    return bson.encode(document, codec_options=OPTIONS)


def read(part: Part, fields: frozenset[str], version: int = 7) -> Document:
    """What MongoDB would send of a view that is read in part."""
    document = {**encode(part), VERSION: version}
    return {name: value for name, value in document.items() if name in {"_id", *fields}}


def taken(raw: bytes, fields: frozenset[str]) -> Shown | None:
    found = layout(Part, "part", False, fields)
    assert found is not None
    return found(raw)


def has_nul_or_is_long(document: Any) -> bool:
    if isinstance(document, dict):
        return any(map(has_nul_or_is_long, cast(Document, document).values()))
    return isinstance(document, str) and ("\0" in document or len(document.encode()) > 1000)


@given(PARTS, FIELDS, WHOLE)
def test_what_is_taken_is_what_decoding_shows(part: Part, fields: frozenset[str], version: int) -> None:
    raw = bytes_of(document := read(part, fields, version))
    found = taken(raw, fields)
    assert (found is None) is has_nul_or_is_long(document)
    if found is not None:
        assert found == show(decoded(raw))
        assert [*found] == [*document]
        assert {type(each) for each in found.values()} <= {str, int, bool, dict, type(None)}


@given(PARTS, FIELDS)
def test_amounts_and_moments_are_shown_as_they_are_written(part: Part, fields: frozenset[str]) -> None:
    shown = show(read(part, fields | {"amount", "at", "price", "inner", "nothing"}))
    assert shown["amount"] == format(part.amount, "f")
    assert shown["price"] == (None if part.price is None else format(part.price, "f"))
    assert shown["at"] == part.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert shown["inner"]["amount"] == format(part.inner.amount, "f")
    assert part.nothing is not None or shown["nothing"] is None


NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
VALUES: list[Any] = [None, 1, Int64(2**40), 1.5, True, "x", b"x", [], {}, Decimal128("1"), NOON, MinKey(), MaxKey()]
JUNK = st.sampled_from(VALUES)


@given(PARTS, FIELDS, st.sampled_from(STORED), JUNK)
def test_a_value_of_another_type_is_decoded(part: Part, fields: frozenset[str], name: str, junk: Any) -> None:
    raw = bytes_of({**read(part, fields), name: junk})
    agrees(raw, fields)


@given(PARTS, FIELDS, st.randoms())
def test_documents_in_another_order_or_with_other_fields_are_decoded(
    part: Part, fields: frozenset[str], chance: Any
) -> None:
    document = read(part, fields)
    names = [*document]
    chance.shuffle(names)
    agrees(bytes_of({name: document[name] for name in names}), fields)
    missing = {**document}
    del missing[names[0]]
    assert taken(bytes_of(missing), fields) is None
    assert taken(bytes_of({**document, "more": 1}), fields) is None


@given(PARTS, FIELDS, st.data())
def test_bytes_that_are_no_document_are_never_shown_as_one(part: Part, fields: frozenset[str], data: Any) -> None:
    raw = bytearray(bytes_of(read(part, fields)))
    at = data.draw(st.integers(4, len(raw) - 1))  # its own length MongoDB's reply has gone by already
    begun = [raw.find(name) + len(name) for name in (b"\x03inner\0", b"\x03nothing\0") if name in raw]
    assume(not any(start <= at < start + 4 for start in begun))  # MongoDB keeps no object with a wrong length
    raw[at] = data.draw(st.integers(0, 255))
    agrees(bytes(raw), fields)


def agrees(raw: bytes, fields: frozenset[str]) -> None:
    """What is taken of these bytes, if anything, is what the driver and `shows` make of them."""
    found = taken(raw, fields)
    assert found is None or found == show(decoded(raw))


WRONG: list[tuple[str, Any]] = [
    ("amount", "1.50"),
    ("amount", None),
    ("price", 1),
    ("at", "2026"),
    ("inner", []),
    ("inner", {"text": 5}),
    ("text", 5),
    ("text", None),
    ("note", True),
    ("colour", 1),
    ("good", 1),
    ("count", True),
    ("count", 1.0),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_value_of_another_class_is_not_shown(name: str, value: Any) -> None:
    with pytest.raises(TypeError):
        show({"_id": "p1", name: value})


def test_a_boolean_is_one_of_two_bytes() -> None:
    raw = bytes_of({"_id": "p1", "good": True})
    assert taken(raw, frozenset({"good"})) == {"_id": "p1", "good": True}
    assert taken(raw[:-2] + b"\2\0", frozenset({"good"})) is None


def imitating(text: str, more: str) -> str:
    """A text whose bytes go on, behind a NUL, as a field `note` with another text and as `colour`."""
    note = b"\x02note\0" + (len(more) + 1).to_bytes(4, "little") + more.encode() + b"\0"
    return (text.encode() + b"\0" + note).decode()[:-1]


def test_a_text_can_not_pass_for_the_field_behind_it() -> None:
    """Without its `note` the document would look whole: only the text's length tells."""
    part = frozenset({"text", "note"})
    raw = bytes_of({"_id": "p1", "text": imitating("good", "forged")})
    assert decoded(raw).keys() == {"_id", "text"}
    assert taken(raw, part) is None


@pytest.mark.parametrize("millis", [2**62, -(2**62), 253402300800000, -62135596800001])
def test_a_moment_beyond_the_calendar_is_the_drivers_to_refuse(millis: int) -> None:
    raw = bytes_of({"_id": "p1", "at": datetime(2026, 1, 1, tzinfo=UTC)})
    stored = raw[:-9] + millis.to_bytes(8, "little", signed=True) + raw[-1:]
    assert taken(stored, frozenset({"at"})) is None
    with pytest.raises(BSONError):
        decoded(stored)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1E+6111", "0E-6176", "-0.00"])
def test_every_amount_that_can_be_stored_is_shown_as_decoding_shows_it(text: str) -> None:
    raw = bytes_of({"_id": "p1", "amount": Decimal128(text)})
    assert taken(raw, frozenset({"amount"})) == {"_id": "p1", "amount": format(Decimal(text), "f")}


@pytest.mark.parametrize("millis", [0, -1, 1, 999, 253402300799999, -62135596800000])
def test_moments_at_the_ends_of_the_calendar_are_shown(millis: int) -> None:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=millis)
    raw = bytes_of({"_id": "p1", "at": at})
    assert taken(raw, frozenset({"at"})) == show(decoded(raw))


def test_a_class_with_a_list_and_one_that_checks_itself_are_decoded() -> None:
    @dataclass(frozen=True)
    class Listed:
        key: PartId
        amounts: tuple[Decimal, ...]

    @dataclass(frozen=True)
    class Checked:
        amount: Decimal

        def __post_init__(self) -> None: ...

    @dataclass(frozen=True)
    class Holding:
        key: PartId
        checked: Checked

    Listed.__annotations__.update(key=PartId, amounts=tuple[Decimal, ...])
    Holding.__annotations__.update(key=PartId, checked=Checked)
    assert layout(Listed, "key", False, frozenset({"amounts"})) is None
    assert layout(Listed, "key", False, frozenset({"key"})) is not None
    assert layout(Holding, "key", False, frozenset({"checked"})) is None
    document = {"_id": "p1", "checked": {"amount": Decimal128("1.5")}}
    assert shows(Holding, "key", journal=False)(document) == document


def test_the_lines_of_a_journal_are_numbered() -> None:
    for number in (5, Int64(2**40)):
        raw = bytes_of({"_id": number, "part": "p1", "amount": Decimal128("2.50")})
        found = layout(Part, "part", True, frozenset({"part", "amount"}))
        assert found is not None
        assert found(raw) == {"_id": number, "part": "p1", "amount": "2.50"}


def test_whoever_asks_for_all_gets_the_view_itself() -> None:
    assert layout(Part, "part", False, None) is None
