"""Paying cash in, and taking it out."""

from dataclasses import dataclass

from domain.account.events import AccountId, MoneyDeposited, MoneyWithdrawn
from domain.account.rejections import AccountIsFrozen, AccountNotOpen, InsufficientFunds
from domain.account.state import Account, Closed, Frozen, Open, Unopened
from domain.amount import AmountRefused, refused_amount
from domain.money import Money, exact


@dataclass(frozen=True, slots=True)
class DepositMoney:
    """Pay cash into an account."""

    account: AccountId
    amount: Money


def deposit_money(
    command: DepositMoney, account: Account
) -> MoneyDeposited | AccountNotOpen | AccountIsFrozen | AmountRefused:
    match account:
        case Unopened() | Closed():
            return AccountNotOpen(command.account)
        case Frozen():
            return AccountIsFrozen(command.account)
        case Open():
            if refused := refused_amount(command.amount, account.currency):
                return refused
            return MoneyDeposited(command.account, exact(command.amount))


@dataclass(frozen=True, slots=True)
class WithdrawMoney:
    """Take cash out of an account, down to its overdraft limit."""

    account: AccountId
    amount: Money


def withdraw_money(
    command: WithdrawMoney, account: Account
) -> MoneyWithdrawn | AccountNotOpen | AccountIsFrozen | AmountRefused | InsufficientFunds:
    match account:
        case Unopened() | Closed():
            return AccountNotOpen(command.account)
        case Frozen():
            return AccountIsFrozen(command.account)
        case Open():
            if refused := refused_amount(command.amount, account.currency):
                return refused
            if command.amount > account.available:
                return InsufficientFunds(account.available, exact(command.amount))
            return MoneyWithdrawn(command.account, exact(command.amount))
