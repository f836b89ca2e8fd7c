"""The committed contract: no event changes without a new schema and an upcaster, and what is missing is said."""

import json
import subprocess
import sys
from dataclasses import dataclass, make_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, NewType
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bank import application as bank
from gateway.application import Application, Dropped, Into, Renamed, Split, Stream, Upcaster
from gateway.application.contract import EMPTY, Contract, compare, updated, written
from gateway.application.reading import read
from gateway.application.shapes import example, misfits, revived, shapes, variants
from gateway.eventlog.upcasting import plain, stored
from gateway.mongo.codec import decoder, encoder
from gateway.testing import check_contract
from tests.evolution import first, second
from tests.support.everything import ThingSeen
from tests.support.everything import application as everything

CONTRACT = Path(__file__).parents[2] / "domain" / "contract.json"

BoxId = NewType("BoxId", str)
Name = NewType("Name", str)


class Colour(Enum):
    """What it looks like."""

    RED = 1
    BLUE = 2


class MoreColours(Enum):
    """What it may look like now."""

    BLUE = "b"
    GREEN = "g"
    RED = "r"


class FewerColours(Enum):
    """What is left of it."""

    RED = 1


@dataclass(frozen=True, slots=True)
class Lid:
    """What closes it."""

    colour: Colour


@dataclass(frozen=True, slots=True)
class WideLid:
    """What closes it, with its width."""

    colour: Colour
    width: int


FIELDS: dict[str, Any] = {"box": BoxId, "label": str, "lid": Lid, "note": str | None, "colours": tuple[Colour, ...]}


def boxes(*upcasters: Any, name: str = "BoxMade", **changed: Any) -> Application:
    """An application of one event, some of whose fields are of other types; None takes a field away."""
    fields = {each: type_ for each, type_ in (FIELDS | changed).items() if type_ is not None}
    return made_of(fields, *upcasters, name=name)


def made_of(fields: dict[str, Any], *upcasters: Any, name: str = "BoxMade") -> Application:
    event = make_dataclass(name, fields.items(), frozen=True)

    def evolve(state: int, event: Any) -> int:
        return state

    evolve.__annotations__["event"] = event
    return Application([Stream(BoxId, 0, evolve, upcasters)], [], [])


COMMITTED = updated(read(boxes()), EMPTY)


def broken(application: Application, contract: Contract = COMMITTED) -> str:
    return "\n".join(compare(read(application), contract).broken)


def news(application: Application) -> tuple[str, ...]:
    found = compare(read(application), COMMITTED)
    assert not found.broken
    return found.news


def test_the_bank_keeps_its_contract() -> None:
    check_contract(bank, CONTRACT)


def test_an_application_keeps_the_contract_that_is_written_of_it() -> None:
    for application in (first.application, everything, boxes()):
        model = read(application)
        contract = json.loads(written(updated(model, EMPTY)))
        found = compare(model, contract)
        assert (found.broken, found.news) == ((), ())
        assert updated(model, contract) == contract


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"label": None}, "`label` is gone"),
        ({"size": int}, "`size` is new"),
        ({"size": int | None}, "`size` is new"),
        ({"label": int}, "`label` was string and is integer"),
        ({"label": str | None}, "`label` was string and is optional string"),
        ({"note": str}, "`note` was optional string and is string"),
        ({"lid": WideLid}, "`lid.width` is new"),
        ({"lid": str}, "`lid` was (colour) and is string"),
        ({"colours": tuple[FewerColours, ...]}, "`colours` has no member BLUE any more"),
        ({"colours": Colour}, "`colours` was list of one of RED, BLUE and is one of RED, BLUE"),
    ],
)
def test_a_change_without_a_new_schema_is_refused_and_says_what_to_do(
    changed: dict[str, Any], sentence: str
) -> None:
    found = broken(boxes(**changed))
    assert found.startswith(f"BoxMade has changed and is still schema 1: {sentence}.")
    assert 'add Upcaster("BoxMade", 1, function) to the upcasters of box streams' in found


def test_another_member_of_an_enum_needs_no_new_schema() -> None:
    """Whoever has the new member reads all that is stored; whoever has it not stops at an event that has it."""
    assert news(boxes(colours=tuple[MoreColours, ...])) == ("BoxMade: `colours` has another member, GREEN",)


def test_what_is_not_stored_may_change() -> None:
    """Names of NewTypes and classes, the order of fields behind the first."""
    fields = {"box": BoxId, **dict(reversed(FIELDS.items())), "label": Name}
    assert news(made_of(fields)) == ()


def with_size(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "size": 1}


def test_a_new_schema_with_an_upcaster_is_news_and_the_old_schema_stays_in_the_contract() -> None:
    changed = boxes(Upcaster("BoxMade", 1, with_size), size=int)
    assert news(changed) == ("BoxMade has schema 2",)
    contract = updated(read(changed), COMMITTED)
    schemas = contract["events"]["BoxMade"]["schemas"]
    assert schemas["1"] == COMMITTED["events"]["BoxMade"]["schemas"]["1"]
    assert schemas["2"]["fields"]["size"] == "integer"
    assert not broken(changed, contract)


