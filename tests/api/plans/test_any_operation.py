"""Operations that nobody would write, made from the schema: both executors say the same of them."""

import os
from typing import Any

import pytest
from graphql import parse, print_ast, visit
from hypothesis import HealthCheck, given, settings
from hypothesis_graphql import nodes
from hypothesis_graphql import strategies as graphql_strategies

from gateway.api.requests import Request
from tests.acceptance.test_fuzz import SCHEMA, TEXTS, Plausible
from tests.api.plans.conftest import Bank

pytestmark = pytest.mark.anyio

ROUND = settings(
    max_examples=150,
    derandomize=bool(os.environ.get("CI")),
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
SCALARS: Any = {name: texts.map(nodes.String) for name, texts in TEXTS.items()}


def plausible(text: str) -> str:
    return print_ast(visit(parse(text), Plausible())).replace("fuzz.", "")


@ROUND
@given(text=graphql_strategies.queries(SCHEMA, custom_scalars=SCALARS).map(plausible))
async def test_any_query(bank: Bank, text: str) -> None:
    if "auditTrail" not in text:  # each request makes it longer
        await bank.both.compare(Request(text))
