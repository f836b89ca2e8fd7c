"""How much money moved on one day, in one currency."""

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

from gateway.testing import NOON
from readmodels import daily_activity
from readmodels.daily_activity import ActivityId, DailyActivity
from tests.domain.examples import BANK, EUR, JPY, OPENED, deposited, money, transferred, withdrawn


def activities(*events: object, at: datetime = NOON) -> dict[str, DailyActivity]:
    return BANK.given(OPENED).given(*events, at=at).views(daily_activity.project)


def test_the_first_movement_begins_the_day() -> None:
    id = ActivityId("2026-01-31.EUR")
    expected = DailyActivity(id, date(2026, 1, 31), EUR, count=1, volume=money("50"))
    assert activities(deposited("50")) == {id: expected}


def test_what_comes_in_and_what_goes_out_both_count() -> None:
    activity = activities(deposited("50"), withdrawn("20"))["2026-01-31.EUR"]
    assert (activity.count, activity.volume) == (2, money("70"))


def test_a_transfer_counts_once() -> None:
    activity = activities(deposited("50"), *transferred("20"))["2026-01-31.EUR"]
    assert (activity.count, activity.volume) == (2, money("70"))


def test_each_currency_has_a_day_of_its_own() -> None:
    in_yen = replace(deposited("50"), amount=money("700", JPY))
    found = activities(deposited("50"), in_yen)
    assert found.keys() == {"2026-01-31.EUR", "2026-01-31.JPY"}
    assert found["2026-01-31.JPY"].volume == money("700", JPY)


def test_a_day_ends_at_midnight_utc() -> None:
    midnight = datetime(2026, 2, 1, tzinfo=timezone(timedelta(0)))
    found = BANK.given(OPENED).given(deposited("1"), at=midnight - timedelta(microseconds=1))
    keys = found.given(deposited("2"), at=midnight).views(daily_activity.project).keys()
    assert keys == {"2026-01-31.EUR", "2026-02-01.EUR"}


def test_another_time_zone_changes_no_day() -> None:
    in_tokyo = NOON.replace(hour=23).astimezone(timezone(timedelta(hours=9)))
    assert in_tokyo.date() == date(2026, 2, 1)
    assert activities(deposited("1"), at=in_tokyo).keys() == {"2026-01-31.EUR"}