def raising(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "size": len(data["note"])}


def untyped(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "size": "1"}


def elsewhere(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "size": 1, "box": "2"}


def forgetful(data: dict[str, Any]) -> Any:
    data["size"] = 1


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (raising, "the upcaster of BoxMade from schema 1 failed: TypeError with TypeError"),
        (untyped, "it is read as BoxMade, but `size` is '1', not integer."),
        (elsewhere, "it is read as BoxMade, but `box` names another stream than the stored event does."),
        (forgetful, "the upcaster of BoxMade from schema 1 failed: TypeError"),
        (dict[str, Any], "it is read as BoxMade, but `size` is missing."),
    ],
)
def test_an_upcaster_is_tried_on_the_samples_of_the_schema_that_it_reads(function: Any, sentence: str) -> None:
    found = broken(boxes(Upcaster("BoxMade", 1, function), size=int))
    assert found.startswith("sample ")
    assert sentence in found


def test_every_old_schema_is_tried_to_the_end_of_the_chain() -> None:
    two = boxes(Upcaster("BoxMade", 1, with_size), size=int)
    contract = updated(read(two), COMMITTED)
    three = boxes(Upcaster("BoxMade", 1, with_size), Upcaster("BoxMade", 2, untyped), size=int)
    found = broken(three, contract)
    assert "of BoxMade, schema 1: it is read as BoxMade, but `size` is '1'" in found
    assert "of BoxMade, schema 2: it is read as BoxMade, but `size` is '1'" in found


def test_an_upcaster_that_is_taken_away_is_missed() -> None:
    contract = updated(read(boxes(Upcaster("BoxMade", 1, with_size), size=int)), COMMITTED)
    assert "an upcaster was taken away; put it back" in broken(boxes(size=int), contract)
    assert "an upcaster was taken away; put it back" in broken(boxes(), contract)


def test_an_event_that_vanishes_is_refused_unless_upcasters_say_what_became_of_it() -> None:
    gone = boxes(name="CrateMade")
    assert broken(gone).startswith("BoxMade is gone from the code, and the log holds it for ever")
    assert 'Renamed("BoxMade", 1, "NewName")' in broken(gone)
    assert not broken(boxes(Dropped("BoxMade", 1), name="CrateMade"))
    assert not broken(boxes(Renamed("BoxMade", 1, "CrateMade"), name="CrateMade"))


def test_an_event_of_a_later_schema_that_vanishes_is_refused_until_that_schema_is_read() -> None:
    contract = updated(read(boxes(Upcaster("BoxMade", 1, with_size), size=int)), COMMITTED)
    first_step = Upcaster("BoxMade", 1, with_size)
    assert 'Dropped("BoxMade", 2)' in broken(boxes(name="CrateMade"), contract)
    assert not broken(boxes(first_step, Dropped("BoxMade", 2), name="CrateMade"), contract)


def test_a_change_is_said_once_however_many_samples_it_concerns() -> None:
    contract = updated(read(boxes(Upcaster("BoxMade", 1, with_size), size=int)), COMMITTED)
    (found,) = compare(read(boxes(Upcaster("BoxMade", 1, with_size), size=str)), contract).broken
    assert "is still schema 2: `size` was integer and is string." in found


