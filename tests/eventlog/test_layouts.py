"""What fits a layout can be decoded: the patterns over bytes never say good where decoding would not."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from bson import BSON, Decimal128, Int64
from bson.codec_options import CodecOptions
from bson.datetime_ms import DatetimeMS
from bson.errors import BSONError
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.application import Application, Stream
from gateway.application.reading import read
from gateway.errors import LogBroken
from gateway.eventlog.chain import CHAIN_VALUES, EVENTS_AT
from gateway.eventlog.encoding import Draft, decode_commit, encode_commit
from gateway.eventlog.layouts import Layouts
from gateway.eventlog.storage import EMPTY
from gateway.messages import CommandRecord
from tests.eventlog.test_verification import UUIDS, chained
from tests.support.everything import Colour, Part, Size, ThingId, ThingLost
from tests.support.logs import NOON, stored


@dataclass(frozen=True, slots=True)
class ThingMeasured:
    """Everything that a layout knows."""

    thing: ThingId
    text: str
    amount: Decimal
    at: datetime
    day: date
    code: UUID
    number: int
    flag: bool
    size: Size
    colour: Colour
    part: Part
    note: str | None
    later: date | None
    other: Part | None


@dataclass(frozen=True, slots=True)
class ThingListed:
    """A layout knows no arrays."""

    thing: ThingId
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class ThingCounted:
    """A layout can't know what is checked when it is made."""

    thing: ThingId
    number: int

    def __post_init__(self) -> None:
        if self.number < 0:
            raise ValueError("fewer than none")


def evolve(seen: int, event: ThingMeasured | ThingListed | ThingCounted | ThingLost) -> int:
    return seen + 1


MODEL = read(Application([Stream(ThingId, 0, evolve)], [], []))
LAYOUTS = Layouts(MODEL)
PART = Part("part", Decimal("-0.10"), date(2026, 1, 28))
MEASURED = ThingMeasured(
    thing=ThingId("a"),
    text="text",
    amount=Decimal("1.50"),
    at=NOON,
    day=date(2026, 12, 1),
    code=UUID(int=7),
    number=1,
    flag=True,
    size=Size.LARGE,
    colour=Colour(""),
    part=PART,
    note=None,
    later=None,
    other=None,
)


def commit(*events: object, actor: str = "tester", correlation: str | None = "talk") -> bytes:
    record = CommandRecord(uuid4(), "DoSomething", bytes(32), actor)
    numbered = tuple(("thing-a", version, event) for version, event in enumerate(events, start=1))
    return stored(encode_commit(MODEL, Draft(NOON, record, numbered, correlation, None), EMPTY))


def changed(event: object, data: dict[str, Any]) -> bytes:
    """A commit whose event's data was changed, with a right chain value."""
    fields: dict[str, Any] = BSON(commit(event)).decode(UUIDS)
    fields["events"][0]["data"] |= data
    return chained({name: fields[name] for name in list(fields)[:-2]}, bytes(32))


@pytest.mark.parametrize(
    "event",
    [
        MEASURED,
        replace(MEASURED, note="so", later=date(2026, 1, 1), other=PART),
        replace(MEASURED, number=2**40, text="x" * 254, amount=Decimal("NaN")),
    ],
    ids=["plain", "with all that may be left out", "large"],
)
def test_a_usual_commit_is_recognised(event: object) -> None:
    versions = [("thing-a", 1), ("thing-a", 2)]
    assert LAYOUTS.usual(commit(event, event)) == versions
    assert LAYOUTS.usual(commit(event, correlation=None)) == versions[:1]


@pytest.mark.parametrize(
    "event",
    [
        replace(MEASURED, text="Zoë"),
        replace(MEASURED, text="two\nlines"),
        replace(MEASURED, text="x" * 255),
        replace(MEASURED, day=date(2026, 1, 31)),
        replace(MEASURED, at=datetime(1969, 12, 31, tzinfo=UTC)),
        ThingListed(ThingId("a"), (PART,)),
        ThingCounted(ThingId("a"), 1),
    ],
    ids=lambda event: str(event)[:60],
)
def test_what_is_not_usual_is_decoded_and_good_all_the_same(event: object) -> None:
    assert LAYOUTS.usual(commit(MEASURED, event)) is None
    assert LAYOUTS.check(commit(MEASURED, event)) == [("thing-a", 1), ("thing-a", 2)]


