"""Operations that nobody would write, made from the schema: both executors say the same of them."""

import json
import os
from collections.abc import Awaitable
from typing import Any
from unittest.mock import patch
from uuid import UUID
from zlib import crc32

import pytest
from graphql import parse, print_ast, visit
from hypothesis import HealthCheck, given, settings
from hypothesis_graphql import nodes
from hypothesis_graphql import strategies as graphql_strategies

from gateway.api.requests import Answer, Request
from tests.acceptance.test_fuzz import SCHEMA, TEXTS, Plausible
from tests.api.plans.conftest import Bank
from tests.api.plans.modes import assert_same

pytestmark = pytest.mark.anyio

ROUND = settings(
    max_examples=100,
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


@settings(ROUND, max_examples=30)
@given(text=graphql_strategies.mutations(SCHEMA, custom_scalars=SCALARS).map(plausible))
async def test_any_mutation(bank: Bank, text: str) -> None:
    """The command ids that are drawn are the same each time: once all is accepted, answers are the same."""
    request, drawn = Request(text), Drawn(crc32(text.encode()))
    with patch("gateway.api.schema.mutations.uuid4", drawn):
        wanted, before = await drawn.again(bank.both.ordinary.execute(request)), None
        while before is None or said(before) != said(wanted):
            wanted, before = await drawn.again(bank.both.ordinary.execute(request)), wanted
        assert_same(await drawn.again(bank.both.run(request)), wanted)


class Drawn:
    """Draws the same ids again and again."""

    def __init__(self, seed: int) -> None:
        self._seed, self._count = seed, 0

    def __call__(self) -> UUID:
        self._count += 1
        return UUID(int=(self._seed << 64) + self._count)

    async def again(self, asked: Awaitable[Answer]) -> Answer:
        self._count = 0
        return await asked


def said(answer: Answer) -> str:
    return json.dumps([answer.data, [each["extensions"].get("code") for each in answer.errors]])