def test_samples_that_were_added_by_hand_are_kept_and_tried() -> None:
    contract: Contract = json.loads(written(COMMITTED))
    special = contract["events"]["BoxMade"]["schemas"]["1"]["samples"][0] | {"label": "", "note": "x"}
    contract["events"]["BoxMade"]["schemas"]["1"]["samples"].append(special)
    changed = boxes(colours=tuple[MoreColours, ...])
    schema = updated(read(changed), contract)["events"]["BoxMade"]["schemas"]["1"]
    assert special in schema["samples"]
    assert schema["fields"]["colours"] == {"list": {"enum": ["BLUE", "GREEN", "RED"]}}
    failing = boxes(Upcaster("BoxMade", 1, lambda data: {**data, "size": 1 // len(data["label"])}), size=int)
    assert "sample 4 of BoxMade, schema 1: the upcaster of BoxMade" in broken(failing, contract)


def if_noted(data: dict[str, Any]) -> dict[str, Any] | None:
    return data if data["note"] else None


def test_a_part_of_a_split_may_be_there_for_some_samples_only() -> None:
    assert not broken(boxes(Split("BoxMade", 1, [Into("CrateMade", if_noted)]), name="CrateMade"))


def nothing(data: dict[str, Any]) -> None:
    return None


def test_a_part_of_a_split_that_never_is_there_is_noticed() -> None:
    split = Split("BoxMade", 1, [Into("CrateMade"), Into("CrateMade", nothing)])
    assert (
        broken(boxes(split, name="CrateMade"))
        == "no sample of BoxMade, schema 1, becomes CrateMade: add one that does."
    )


def test_an_event_that_changes_its_stream_is_refused() -> None:
    contract: Contract = json.loads(written(COMMITTED).replace('"stream": "box"', '"stream": "crate"'))
    assert "BoxMade belongs to box streams here; in the log it belongs to crate streams" in broken(
        boxes(), contract
    )


def test_a_sample_without_the_fields_of_its_schema_is_refused() -> None:
    contract: Contract = json.loads(written(COMMITTED).replace('"label": "text"', '"label": 5'))
    assert "schema 1, does not have its fields: `label` is 5, not string" in broken(boxes(), contract)


def test_the_releases_of_the_parcel_service_keep_their_contract() -> None:
    contract = updated(read(first.application), EMPTY)
    found = compare(read(second.application), contract)
    assert found.broken == ()
    assert found.news == (
        "ParcelSent has schema 3",
        "ParcelLeft is new",
        "ParcelArrived is new",
        "ParcelDelivered is new",
    )


class TestHelper:
    """`check_contract`, as an application's own test calls it."""

    def test_it_is_silent_where_nothing_has_changed(self, tmp_path: Path) -> None:
        file = tmp_path / "contract.json"
        file.write_text(written(COMMITTED), "utf-8")
        check_contract(boxes(), file)

    def test_it_says_what_to_do_where_there_is_no_contract_yet(self, tmp_path: Path) -> None:
        with pytest.raises(AssertionError, match=r"BoxMade is new\): write the contract with `tidegate contract "):
            check_contract(boxes(), tmp_path / "contract.json")

    def test_it_says_what_to_do_about_a_change(self, tmp_path: Path) -> None:
        file = tmp_path / "contract.json"
        file.write_text(written(COMMITTED), "utf-8")
        with pytest.raises(
            AssertionError, match=r"(?s)`label` is gone.*add Upcaster.*Then write the contract with"
        ):
            check_contract(boxes(label=None), file)
        with pytest.raises(AssertionError, match="BoxMade has schema 2"):
            check_contract(boxes(Upcaster("BoxMade", 1, with_size), size=int), file)


class TestSamples:
    """What is put into the contract is what the log would hold."""

    def test_samples_show_every_member_and_what_may_be_missing(self) -> None:
        samples = updated(read(everything), EMPTY)["events"]["ThingSeen"]["schemas"]["1"]["samples"]
        assert {each["size"] for each in samples} == {"SMALL", "LARGE"}
        assert {each["flag"] for each in samples} == {True, False}
        assert {str(each["perhaps"]) for each in samples} == {"['12.50']", "[None]", "[]", "None"}
        assert {each["other"] is None for each in samples} == {True, False}

    def test_every_member_of_a_long_enum_is_shown(self) -> None:
        contract = updated(read(boxes(colours=tuple[MoreColours, ...])), EMPTY)
        samples = contract["events"]["BoxMade"]["schemas"]["1"]["samples"]
        assert {str(each["colours"]) for each in samples} == {"['BLUE']", "['GREEN']", "['RED']", "[]"}

    def test_samples_are_what_the_codec_stores(self) -> None:
        fields = {"fields": shapes(ThingSeen)}
        for number in range(variants(fields)):
            data = revived(fields, json.loads(json.dumps(example(fields, number))))
            event = decoder(ThingSeen)(stored(data))
            assert plain(encoder(ThingSeen)(event)) == data

    @given(st.sampled_from([7, True, "text", "RED", Decimal(1), None, [], {}, date(2026, 1, 31), UUID(int=1)]))
    def test_a_value_fits_only_its_own_shape(self, value: Any) -> None:
        at = datetime(2026, 1, 31, tzinfo=UTC)
        fitting = {
            "string": isinstance(value, str),
            "integer": type(value) is int,
            "boolean": type(value) is bool,
            "decimal": isinstance(value, Decimal),
            "date": isinstance(value, str | date),
            "uuid": isinstance(value, UUID),
            "datetime": False,
        }
        for name, fits in fitting.items():
            assert (not [*misfits(name, value)]) == fits
            assert (not [*misfits({"optional": name}, value)]) == (fits or value is None)
            assert (not [*misfits({"list": name}, [value])]) == fits
            assert (not [*misfits(name, at)]) == (name == "datetime")


def test_the_command_writes_a_contract_and_refuses_to_break_one(tmp_path: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from gateway.cli.main import main; main()", "contract", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    file = tmp_path / "contract.json"
    parcels = [f"tests.evolution.{each}:application" for each in ("first", "second")]
    assert "ParcelSent is new" in run(str(file), "--app", parcels[0]).stdout
    assert json.loads(file.read_text("utf-8")) == json.loads(run("--app", parcels[0]).stdout)
    assert "is current" in run(str(file), "--app", parcels[0]).stdout
    assert "ParcelSent has schema 3" in run(str(file), "--app", parcels[1]).stdout
    kept = file.read_text("utf-8")
    refused = run(str(file), "--app", parcels[0])
    assert refused.returncode == 1
    assert "ParcelLeft is gone from the code" in refused.stderr
    assert file.read_text("utf-8") == kept
