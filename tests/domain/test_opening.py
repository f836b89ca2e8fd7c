"""Opening an account: for whom, in what, and once."""

from dataclasses import replace

import pytest

from domain.account.events import AccountOpened
from domain.account.opening import OpenAccount
from domain.account.rejections import (
    AccountAlreadyOpened,
    CurrencyUnknown,
)
from domain.customer.events import CustomerRenamed, CustomerUnblocked
from domain.customer.rejections import CustomerIsBlocked, CustomerUnknown
from domain.money import Currency
from tests.domain.examples import (
    ADA,
    BANK,
    BLOCKED,
    CLOSED,
    EUR,
    FIRST,
    FROZEN,
    OPENED,
    REGISTERED,
)

OPEN = OpenAccount(FIRST, ADA, EUR)


def test_a_customer_opens_an_account_under_their_name() -> None:
    assert BANK.given(REGISTERED).when(OPEN) == (AccountOpened(FIRST, ADA, "Ada Harbour", EUR),)


def test_a_renamed_customer_opens_an_account_under_the_new_name() -> None:
    renamed = BANK.given(REGISTERED, CustomerRenamed(ADA, "Ada Quay"))
    assert renamed.when(OPEN) == (AccountOpened(FIRST, ADA, "Ada Quay", EUR),)


def test_an_unknown_customer_opens_nothing() -> None:
    assert BANK.when(OPEN) == CustomerUnknown(ADA)


def test_a_blocked_customer_opens_nothing() -> None:
    assert BANK.given(REGISTERED, BLOCKED).when(OPEN) == CustomerIsBlocked(ADA)


def test_an_unblocked_customer_opens_accounts_again() -> None:
    unblocked = BANK.given(REGISTERED, BLOCKED, CustomerUnblocked(ADA))
    assert unblocked.when(OPEN) == (AccountOpened(FIRST, ADA, "Ada Harbour", EUR),)


@pytest.mark.parametrize("code", ["", "eur", "EURO", "XXX", "XAU", "BGN", "€"])
def test_an_unknown_currency_opens_nothing(code: str) -> None:
    command = replace(OPEN, currency=Currency(code))
    assert BANK.given(REGISTERED).when(command) == CurrencyUnknown(Currency(code))


@pytest.mark.parametrize("later", [(), (FROZEN,), (CLOSED,)])
def test_an_account_is_never_opened_twice(later: tuple[object, ...]) -> None:
    assert BANK.given(REGISTERED, OPENED, *later).when(OPEN) == AccountAlreadyOpened(FIRST)
