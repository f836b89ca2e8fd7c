"""What a customer may be asked, and when it is refused."""

import pytest

from domain.customer.blocking import BlockCustomer, UnblockCustomer
from domain.customer.events import (
    CustomerBlocked,
    CustomerEmailChanged,
    CustomerRegistered,
    CustomerRenamed,
    CustomerUnblocked,
    Email,
    EmailClaimed,
)
from domain.customer.registration import ChangeCustomerEmail, RegisterCustomer, RenameCustomer
from domain.customer.rejections import (
    CustomerAlreadyRegistered,
    CustomerIsBlocked,
    CustomerNotBlocked,
    CustomerUnknown,
    EmailNotPlausible,
    NameBlank,
    NameNotPrintable,
    NameTooLong,
)
from tests.domain.examples import ADA, BANK, BLOCKED, REGISTERED

EMAIL = Email("ada@example.com")


def registered(name: str) -> tuple[CustomerRegistered, EmailClaimed]:
    return CustomerRegistered(ADA, name, EMAIL), EmailClaimed(EMAIL, ADA)


def test_somebody_registers() -> None:
    assert BANK.when(RegisterCustomer(ADA, "Ada Harbour", EMAIL)) == registered("Ada Harbour")


def test_nobody_registers_twice() -> None:
    command = RegisterCustomer(ADA, "Another", EMAIL)
    assert BANK.given(REGISTERED).when(command) == CustomerAlreadyRegistered(ADA)


def test_a_blocked_customer_does_not_register_anew() -> None:
    command = RegisterCustomer(ADA, "Another", EMAIL)
    assert BANK.given(REGISTERED, BLOCKED).when(command) == CustomerAlreadyRegistered(ADA)


@pytest.mark.parametrize("name", ["", " ", "\u00a0", "...", "\u200b"])
def test_a_blank_name_is_refused(name: str) -> None:
    assert BANK.when(RegisterCustomer(ADA, name, EMAIL)) == NameBlank()


@pytest.mark.parametrize("name", ["Ada\n", "\x00Ada", "A\x1b[31mda", "Ada\u2028Harbour", "Ada\ud800"])
def test_a_name_with_control_characters_is_refused(name: str) -> None:
    assert BANK.when(RegisterCustomer(ADA, name, EMAIL)) == NameNotPrintable()


def test_a_name_of_200_characters_is_the_longest() -> None:
    assert BANK.when(RegisterCustomer(ADA, "a" * 200, EMAIL)) == registered("a" * 200)
    assert BANK.when(RegisterCustomer(ADA, "a" * 201, EMAIL)) == NameTooLong(length=201, allowed=200)


@pytest.mark.parametrize("name", ["Ólafur Þór", "李", "نور", "Zoë-Mae O'Quay 3rd"])
def test_a_name_may_be_in_any_script(name: str) -> None:
    assert BANK.when(RegisterCustomer(ADA, name, EMAIL)) == registered(name)


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ada",
        "ada@",
        "@example.com",
        "ada@example",
        "ada@@example.com",
        "ada@example..com",
        "ada@.com",
        "ada harbour@example.com",
        "ada@example.com\n",
        "ada@example.com@example.org",
        "ada@example.com, bryn@example.com",
        "a\x00da@example.com",
        f"{'a' * 65}@example.com",
        f"ada@{'a' * 247}.com",
    ],
)
def test_an_implausible_email_is_refused(email: str) -> None:
    assert BANK.when(RegisterCustomer(ADA, "Ada", Email(email))) == EmailNotPlausible()
    assert BANK.given(REGISTERED).when(ChangeCustomerEmail(ADA, Email(email))) == EmailNotPlausible()


@pytest.mark.parametrize("email", ["a@b.c", "ada+bank@sub.example.com", "ödä@exämple.com", f"ada@{'a' * 246}.com"])
def test_a_plausible_email_is_accepted(email: str) -> None:
    answer = BANK.when(RegisterCustomer(ADA, "Ada", Email(email)))
    assert answer == (CustomerRegistered(ADA, "Ada", Email(email)), EmailClaimed(Email(email), ADA))


def test_a_customer_is_renamed() -> None:
    assert BANK.given(REGISTERED).when(RenameCustomer(ADA, "Ada Quay")) == (CustomerRenamed(ADA, "Ada Quay"),)


def test_the_name_a_customer_has_is_nothing_to_do() -> None:
    assert BANK.given(REGISTERED).when(RenameCustomer(ADA, "Ada Harbour")) == ()


def test_a_name_given_back_is_a_change() -> None:
    renamed = BANK.given(REGISTERED, CustomerRenamed(ADA, "Ada Quay"))
    assert renamed.when(RenameCustomer(ADA, "Ada Quay")) == ()
    assert renamed.when(RenameCustomer(ADA, "Ada Harbour")) == (CustomerRenamed(ADA, "Ada Harbour"),)


def test_a_rename_obeys_the_rules_of_names() -> None:
    assert BANK.given(REGISTERED).when(RenameCustomer(ADA, "")) == NameBlank()


def test_the_email_a_customer_has_is_nothing_to_do() -> None:
    assert BANK.given(REGISTERED).when(ChangeCustomerEmail(ADA, EMAIL)) == ()
    changed = BANK.given(REGISTERED, CustomerEmailChanged(ADA, Email("ada@example.org")))
    assert changed.when(ChangeCustomerEmail(ADA, Email("ada@example.org"))) == ()


def test_a_blocked_customer_is_renamed_and_stays_blocked() -> None:
    blocked = BANK.given(REGISTERED, BLOCKED, CustomerRenamed(ADA, "Ada Quay"))
    assert blocked.when(RenameCustomer(ADA, "Ada Tern")) == (CustomerRenamed(ADA, "Ada Tern"),)
    assert blocked.when(BlockCustomer(ADA)) == CustomerIsBlocked(ADA)


def test_a_customer_is_blocked_once() -> None:
    assert BANK.given(REGISTERED).when(BlockCustomer(ADA)) == (CustomerBlocked(ADA),)
    assert BANK.given(REGISTERED, BLOCKED).when(BlockCustomer(ADA)) == CustomerIsBlocked(ADA)


def test_only_a_blocked_customer_is_unblocked() -> None:
    assert BANK.given(REGISTERED, BLOCKED).when(UnblockCustomer(ADA)) == (CustomerUnblocked(ADA),)
    assert BANK.given(REGISTERED).when(UnblockCustomer(ADA)) == CustomerNotBlocked(ADA)
    unblocked = BANK.given(REGISTERED, BLOCKED, CustomerUnblocked(ADA))
    assert unblocked.when(UnblockCustomer(ADA)) == CustomerNotBlocked(ADA)


@pytest.mark.parametrize(
    "command",
    [
        RenameCustomer(ADA, "Ada"),
        ChangeCustomerEmail(ADA, EMAIL),
        BlockCustomer(ADA),
        UnblockCustomer(ADA),
    ],
)
def test_nothing_is_asked_of_an_unknown_customer(command: object) -> None:
    assert BANK.when(command) == CustomerUnknown(ADA)
