"""How far below zero an account may go."""

from domain.account.overdraft import SetOverdraftLimit
from domain.account.rejections import (
    LimitBelowDrawn,
    LimitNegative,
)
from domain.amount import AmountTooLarge, TooManyDecimals
from domain.money import Currency
from tests.domain.examples import (
    BANK,
    EUR,
    FIRST,
    OPENED,
    limited,
    money,
    withdrawn,
)


def limit(amount: str, currency: Currency = EUR) -> SetOverdraftLimit:
    return SetOverdraftLimit(FIRST, money(amount, currency))


def test_a_limit_is_set_and_taken_back() -> None:
    assert BANK.given(OPENED).when(limit("100")) == (limited("100"),)
    assert BANK.given(OPENED, limited("100")).when(limit("0")) == (limited("0"),)


def test_the_limit_an_account_has_is_nothing_to_do() -> None:
    assert BANK.given(OPENED, limited("100")).when(limit("100.0")) == ()
    assert BANK.given(OPENED).when(limit("0")) == ()


def test_a_limit_is_not_negative() -> None:
    assert BANK.given(OPENED).when(limit("-1")) == LimitNegative(money("-1"))


def test_a_limit_is_not_below_what_is_drawn() -> None:
    drawn = BANK.given(OPENED, limited("100"), withdrawn("60"))
    assert drawn.when(limit("60")) == (limited("60"),)
    assert drawn.when(limit("59.99")) == LimitBelowDrawn(drawn=money("60"), limit=money("59.99"))


def test_a_limit_obeys_the_rules_of_amounts() -> None:
    assert BANK.given(OPENED).when(limit("1.001")) == TooManyDecimals(money("1.001"), 2)
    assert BANK.given(OPENED).when(limit("1E+15")) == AmountTooLarge(money("1E+15"))
