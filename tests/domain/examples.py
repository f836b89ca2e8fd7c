"""Commands and events of the bank in their shortest form: what most tests begin with."""

from decimal import Decimal

from bank import application
from domain.account.cash import DepositMoney, WithdrawMoney
from domain.account.events import (
    AccountClosed,
    AccountFrozen,
    AccountId,
    AccountOpened,
    MoneyDeposited,
    MoneyReceived,
    MoneySent,
    MoneyWithdrawn,
    OverdraftLimitSet,
)
from domain.customer.events import CustomerBlocked, CustomerId, CustomerRegistered, Email
from domain.money import Currency, Money
from domain.transfer import TransferMoney
from gateway.testing import scenario

EUR, JPY, BHD = Currency("EUR"), Currency("JPY"), Currency("BHD")
ADA, BRYN = CustomerId("ada"), CustomerId("bryn")
FIRST, SECOND = AccountId("first"), AccountId("second")

BANK = scenario(application)
REGISTERED = CustomerRegistered(ADA, "Ada Harbour", Email("ada@example.com"))
BLOCKED = CustomerBlocked(ADA)
OPENED = AccountOpened(FIRST, ADA, "Ada Harbour", EUR)
OPENED_SECOND = AccountOpened(SECOND, ADA, "Ada Harbour", EUR)
OPENED_IN_YEN = AccountOpened(SECOND, ADA, "Ada Harbour", JPY)
FROZEN = AccountFrozen(FIRST)
CLOSED = AccountClosed(FIRST)


def money(amount: str, currency: Currency = EUR) -> Money:
    return Money(Decimal(amount), currency)


def deposit(amount: str) -> DepositMoney:
    return DepositMoney(FIRST, money(amount))


def withdraw(amount: str) -> WithdrawMoney:
    return WithdrawMoney(FIRST, money(amount))


def transfer(amount: str, reference: str | None = None) -> TransferMoney:
    return TransferMoney(FIRST, SECOND, money(amount), reference)


def deposited(amount: str, account: AccountId = FIRST) -> MoneyDeposited:
    return MoneyDeposited(account, money(amount))


def withdrawn(amount: str) -> MoneyWithdrawn:
    return MoneyWithdrawn(FIRST, money(amount))


def transferred(amount: str, reference: str | None = None) -> tuple[MoneySent, MoneyReceived]:
    return (
        MoneySent(FIRST, SECOND, money(amount), reference),
        MoneyReceived(SECOND, FIRST, money(amount), reference),
    )


def limited(limit: str) -> OverdraftLimitSet:
    return OverdraftLimitSet(FIRST, money(limit))
