"""An account as its owner sees it."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from domain.account.events import (
    AccountClosed,
    AccountEvent,
    AccountFrozen,
    AccountId,
    AccountOpened,
    AccountUnfrozen,
    MoneyDeposited,
    MoneyReceived,
    MoneySent,
    MoneyWithdrawn,
    OverdraftLimitSet,
)
from domain.customer.events import CustomerId, CustomerRenamed
from domain.money import Currency, Money, zero


class AccountStatus(StrEnum):
    """Whether an account moves money."""

    OPEN = "OPEN"
    "Moves money."
    FROZEN = "FROZEN"
    "Stands still: no money in, no money out."
    CLOSED = "CLOSED"
    "Closed for good."


@dataclass(frozen=True, slots=True)
class Account:
    """An account as its owner sees it."""

    account: AccountId
    customer: CustomerId
    "The owner."
    owner_name: str
    "The owner's name as it is now."
    status: AccountStatus
    currency: Currency
    balance: Money
    "What is on the account; below zero, what is owed."
    overdraft_limit: Money
    "How far below zero the balance may go."
    available: Money
    "Balance and overdraft limit together: what may be drawn while the account is open."
    opened_at: datetime


def project(account: Account | None, event: AccountEvent | CustomerRenamed, at: datetime) -> Account | None:
    """The account after this event. A customer's new name reaches all their accounts."""
    match account, event:
        case None, AccountOpened():
            return _opened(event, at)
        case Account(), CustomerRenamed():
            return replace(account, owner_name=event.name)
        case Account(), AccountFrozen():
            return replace(account, status=AccountStatus.FROZEN)
        case Account(), AccountUnfrozen():
            return replace(account, status=AccountStatus.OPEN)
        case Account(), AccountClosed():
            return replace(account, status=AccountStatus.CLOSED)
        case Account(), _:
            return _reckoned(account, event)
        case _:
            return None


def _opened(event: AccountOpened, at: datetime) -> Account:
    nothing = zero(event.currency)
    return Account(
        account=event.account,
        customer=event.customer,
        owner_name=event.owner_name,
        status=AccountStatus.OPEN,
        currency=event.currency,
        balance=nothing,
        overdraft_limit=nothing,
        available=nothing,
        opened_at=at,
    )


def _reckoned(account: Account, event: AccountEvent) -> Account:
    match event:
        case MoneyDeposited() | MoneyReceived():
            return _with(account, account.balance + event.amount, account.overdraft_limit)
        case MoneyWithdrawn() | MoneySent():
            return _with(account, account.balance - event.amount, account.overdraft_limit)
        case OverdraftLimitSet():
            return _with(account, account.balance, event.limit)
        case _:
            return account


def _with(account: Account, balance: Money, limit: Money) -> Account:
    return replace(account, balance=balance, overdraft_limit=limit, available=balance + limit)
