"""A transfer: both accounts or neither."""

from dataclasses import replace

import pytest

from domain.account.events import AccountClosed, AccountFrozen
from domain.account.rejections import AccountIsFrozen, AccountNotOpen, InsufficientFunds
from domain.amount import AmountNotPositive, AmountTooLarge, CurrencyMismatch, TooManyDecimals
from domain.transfer import ReferenceNotPrintable, ReferenceTooLong, SameAccount
from tests.domain.examples import (
    BANK,
    CLOSED,
    EUR,
    FIRST,
    FROZEN,
    JPY,
    OPENED,
    OPENED_IN_YEN,
    OPENED_SECOND,
    SECOND,
    deposited,
    limited,
    money,
    transfer,
    transferred,
    withdraw,
)

BOTH = BANK.given(OPENED, OPENED_SECOND, deposited("50"))


def test_what_one_account_sends_the_other_receives() -> None:
    assert BOTH.when(transfer("20", "Rent")) == transferred("20", "Rent")


def test_what_was_sent_is_gone() -> None:
    given = BOTH.given(*transferred("20"))
    assert given.when(withdraw("40")) == InsufficientFunds(money("30"), money("40"))


def test_what_was_received_can_be_sent_back() -> None:
    back = replace(transfer("20"), source=SECOND, target=FIRST)
    assert BOTH.when(back) == InsufficientFunds(money("0"), money("20"))
    assert isinstance(BOTH.given(*transferred("20")).when(back), tuple)


def test_a_transfer_goes_down_to_the_overdraft_limit() -> None:
    given = BOTH.given(limited("10"))
    assert given.when(transfer("60")) == transferred("60")
    assert given.when(transfer("60.01")) == InsufficientFunds(money("60"), money("60.01"))


def test_an_account_sends_nothing_to_itself() -> None:
    assert BOTH.when(replace(transfer("20"), target=FIRST)) == SameAccount(FIRST)


def test_both_accounts_are_open() -> None:
    assert BANK.given(OPENED_SECOND).when(transfer("20")) == AccountNotOpen(FIRST)
    assert BANK.given(OPENED, deposited("50")).when(transfer("20")) == AccountNotOpen(SECOND)
    assert BOTH.given(CLOSED).when(transfer("20")) == AccountNotOpen(FIRST)
    assert BOTH.given(AccountClosed(SECOND)).when(transfer("20")) == AccountNotOpen(SECOND)


def test_a_frozen_account_sends_nothing() -> None:
    assert BOTH.given(FROZEN).when(transfer("20")) == AccountIsFrozen(FIRST)


def test_a_frozen_account_receives_nothing() -> None:
    assert BOTH.given(AccountFrozen(SECOND)).when(transfer("20")) == AccountIsFrozen(SECOND)


def test_both_accounts_are_of_one_currency() -> None:
    given = BANK.given(OPENED, OPENED_IN_YEN, deposited("50"))
    assert given.when(transfer("20")) == CurrencyMismatch(expected=JPY, given=EUR)


def test_the_amount_is_in_that_currency() -> None:
    assert BOTH.when(replace(transfer("20"), amount=money("20", JPY))) == CurrencyMismatch(EUR, JPY)


def test_a_transfer_obeys_the_rules_of_amounts() -> None:
    assert BOTH.when(transfer("-20")) == AmountNotPositive(money("-20"))
    assert BOTH.when(transfer("0.001")) == TooManyDecimals(money("0.001"), 2)
    assert BOTH.when(transfer("1E+15")) == AmountTooLarge(money("1E+15"))


def test_a_reference_of_140_characters_is_the_longest() -> None:
    assert BOTH.when(transfer("20", "r" * 140)) == transferred("20", "r" * 140)
    assert BOTH.when(transfer("20", "r" * 141)) == ReferenceTooLong(length=141, allowed=140)


@pytest.mark.parametrize("reference", ["Rent\nand more", "\x00", "Rent\u2029"])
def test_a_reference_is_one_line(reference: str) -> None:
    assert BOTH.when(transfer("20", reference)) == ReferenceNotPrintable()


def test_an_empty_reference_is_none() -> None:
    assert BOTH.when(transfer("20", "")) == transferred("20", None)
