"""An account's statement: one line a movement of money."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from domain.account.events import (
    AccountId,
    MoneyDeposited,
    MoneyReceived,
    MoneySent,
    MoneyWithdrawn,
    Movement,
)
from domain.money import Money


class MovementKind(StrEnum):
    """How money moved."""

    DEPOSIT = "DEPOSIT"
    "Cash paid in."
    WITHDRAWAL = "WITHDRAWAL"
    "Cash taken out."
    SENT = "SENT"
    "To another account."
    RECEIVED = "RECEIVED"
    "From another account."


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One movement of money, and the balance after it."""

    account: AccountId
    at: datetime
    kind: MovementKind
    amount: Money
    "Above zero what came in, below zero what went out."
    balance: Money
    "The account's balance after this movement."
    counterparty: AccountId | None = None
    "The account at the other end of a transfer."
    reference: str | None = None
    "What the sender of a transfer wrote."


def append(last: StatementLine | None, event: Movement, at: datetime) -> StatementLine:
    """The line for this movement, below the account's last one."""
    line = _first(event, at)
    return replace(line, balance=last.balance + line.amount) if last else line


def _first(event: Movement, at: datetime) -> StatementLine:
    """The line as if it were the account's first: its balance is its amount."""
    match event:
        case MoneyDeposited(account, amount):
            return StatementLine(account, at, MovementKind.DEPOSIT, amount, amount)
        case MoneyWithdrawn(account, amount):
            return StatementLine(account, at, MovementKind.WITHDRAWAL, -amount, -amount)
        case MoneySent(account, target, amount, reference):
            return StatementLine(account, at, MovementKind.SENT, -amount, -amount, target, reference)
        case MoneyReceived(account, source, amount, reference):
            return StatementLine(account, at, MovementKind.RECEIVED, amount, amount, source, reference)
