"""Opening an account, and closing it."""

from dataclasses import dataclass

from domain.account.events import AccountClosed, AccountId, AccountOpened
from domain.account.rejections import (
    AccountAlreadyOpened,
    AccountIsFrozen,
    AccountNotEmpty,
    AccountNotOpen,
    CurrencyUnknown,
)
from domain.account.state import Account, Closed, Frozen, Open, Unopened
from domain.customer.events import CustomerId
from domain.customer.rejections import CustomerIsBlocked, CustomerUnknown
from domain.customer.state import Active, Blocked, Customer, Unregistered
from domain.money import DECIMALS, Currency


@dataclass(frozen=True, slots=True)
class OpenAccount:
    """Open an account for a customer, in one currency."""

    account: AccountId
    customer: CustomerId
    currency: Currency


def open_account(
    command: OpenAccount, account: Account, customer: Customer
) -> AccountOpened | AccountAlreadyOpened | CurrencyUnknown | CustomerIsBlocked | CustomerUnknown:
    match account, customer:
        case Open() | Frozen() | Closed(), _:
            return AccountAlreadyOpened(command.account)
        case Unopened(), Unregistered():
            return CustomerUnknown(command.customer)
        case Unopened(), Blocked():
            return CustomerIsBlocked(command.customer)
        case Unopened(), Active():
            if command.currency not in DECIMALS:
                return CurrencyUnknown(command.currency)
            return AccountOpened(command.account, command.customer, customer.name, command.currency)


@dataclass(frozen=True, slots=True)
class CloseAccount:
    """Close an account for good. It must be at zero."""

    account: AccountId


def close_account(
    command: CloseAccount, account: Account
) -> AccountClosed | AccountNotOpen | AccountIsFrozen | AccountNotEmpty:
    match account:
        case Unopened() | Closed():
            return AccountNotOpen(command.account)
        case Frozen():
            return AccountIsFrozen(command.account)
        case Open():
            if account.balance.amount != 0:
                return AccountNotEmpty(command.account, account.balance)
            return AccountClosed(command.account)
