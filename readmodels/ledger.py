"""The bank's books in one currency, by double entry: every amount is debited once and credited once."""

from dataclasses import dataclass, replace

from domain.account.events import (
    AccountOpened,
    MoneyDeposited,
    MoneyReceived,
    MoneySent,
    MoneyWithdrawn,
    Movement,
)
from domain.money import Currency, Money, zero


@dataclass(frozen=True, slots=True)
class Ledger:
    """The bank's books in one currency, by double entry: the sum is zero, always."""

    currency: Currency
    cash: Money
    "What the bank holds: paid in and not yet taken out."
    liabilities: Money
    "What the bank owes its customers: the balances of all accounts together."
    transit: Money
    "What was sent and not yet received: zero after every commit."
    debits: Money
    "All that was ever debited."
    credits: Money
    "All that was ever credited."
    sum: Money
    "Cash less liabilities less transit: zero, or the books are wrong."


def key(event: AccountOpened | Movement) -> Currency:
    """The currency whose books this event belongs to."""
    return event.currency if isinstance(event, AccountOpened) else event.amount.currency


def project(ledger: Ledger | None, event: AccountOpened | Movement) -> Ledger:
    """The books after this event. They are begun with a currency's first account."""
    before = ledger or _begun(key(event))
    if isinstance(event, AccountOpened):
        return before
    return _summed(_booked(before, event), event.amount)


def _begun(currency: Currency) -> Ledger:
    nothing = zero(currency)
    return Ledger(currency, nothing, nothing, nothing, nothing, nothing, nothing)


def _booked(ledger: Ledger, event: Movement) -> Ledger:
    cash, liabilities, transit = ledger.cash, ledger.liabilities, ledger.transit
    match event:
        case MoneyDeposited(amount=amount):
            return replace(ledger, cash=cash + amount, liabilities=liabilities + amount)
        case MoneyWithdrawn(amount=amount):
            return replace(ledger, cash=cash - amount, liabilities=liabilities - amount)
        case MoneySent(amount=amount):
            return replace(ledger, liabilities=liabilities - amount, transit=transit + amount)
        case MoneyReceived(amount=amount):
            return replace(ledger, transit=transit - amount, liabilities=liabilities + amount)


def _summed(ledger: Ledger, amount: Money) -> Ledger:
    return replace(
        ledger,
        debits=ledger.debits + amount,
        credits=ledger.credits + amount,
        # Out of the three books and not out of the two turnovers: a wrong booking must show here.
        sum=ledger.cash - ledger.liabilities - ledger.transit,
    )
