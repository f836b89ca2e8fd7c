"""What the rules must know of an account, and how events change it."""

from dataclasses import dataclass, replace

from domain.account.events import (
    AccountClosed,
    AccountEvent,
    AccountFrozen,
    AccountOpened,
    AccountUnfrozen,
    MoneyDeposited,
    MoneyReceived,
    MoneySent,
    MoneyWithdrawn,
    OverdraftLimitSet,
)
from domain.money import Currency, Money, zero


@dataclass(frozen=True, slots=True)
class Unopened:
    """Nobody has opened an account under this id."""


@dataclass(frozen=True, slots=True)
class Open:
    """An account that moves money."""

    balance: Money
    overdraft_limit: Money

    @property
    def currency(self) -> Currency:
        return self.balance.currency

    @property
    def available(self) -> Money:
        return self.balance + self.overdraft_limit


@dataclass(frozen=True, slots=True)
class Frozen:
    """An account that stands still."""

    held: Open
    "The account as it was, and as it will be again."


@dataclass(frozen=True, slots=True)
class Closed:
    """An account that is no more; its id is never used again."""


Account = Unopened | Open | Frozen | Closed

unopened: Account = Unopened()


def evolve(account: Account, event: AccountEvent) -> Account:
    """The account after this event; one that cannot follow changes nothing."""
    match account, event:
        case Unopened(), AccountOpened():
            return Open(zero(event.currency), zero(event.currency))
        case Open(), _:
            return _evolve_open(account, event)
        case Frozen(), AccountUnfrozen():
            return account.held
        case _:
            return account


def _evolve_open(account: Open, event: AccountEvent) -> Account:
    match event:
        case MoneyDeposited() | MoneyReceived():
            return replace(account, balance=account.balance + event.amount)
        case MoneyWithdrawn() | MoneySent():
            return replace(account, balance=account.balance - event.amount)
        case OverdraftLimitSet():
            return replace(account, overdraft_limit=event.limit)
        case AccountFrozen():
            return Frozen(account)
        case AccountClosed():
            return Closed()
        case AccountOpened() | AccountUnfrozen():
            return account