def test_a_commit_of_another_shape_is_decoded() -> None:
    assert LAYOUTS.usual(commit(MEASURED, actor="Zoë")) is None
    assert LAYOUTS.check(commit(MEASURED, actor="Zoë")) == [("thing-a", 1)]


@pytest.mark.parametrize(
    "data",
    [
        {"day": "2026-02-30"},
        {"day": "2026-13-01"},
        {"day": "0000-01-01"},
        {"day": "yesterday"},
        {"day": None},
        {"later": "2026-00-01"},
        {"size": "HUGE"},
        {"size": 1},
        {"amount": "1.50"},
        {"amount": 1},
        {"amount": None},
        {"at": DatetimeMS(2**62)},
        {"part": None},
        {"part": {"name": "part", "weight": Decimal128("1")}},
        {"other": {"name": "part", "weight": "1", "made": None}},
    ],
    ids=str,
)
def test_what_can_not_be_decoded_does_not_fit(data: dict[str, Any]) -> None:
    document = changed(MEASURED, data)
    assert LAYOUTS.usual(document) is None
    with pytest.raises((LogBroken, BSONError, ValueError)):
        LAYOUTS.check(document)


def test_what_is_refused_when_it_is_made_does_not_fit() -> None:
    with pytest.raises(LogBroken, match="fewer than none"):
        LAYOUTS.check(changed(ThingCounted(ThingId("a"), 1), {"number": -1}))


@pytest.mark.parametrize("data", [{"more": 1}, {"number": Int64(1)}, {"flag": 1}], ids=str)
def test_what_can_be_decoded_though_it_is_unusual_is_good(data: dict[str, Any]) -> None:
    assert LAYOUTS.check(changed(MEASURED, data)) == [("thing-a", 1)]


@settings(max_examples=400, deadline=None)
@given(data=st.data(), full=st.booleans())
def test_what_still_fits_after_any_change_can_be_decoded(data: st.DataObject, full: bool) -> None:
    """Bytes are changed at random: whatever is still valid BSON and fits is decoded, to the same versions."""
    document = bytearray(commit(replace(MEASURED, note="so", other=PART) if full else MEASURED))
    for at in data.draw(st.lists(st.integers(EVENTS_AT, len(document) - CHAIN_VALUES - 1), max_size=2)):
        document[at] = data.draw(st.sampled_from([0, 1, 2, 0x0A, 0x10, 0x13, 0x30, 0x39, 0x7F, 0x80, 0xFF]))
    try:
        decoded: dict[str, Any] = BSON(document).decode(_LENIENT)
    except (BSONError, ValueError):
        return  # MongoDB would not have taken it
    usual = LAYOUTS.usual(bytes(document))
    if usual is not None:
        decode_commit(MODEL, bytes(document))
        assert usual == [(each["stream"], each["version"]) for each in decoded["events"]]


_LENIENT: CodecOptions[dict[str, Any]] = CodecOptions(unicode_decode_error_handler="replace")


def test_a_text_that_pretends_to_be_several_fields_is_not_taken_for_them() -> None:
    """One field `stream`, whose text goes on with a byte of 0 and the bytes of all the other fields."""
    real = commit(ThingLost(ThingId("a")))
    begin = real.index(b"\x02stream\0") + len(b"\x02stream\0")
    end = real.index(b"\0\0\x03command")
    text = real[begin + 4 : end - 1]
    forged = real[:begin] + (len(text) + 1).to_bytes(4, "little") + text + b"\0" + real[end:]
    assert list(BSON(forged).decode(UUIDS)["events"][0]) == ["stream"]
    assert LAYOUTS.usual(forged) is None
    with pytest.raises(KeyError):
        LAYOUTS.check(forged)
