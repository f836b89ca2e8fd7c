"""Names that follow from names, and descriptions that follow from docstrings."""

import sys
from dataclasses import dataclass, make_dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, NewType

import pytest

from domain.account.cash import DepositMoney
from domain.account.events import AccountId, AccountOpened
from domain.account.rejections import AccountNotEmpty
from domain.money import Currency
from domain.transfer import TransferMoney
from gateway.application.descriptions import describe, describe_fields, describe_new_type
from gateway.application.naming import camel, id_field, pascal, screaming, snake


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("TransferMoney", "transfer_money"),
        ("Account", "account"),
        ("SavingsAccount", "savings_account"),
        ("HTTPRequest", "http_request"),
        ("Level2Reached", "level2_reached"),
        ("already_snake", "already_snake"),
    ],
)
def test_a_class_in_snake_case(name: str, expected: str) -> None:
    assert snake(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"), [("transfer_money", "transferMoney"), ("account", "account"), ("at_2_pm", "at2Pm")]
)
def test_a_field_in_camel_case(name: str, expected: str) -> None:
    assert camel(name) == expected
    assert pascal(name) == expected[0].upper() + expected[1:]


def test_a_rejections_code_is_its_class_name() -> None:
    assert screaming("AccountNotOpen") == "ACCOUNT_NOT_OPEN"


def test_an_id_says_that_it_is_one_and_only_once() -> None:
    assert [id_field(each) for each in ("account", "account_id", "paid")] == ["account_id", "account_id", "paid_id"]


@dataclass(frozen=True)
class Bare:
    number: int


@dataclass(frozen=True)
class Described:
    """What it is.

    And more
      of it.
    """

    bare: int
    first: int = 1
    """The first."""
    second: str = "text"
    "The second."


@dataclass(frozen=True)
class Derived(Described):
    pass


def test_a_class_is_described_by_its_own_docstring() -> None:
    assert describe(Described) == "What it is.\n\nAnd more\n  of it."
    assert describe(AccountNotEmpty) == "Only an account at zero can be closed."


def test_what_dataclass_writes_by_itself_describes_nothing() -> None:
    assert describe(Bare) is None
    assert describe(Derived) is None


def test_a_field_is_described_by_the_literal_under_it() -> None:
    assert describe_fields(Described) == {"first": "The first.", "second": "The second."}
    assert describe_fields(AccountOpened) == {"owner_name": "The customer's name on that day."}
    assert describe_fields(TransferMoney)["source"] == "The account that pays."
    assert describe_fields(DepositMoney) == {}


class Outer:
    class Described:
        first: int
        """The first of the inner one,
        in two lines."""


class Other:
    class Described:
        first: int
        """The first of the other one."""


try:

    class Within:
        first: int
        """Within a statement."""

finally:
    pass


def _local() -> type:
    class Described:
        first: int
        """The first of the local one."""

    return Described


def test_classes_of_one_name_are_told_apart_by_where_they_are() -> None:
    assert describe_fields(Outer.Described) == {"first": "The first of the inner one,\nin two lines."}
    assert describe_fields(Other.Described) == {"first": "The first of the other one."}
    assert describe_fields(_local()) == {"first": "The first of the local one."}
    assert describe_fields(Described)["first"] == "The first."


def test_a_class_within_another_statement_is_found() -> None:
    assert describe_fields(Within) == {"first": "Within a statement."}


def test_of_several_classes_of_one_name_in_one_place_the_first_is_taken(tmp_path: Path) -> None:
    source = 'class Twice:\n    at: int\n    "First."\nclass Twice:\n    at: int\n    "Second."\n'
    (tmp_path / "written_twice.py").write_text(source)
    spec = spec_from_file_location("written_twice", tmp_path / "written_twice.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    sys.modules["written_twice"] = module
    try:
        spec.loader.exec_module(module)
        assert describe_fields(module.Twice) == {"at": "First."}
    finally:
        del sys.modules["written_twice"]


def test_a_class_made_at_run_time_has_fields_without_descriptions() -> None:
    names: dict[str, Any] = {"__name__": __name__}
    exec('class Written:\n    first: int\n    "The first."', names)
    assert describe_fields(type("Made", (), {})) == {}
    assert describe_fields(make_dataclass("Composed", [("first", int)])) == {}
    assert describe_fields(names["Written"]) == {}
    assert describe_fields(int) == {}


def test_a_class_of_a_module_that_is_not_there_has_fields_without_descriptions() -> None:
    assert describe_fields(type("Made", (), {"__module__": "no.such.module"})) == {}
    assert describe_new_type(NewType("Made", str)) is None


def test_a_new_type_is_described_by_the_literal_under_it() -> None:
    assert describe_new_type(Currency) == "An ISO 4217 code."
    assert describe_new_type(AccountId) == "An account at the bank."
