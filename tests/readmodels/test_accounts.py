"""An account as its owner sees it."""

from datetime import timedelta

import pytest

from domain.account.events import AccountOpened, AccountUnfrozen
from domain.customer.events import CustomerRenamed
from gateway.testing import NOON
from readmodels import accounts
from readmodels.accounts import Account, AccountStatus
from tests.domain.examples import (
    ADA,
    BANK,
    BRYN,
    CLOSED,
    EUR,
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


def account(*events: object) -> Account:
    return BANK.given(OPENED).given(*events, at=NOON + timedelta(days=1)).views(accounts.project)[FIRST]


def test_an_opened_account_is_open_and_empty() -> None:
    nothing = money("0.00")
    assert account() == Account(
        account=FIRST,
        customer=ADA,
        owner_name="Ada Harbour",
        status=AccountStatus.OPEN,
        currency=EUR,
        balance=nothing,
        overdraft_limit=nothing,
        available=nothing,
        opened_at=NOON,
    )


def test_cash_changes_balance_and_available_money() -> None:
    view = account(deposited("50"), withdrawn("20"))
    assert (view.balance, view.available) == (money("30"), money("30"))


def test_a_transfer_changes_both_accounts() -> None:
    views = BANK.given(OPENED, OPENED_SECOND, deposited("50"), *transferred("20")).views(accounts.project)
    assert (views[FIRST].balance, views[FIRST].available) == (money("30"), money("30"))
    assert (views[SECOND].balance, views[SECOND].available) == (money("20"), money("20"))


def test_an_overdraft_limit_is_available_too() -> None:
    view = account(deposited("50"), limited("100"), withdrawn("120"))
    assert (view.balance, view.overdraft_limit, view.available) == (money("-70"), money("100"), money("30"))


def test_a_frozen_account_is_frozen_until_unfrozen() -> None:
    assert account(FROZEN).status == AccountStatus.FROZEN
    assert account(FROZEN, AccountUnfrozen(FIRST)).status == AccountStatus.OPEN


def test_a_closed_account_is_closed() -> None:
    assert account(CLOSED).status == AccountStatus.CLOSED


def test_a_rename_reaches_all_accounts_of_the_customer_and_no_other() -> None:
    of_bryn = AccountOpened(SECOND, BRYN, "Bryn Meadow", EUR)
    given = BANK.given(OPENED, of_bryn, CustomerRenamed(ADA, "Ada Quay"))
    names = {key: view.owner_name for key, view in given.views(accounts.project).items()}
    assert names == {FIRST: "Ada Quay", SECOND: "Bryn Meadow"}
    names = {view.owner_name for view in given.given(OPENED_SECOND).views(accounts.project).values()}
    assert names == {"Ada Quay", "Bryn Meadow"}


@pytest.mark.parametrize("event", [deposited("50"), FROZEN, CLOSED, CustomerRenamed(ADA, "Ada Quay")])
def test_what_comes_before_the_opening_makes_no_account(event: object) -> None:
    assert BANK.given(event).views(accounts.project) == {}


def test_an_account_is_opened_once() -> None:
    assert account(deposited("50"), OPENED).balance == money("50")
