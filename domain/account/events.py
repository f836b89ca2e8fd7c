"""What has happened to an account. These names are the storage format: they stay for ever."""

from dataclasses import dataclass
from typing import NewType

from domain.customer.events import CustomerId
from domain.money import Currency, Money

AccountId = NewType("AccountId", str)
"""An account at the bank."""


@dataclass(frozen=True, slots=True)
class AccountOpened:
    """An account was opened, without money in it."""

    account: AccountId
    customer: CustomerId
    owner_name: str
    "The customer's name on that day."
    currency: Currency


@dataclass(frozen=True, slots=True)
class MoneyDeposited:
    """Cash was paid in."""

    account: AccountId
    amount: Money


@dataclass(frozen=True, slots=True)
class MoneyWithdrawn:
    """Cash was taken out."""

    account: AccountId
    amount: Money


@dataclass(frozen=True, slots=True)
class MoneySent:
    """Money left for another account, which received it in the same commit."""

    account: AccountId
    target: AccountId
    "The account that received it."
    amount: Money
    reference: str | None
    "What the sender wrote."


@dataclass(frozen=True, slots=True)
class MoneyReceived:
    """Money came from another account, which sent it in the same commit."""

    account: AccountId
    source: AccountId
    "The account that sent it."
    amount: Money
    reference: str | None
    "What the sender wrote."


@dataclass(frozen=True, slots=True)
class OverdraftLimitSet:
    """The account may be drawn below zero, down to this far."""

    account: AccountId
    limit: Money


@dataclass(frozen=True, slots=True)
class AccountFrozen:
    """The account stands still: no money in, no money out."""

    account: AccountId


@dataclass(frozen=True, slots=True)
class AccountUnfrozen:
    """The account moves money again."""

    account: AccountId


@dataclass(frozen=True, slots=True)
class AccountClosed:
    """The account was closed for good."""

    account: AccountId


Movement = MoneyDeposited | MoneyWithdrawn | MoneySent | MoneyReceived
AccountEvent = AccountOpened | Movement | OverdraftLimitSet | AccountFrozen | AccountUnfrozen | AccountClosed
