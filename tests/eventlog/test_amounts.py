"""Amounts are stored as the driver would store them, whatever they look like."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from bson.decimal128 import Decimal128
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.api.scalars import STANDARD
from gateway.mongo.codec import decimal_text, moment_text, value_encoder
from gateway.queries.values import packed, unpacked

encode = value_encoder(Decimal)
written: Any = STANDARD[datetime].serialize


@given(st.decimals(allow_nan=False, allow_infinity=False), st.decimals(-(10**20), 10**20, places=2))
@example(Decimal("-0.00"), Decimal("0E-7"))
@example(Decimal("9" * 34), Decimal("-0." + "9" * 34))
def test_an_amount_is_stored_exactly(one: Decimal, other: Decimal) -> None:
    for amount in (one, other):
        if len(amount.as_tuple().digits) <= 34 and abs(amount.adjusted()) < 6_000:
            assert encode(amount).bid == Decimal128(amount).bid


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1E+3", "0E+5", "12.50", "1E-6176"])
def test_what_is_no_plain_amount_is_stored_as_the_driver_does(text: str) -> None:
    assert encode(Decimal(text)).bid == Decimal128(text).bid


def test_what_would_be_rounded_is_refused() -> None:
    with pytest.raises(ArithmeticError):
        encode(Decimal("1." + "1" * 40))


@given(st.decimals(allow_nan=False, allow_infinity=False), st.decimals(-(10**20), 10**20, places=2))
@example(Decimal("-0.00"), Decimal("0E-7"))
@example(Decimal("9" * 34), Decimal("-0." + "9" * 34))
@example(Decimal("1E+3"), Decimal("-1E-6176"))
def test_the_text_of_a_stored_amount_is_its_plain_one(one: Decimal, other: Decimal) -> None:
    for amount in (one, other):
        if len(amount.as_tuple().digits) <= 34 and abs(amount.adjusted()) < 6_000:
            assert decimal_text(Decimal128(amount)) == format(amount, "f")


@given(st.datetimes(timezones=st.just(UTC)))
@example(datetime(1, 1, 1, tzinfo=UTC))
def test_the_text_of_a_stored_moment_is_that_of_the_scalar(at: datetime) -> None:
    stored = unpacked(packed({"": at}))[""]
    assert moment_text(stored) == written(stored)
