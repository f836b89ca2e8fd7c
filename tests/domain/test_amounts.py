"""Which amounts are refused, whatever they are for."""

from dataclasses import replace

import pytest

from domain.account.cash import DepositMoney, WithdrawMoney
from domain.account.overdraft import SetOverdraftLimit
from domain.amount import AmountNotPositive, AmountTooLarge, CurrencyMismatch, TooManyDecimals
from domain.money import Currency
from tests.domain.examples import (
    BANK,
    BHD,
    EUR,
    FIRST,
    JPY,
    OPENED,
    deposit,
    deposited,
    money,
)


@pytest.mark.parametrize("amount", ["0", "-0", "-1", "-0.01", "-1E+20"])
@pytest.mark.parametrize("command", [DepositMoney, WithdrawMoney])
def test_an_amount_is_more_than_zero(command: type[DepositMoney] | type[WithdrawMoney], amount: str) -> None:
    given = BANK.given(OPENED, deposited("50"))
    assert given.when(command(FIRST, money(amount))) == AmountNotPositive(money(amount))


@pytest.mark.parametrize(
    ("currency", "fitting", "too_fine", "allowed"),
    [(EUR, "1.5", "1.505", 2), (JPY, "1.0", "1.5", 0), (BHD, "1.005", "1.0005", 3)],
)
def test_an_amount_has_the_decimals_of_its_currency(
    currency: Currency, fitting: str, too_fine: str, allowed: int
) -> None:
    given = BANK.given(replace(OPENED, currency=currency))
    assert isinstance(given.when(DepositMoney(FIRST, money(fitting, currency))), tuple)
    refused = given.when(DepositMoney(FIRST, money(too_fine, currency)))
    assert refused == TooManyDecimals(money(too_fine, currency), allowed)


def test_an_amount_of_forty_digits_has_too_many_decimals() -> None:
    amount = "0." + "0" * 39 + "1"
    assert BANK.given(OPENED).when(deposit(amount)) == TooManyDecimals(money(amount), 2)


def test_an_amount_stays_below_ten_to_the_fifteenth() -> None:
    assert BANK.given(OPENED).when(deposit("999999999999999.99")) == (deposited("999999999999999.99"),)
    for amount in ("1000000000000000", "1E+400"):
        assert BANK.given(OPENED).when(deposit(amount)) == AmountTooLarge(money(amount))


@pytest.mark.parametrize("given", [JPY, Currency("eur"), Currency("")])
def test_an_amount_is_in_the_accounts_currency(given: Currency) -> None:
    mismatch = CurrencyMismatch(expected=EUR, given=given)
    for command in (DepositMoney, WithdrawMoney, SetOverdraftLimit):
        assert BANK.given(OPENED, deposited("50")).when(command(FIRST, money("10", given))) == mismatch
