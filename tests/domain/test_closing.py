"""Closing is for accounts at zero, and for good."""

import pytest

from domain.account.events import AccountClosed
from domain.account.freezing import FreezeAccount, UnfreezeAccount
from domain.account.opening import CloseAccount
from domain.account.overdraft import SetOverdraftLimit
from domain.account.rejections import (
    AccountNotEmpty,
    AccountNotOpen,
)
from tests.domain.examples import (
    BANK,
    CLOSED,
    FIRST,
    OPENED,
    deposit,
    deposited,
    limited,
    money,
    withdraw,
    withdrawn,
)

LIMIT = SetOverdraftLimit(FIRST, money("100"))


def test_an_account_at_zero_is_closed() -> None:
    assert BANK.given(OPENED).when(CloseAccount(FIRST)) == (AccountClosed(FIRST),)
    emptied = BANK.given(OPENED, deposited("50"), withdrawn("50"))
    assert emptied.when(CloseAccount(FIRST)) == (AccountClosed(FIRST),)


def test_an_account_with_money_is_not_closed() -> None:
    given = BANK.given(OPENED, deposited("50"))
    assert given.when(CloseAccount(FIRST)) == AccountNotEmpty(FIRST, money("50"))


def test_an_overdrawn_account_is_not_closed() -> None:
    given = BANK.given(OPENED, limited("50"), withdrawn("50"))
    assert given.when(CloseAccount(FIRST)) == AccountNotEmpty(FIRST, money("-50"))


@pytest.mark.parametrize(
    "command",
    [
        deposit("1"),
        withdraw("1"),
        LIMIT,
        CloseAccount(FIRST),
        FreezeAccount(FIRST),
        UnfreezeAccount(FIRST),
    ],
)
@pytest.mark.parametrize("events", [(), (OPENED, CLOSED)])
def test_only_an_open_account_is_asked_for_anything(command: object, events: tuple[object, ...]) -> None:
    assert BANK.given(*events).when(command) == AccountNotOpen(FIRST)
