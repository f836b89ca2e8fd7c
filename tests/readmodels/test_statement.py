"""An account's statement: a line a movement, each with the balance after it."""

from datetime import timedelta

from gateway.testing import NOON
from readmodels import statement
from readmodels.statement import MovementKind, StatementLine
from tests.domain.examples import (
    BANK,
    FIRST,
    FROZEN,
    OPENED,
    OPENED_SECOND,
    SECOND,
    deposited,
    limited,
    money,
    transferred,
    withdrawn,
)

LATER = NOON + timedelta(hours=1)


def lines(*events: object) -> list[StatementLine]:
    return BANK.given(OPENED, OPENED_SECOND).given(*events, at=LATER).lines(statement.append)


def test_a_deposit_is_a_line() -> None:
    expected = StatementLine(FIRST, LATER, MovementKind.DEPOSIT, money("50"), money("50"), None, None)
    assert lines(deposited("50")) == [expected]


def test_a_withdrawal_is_a_line_below_zero() -> None:
    expected = StatementLine(FIRST, LATER, MovementKind.WITHDRAWAL, money("-20"), money("30"), None, None)
    assert lines(deposited("50"), withdrawn("20"))[-1] == expected


def test_a_transfer_is_a_line_on_both_statements() -> None:
    sent, received = lines(deposited("50"), *transferred("20", "Rent"))[-2:]
    assert sent == StatementLine(
        FIRST, LATER, MovementKind.SENT, money("-20"), money("30"), counterparty=SECOND, reference="Rent"
    )
    assert received == StatementLine(
        SECOND, LATER, MovementKind.RECEIVED, money("20"), money("20"), counterparty=FIRST, reference="Rent"
    )


def test_every_account_has_a_running_balance_of_its_own() -> None:
    found = lines(deposited("50"), deposited("5", SECOND), *transferred("20"), withdrawn("1"))
    assert [(line.account, line.balance) for line in found] == [
        (FIRST, money("50")),
        (SECOND, money("5")),
        (FIRST, money("30")),
        (SECOND, money("25")),
        (FIRST, money("29")),
    ]


def test_what_moves_no_money_is_no_line() -> None:
    assert lines(limited("100"), FROZEN) == []
