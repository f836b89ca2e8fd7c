"""A frozen account stands still."""

import pytest

from domain.account.events import AccountFrozen, AccountUnfrozen
from domain.account.freezing import FreezeAccount, UnfreezeAccount
from domain.account.opening import CloseAccount
from domain.account.overdraft import SetOverdraftLimit
from domain.account.rejections import (
    AccountIsFrozen,
    AccountNotFrozen,
    InsufficientFunds,
)
from tests.domain.examples import (
    BANK,
    FIRST,
    FROZEN,
    OPENED,
    deposit,
    deposited,
    limited,
    money,
    withdraw,
    withdrawn,
)

LIMIT = SetOverdraftLimit(FIRST, money("100"))


@pytest.mark.parametrize("command", [deposit("1"), withdraw("1"), LIMIT, CloseAccount(FIRST), FreezeAccount(FIRST)])
def test_nothing_about_a_frozen_account_changes(command: object) -> None:
    given = BANK.given(OPENED, deposited("50"), FROZEN)
    assert given.when(command) == AccountIsFrozen(FIRST)


def test_an_account_is_frozen() -> None:
    assert BANK.given(OPENED).when(FreezeAccount(FIRST)) == (AccountFrozen(FIRST),)


def test_only_a_frozen_account_is_unfrozen() -> None:
    assert BANK.given(OPENED, FROZEN).when(UnfreezeAccount(FIRST)) == (AccountUnfrozen(FIRST),)
    assert BANK.given(OPENED).when(UnfreezeAccount(FIRST)) == AccountNotFrozen(FIRST)


def test_an_unfrozen_account_goes_on_from_where_it_stood() -> None:
    given = BANK.given(OPENED, deposited("50"), limited("10"), FROZEN, AccountUnfrozen(FIRST))
    assert given.when(withdraw("60")) == (withdrawn("60"),)
    assert given.when(withdraw("60.01")) == InsufficientFunds(money("60"), money("60.01"))
