"""How much money moved on one day, in one currency."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import NewType

from domain.account.events import MoneyDeposited, MoneySent, MoneyWithdrawn
from domain.money import Currency, Money

ActivityId = NewType("ActivityId", str)
"""A day and a currency: 2026-01-31.EUR."""

# A transfer counts once: when it is sent.
Counted = MoneyDeposited | MoneyWithdrawn | MoneySent


@dataclass(frozen=True, slots=True)
class DailyActivity:
    """How much money moved on one day, in one currency. A transfer counts once."""

    activity: ActivityId
    day: date
    "The day in UTC."
    currency: Currency
    count: int
    "How many deposits, withdrawals and transfers there were."
    volume: Money
    "Their amounts together."


def key(event: Counted, at: datetime) -> ActivityId:
    """The day and the currency that this movement counts for."""
    return ActivityId(f"{_day(at)}.{event.amount.currency}")


def project(activity: DailyActivity | None, event: Counted, at: datetime) -> DailyActivity:
    """The day's activity with this movement in it."""
    if activity is None:
        return DailyActivity(key(event, at), _day(at), event.amount.currency, 1, event.amount)
    return replace(activity, count=activity.count + 1, volume=activity.volume + event.amount)


def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()
