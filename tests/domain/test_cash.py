"""Cash goes in and comes out, within the limit."""

from domain.account.rejections import (
    InsufficientFunds,
)
from tests.domain.examples import (
    BANK,
    OPENED,
    deposit,
    deposited,
    limited,
    money,
    withdraw,
    withdrawn,
)


def test_cash_is_paid_in() -> None:
    assert BANK.given(OPENED).when(deposit("50")) == (deposited("50"),)


def test_cash_is_taken_out_to_the_last_cent() -> None:
    given = BANK.given(OPENED, deposited("50"))
    assert given.when(withdraw("50")) == (withdrawn("50"),)
    assert given.when(withdraw("50.01")) == InsufficientFunds(available=money("50"), requested=money("50.01"))


def test_what_was_taken_out_is_gone() -> None:
    given = BANK.given(OPENED, deposited("50"), withdrawn("20"))
    assert given.when(withdraw("40")) == InsufficientFunds(money("30"), money("40"))


def test_cash_is_taken_out_down_to_the_overdraft_limit() -> None:
    given = BANK.given(OPENED, limited("100"), deposited("50"))
    assert given.when(withdraw("150")) == (withdrawn("150"),)
    assert given.when(withdraw("150.01")) == InsufficientFunds(money("150"), money("150.01"))


def test_an_event_carries_all_decimals_of_its_currency() -> None:
    assert "Decimal('20.00')" in repr(BANK.given(OPENED, deposited("50")).when(withdraw("2E+1")))
