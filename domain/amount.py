"""Which amounts the bank accepts, and why it refuses the others."""

from dataclasses import dataclass
from decimal import Decimal

from domain.money import DECIMALS, Currency, Money, fits

# Python reckons decimals with 28 digits and rounds beyond them. Below 10^15 an amount has at most 19 digits,
# the four decimals of some currencies included: a billion of the largest ones still add up exactly.
_BOUND = Decimal(10) ** 15


@dataclass(frozen=True, slots=True)
class CurrencyMismatch:
    """The amount is not in the account's currency."""

    expected: Currency
    "The account's currency."
    given: Currency
    "The amount's currency."


@dataclass(frozen=True, slots=True)
class AmountNotPositive:
    """An amount must be more than zero."""

    amount: Money


@dataclass(frozen=True, slots=True)
class AmountTooLarge:
    """No amount may reach 1,000,000,000,000,000."""

    amount: Money


@dataclass(frozen=True, slots=True)
class TooManyDecimals:
    """The amount has more decimals than its currency."""

    amount: Money
    allowed: int
    "How many decimals the currency has."


MoneyRefused = CurrencyMismatch | AmountTooLarge | TooManyDecimals
AmountRefused = MoneyRefused | AmountNotPositive


def refused_money(money: Money, currency: Currency) -> MoneyRefused | None:
    """Why this is no sum of that currency; None if it is one, of either sign."""
    if money.currency != currency:
        return CurrencyMismatch(currency, money.currency)
    if abs(money.amount) >= _BOUND:
        return AmountTooLarge(money)
    if not fits(money):
        return TooManyDecimals(money, DECIMALS[currency])
    return None


def refused_amount(amount: Money, currency: Currency) -> AmountRefused | None:
    """Why this amount cannot be moved in that currency; None if it can."""
    if amount.currency == currency and amount.amount <= 0:
        return AmountNotPositive(amount)
    return refused_money(amount, currency)
