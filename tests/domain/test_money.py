"""Money is exact, and never mixes currencies."""

from decimal import Decimal

import pytest

from domain.money import DECIMALS, Currency, Money, exact, fits, zero
from tests.domain.examples import BHD, JPY, money


def test_money_of_one_currency_adds_up() -> None:
    assert money("0.10") + money("0.20") == money("0.30")
    assert money("0.10") - money("0.30") == -money("0.20")


def test_money_of_two_currencies_does_not_add_up() -> None:
    with pytest.raises(ValueError, match="EUR and JPY"):
        _ = money("1") + money("1", JPY)
    with pytest.raises(ValueError, match="EUR and JPY"):
        _ = money("1") - money("1", JPY)


def test_money_of_two_currencies_does_not_compare() -> None:
    with pytest.raises(ValueError, match="EUR and JPY"):
        _ = money("1") < money("1", JPY)
    with pytest.raises(ValueError, match="EUR and JPY"):
        _ = money("1") <= money("1", JPY)


def test_a_billion_of_the_largest_amounts_add_up_exactly() -> None:
    largest, times = Decimal("999999999999999.9999"), 10**9 - 1
    assert int((largest * times).scaleb(4)) == (10**19 - 1) * times


@pytest.mark.parametrize(
    ("given", "written"), [(money("50"), "50.00"), (money("1E+3", JPY), "1000"), (money("0.5", BHD), "0.500")]
)
def test_money_is_written_with_all_of_its_decimals(given: Money, written: str) -> None:
    assert str(exact(given).amount) == written


def test_nothing_is_written_with_all_of_its_decimals() -> None:
    assert [str(zero(currency).amount) for currency in (JPY, BHD)] == ["0", "0.000"]


def test_decimals_count_by_value() -> None:
    assert fits(money("100.0", JPY))
    assert not fits(money("100.5", JPY))
    assert not fits(money("0.001"))


def test_the_table_is_iso_4217() -> None:
    assert len(DECIMALS) == 165
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in DECIMALS)
    known = {"EUR": 2, "JPY": 0, "BHD": 3, "CLF": 4, "ISK": 0, "XCG": 2, "ZWG": 2}
    assert {code: DECIMALS[Currency(code)] for code in known} == known
    assert not {"BGN", "HRK", "ZWL", "ANG", "XAU", "XXX", "XTS"} & DECIMALS.keys()
