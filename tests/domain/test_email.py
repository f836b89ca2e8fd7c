"""An e-mail address is one customer's at a time."""

import pytest

from domain.customer.blocking import BlockCustomer
from domain.customer.events import CustomerEmailChanged, CustomerRegistered, Email, EmailClaimed, EmailReleased
from domain.customer.registration import ChangeCustomerEmail, RegisterCustomer
from domain.customer.rejections import EmailTaken
from tests.domain.examples import ADA, BANK, BLOCKED, BRYN, REGISTERED

FIRST, OTHER = Email("ada@example.com"), Email("ada@example.org")
BOTH = BANK.after(RegisterCustomer(ADA, "Ada", FIRST)).after(RegisterCustomer(BRYN, "Bryn", Email("bryn@b.c")))


def moved(before: Email, after: Email) -> tuple[object, ...]:
    return CustomerEmailChanged(ADA, after), EmailClaimed(after, ADA), EmailReleased(before, ADA)


def test_nobody_registers_with_somebody_elses_address() -> None:
    assert BANK.given(EmailClaimed(FIRST, BRYN)).when(RegisterCustomer(ADA, "Ada", FIRST)) == EmailTaken(FIRST)


def test_nobody_changes_to_somebody_elses_address() -> None:
    assert BOTH.when(ChangeCustomerEmail(ADA, Email("bryn@b.c"))) == EmailTaken(Email("bryn@b.c"))


def test_a_change_claims_the_new_address_and_releases_the_old_one() -> None:
    assert BOTH.when(ChangeCustomerEmail(ADA, OTHER)) == moved(FIRST, OTHER)


def test_a_blocked_customer_changes_their_address_too() -> None:
    assert BOTH.given(BLOCKED).when(ChangeCustomerEmail(ADA, OTHER)) == moved(FIRST, OTHER)


def test_a_released_address_may_be_taken() -> None:
    free = BOTH.after(ChangeCustomerEmail(ADA, OTHER))
    command = ChangeCustomerEmail(BRYN, FIRST)
    assert free.when(command) == (
        CustomerEmailChanged(BRYN, FIRST),
        EmailClaimed(FIRST, BRYN),
        EmailReleased(Email("bryn@b.c"), BRYN),
    )
    assert free.after(command).when(ChangeCustomerEmail(ADA, FIRST)) == EmailTaken(FIRST)


def test_an_address_is_the_old_one_again_after_a_change_there_and_back() -> None:
    there = BOTH.after(ChangeCustomerEmail(ADA, OTHER))
    assert there.when(ChangeCustomerEmail(ADA, FIRST)) == moved(OTHER, FIRST)


@pytest.mark.parametrize(
    "spelling", ["ADA@example.com", "ada@EXAMPLE.com", "Ada@Example.Com", "\uff21da@example.com"]
)
def test_two_spellings_are_one_address(spelling: str) -> None:
    assert BOTH.when(ChangeCustomerEmail(BRYN, Email(spelling))) == EmailTaken(Email(spelling))
    own = BOTH.when(ChangeCustomerEmail(ADA, Email(spelling)))
    assert own == (CustomerEmailChanged(ADA, Email(spelling)),)


@pytest.mark.parametrize("other", ["ada.@example.com", "ada@example.co", "ádá@example.com"])
def test_what_only_looks_alike_is_another_address(other: str) -> None:
    assert isinstance(BOTH.when(ChangeCustomerEmail(BRYN, Email(other))), tuple)


def test_who_never_claimed_an_address_releases_none() -> None:
    """Registered in a time in which addresses were not claimed; another customer took the address since."""
    assert BANK.given(REGISTERED).when(ChangeCustomerEmail(ADA, OTHER)) == moved(FIRST, OTHER)[:2]
    taken = BANK.given(REGISTERED).given(EmailClaimed(FIRST, BRYN))
    assert taken.when(ChangeCustomerEmail(ADA, OTHER)) == moved(FIRST, OTHER)[:2]


def test_an_address_outlasts_everything_but_a_change() -> None:
    blocked = BOTH.after(BlockCustomer(ADA))
    assert blocked.when(ChangeCustomerEmail(BRYN, FIRST)) == EmailTaken(FIRST)


def test_registering_claims_the_address() -> None:
    answer = BANK.when(RegisterCustomer(ADA, "Ada", FIRST))
    assert answer == (CustomerRegistered(ADA, "Ada", FIRST), EmailClaimed(FIRST, ADA))
