"""Values are ordered here as MongoDB orders them."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from bson import Decimal128, Int64, MaxKey, MinKey
from hypothesis import given
from hypothesis import strategies as st

from gateway.queries.values import behind_prefix, rank, successor
from tests.queries.bookshop import NOON, Library

VALUES: list[Any] = [
    MinKey(),
    None,
    Int64(-5),
    0,
    Decimal128("0.1"),
    Decimal128("0.10000001"),
    Int64(1),
    Decimal128("12"),
    Int64(2**62),
    "",
    "a",
    "a\0",
    "a\0b",
    "aa",
    "b",
    "\uffff",
    "\U0001f4d6",
    {},
    {"amount": Decimal128("1"), "currency": "EUR"},
    {"amount": Decimal128("1"), "currency": "USD"},
    {"amount": Decimal128("2"), "currency": "EUR"},
    {"amount": "1"},
    [1],
    [1, 2],
    UUID(int=1),
    UUID(int=256),
    UUID(int=2**127),
    False,
    True,
    NOON - timedelta(days=36500),
    NOON,
    NOON + timedelta(milliseconds=1),
    MaxKey(),
]


@pytest.mark.anyio
async def test_the_order_of_values_is_that_of_mongodb(library: Library) -> None:
    held = library.database["values"]
    await held.insert_many([{"_id": number, "held": {"value": value}} for number, value in enumerate(VALUES)])
    found = [each["held"]["value"] for each in await held.find({}, sort=[("held", 1), ("_id", 1)]).to_list(None)]
    assert found == VALUES
    assert sorted(VALUES, key=rank) == VALUES


@pytest.mark.parametrize("value", [value for value in VALUES if not isinstance(value, MinKey | MaxKey | None)])
def test_a_successor_comes_behind_its_value_and_before_every_other_of_its_kind(value: Any) -> None:
    behind = [other for other in VALUES if type(other) is type(value) and rank(other) > rank(value)]
    assert rank(value) < rank(successor(value))
    assert all(rank(successor(value)) <= rank(other) for other in behind)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**20), max_value=10**20))
def test_no_amount_lies_between_a_decimal_and_its_successor(value: Decimal) -> None:
    behind = successor(Decimal128(value)).to_decimal()
    assert value < behind <= value + Decimal("0.000001")


TEXTS = st.text(st.sampled_from("ab\0\ud7ff\ue000\U0010ffff"), max_size=4)


@given(TEXTS, TEXTS)
def test_exactly_the_texts_with_a_prefix_lie_between_it_and_what_is_behind_it(prefix: str, text: str) -> None:
    between = rank(prefix) <= rank(text) < rank(behind_prefix(prefix))
    assert between == text.startswith(prefix)
