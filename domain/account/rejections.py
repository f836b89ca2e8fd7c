"""Why the bank refuses what is asked of an account; what is wrong with an amount, `amount.py` says."""

from dataclasses import dataclass

from domain.account.events import AccountId
from domain.money import Currency, Money


@dataclass(frozen=True, slots=True)
class AccountNotOpen:
    """There is no open account under this id."""

    account: AccountId


@dataclass(frozen=True, slots=True)
class AccountAlreadyOpened:
    """An account was opened under this id already; an id is never used twice."""

    account: AccountId


@dataclass(frozen=True, slots=True)
class AccountIsFrozen:
    """The account is frozen: until it is unfrozen, nothing about it changes."""

    account: AccountId


@dataclass(frozen=True, slots=True)
class AccountNotFrozen:
    """The account is not frozen."""

    account: AccountId


@dataclass(frozen=True, slots=True)
class AccountNotEmpty:
    """Only an account at zero can be closed."""

    account: AccountId
    balance: Money
    "What is on the account, or below zero what is owed."


@dataclass(frozen=True, slots=True)
class CurrencyUnknown:
    """This is no ISO 4217 code of a currency in use."""

    currency: Currency


@dataclass(frozen=True, slots=True)
class InsufficientFunds:
    """The account does not have that much available."""

    available: Money
    "Balance and overdraft limit together."
    requested: Money


@dataclass(frozen=True, slots=True)
class LimitNegative:
    """An overdraft limit says how far below zero an account may go: zero or more."""

    limit: Money


@dataclass(frozen=True, slots=True)
class LimitBelowDrawn:
    """More than this limit is drawn already."""

    drawn: Money
    "How far below zero the account is."
    limit: Money
