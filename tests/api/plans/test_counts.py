"""What a request costs, counted: a regression shows here, whatever the machine is busy with."""

import pytest

from gateway.api.plans import Plans
from gateway.api.requests import Request
from tests.api.plans.conftest import Bank
from tests.api.plans.things import SCHEMA, things

pytestmark = pytest.mark.anyio

BY_ID = "query($id: ID!) { account(id: $id) { id balance { amount } } }"
NESTED = "{ accounts { nodes { id customer { name } statement(first: 1) { nodes { id } } } totalCount } }"


async def test_an_operation_is_planned_once(bank: Bank) -> None:
    before = bank.both.plans
    for number in (1, 2, 3, 1):
        await bank.both.run(Request(BY_ID, {"id": f"Account:{number}"}))
    assert bank.both.plans - before <= 1


async def test_each_choice_of_what_is_skipped_is_a_plan_of_its_own(bank: Bank) -> None:
    query = (
        "query($a: Boolean!, $b: Boolean!) { accounts { totalCount @skip(if: $a) nodes @include(if: $b) { id } } }"
    )
    before = bank.both.plans
    for _ in range(2):
        for a in (True, False):
            for b in (True, False):
                await bank.both.ask(query, {"a": a, "b": b})
    assert bank.both.plans - before == 4


async def test_answers_that_are_expected_need_no_ordinary_executor(bank: Bank) -> None:
    before = bank.both.executors
    for query in (BY_ID, NESTED):
        assert not (await bank.both.run(Request(query, {"id": "Account:1"}))).errors
    assert bank.both.executors == before


@pytest.mark.parametrize(("query", "commands"), [(BY_ID, 1), (NESTED, 4)])
async def test_so_many_commands_are_sent_to_mongodb(bank: Bank, query: str, commands: int) -> None:
    bank.sent.all.clear()
    await bank.both.run(Request(query, {"id": "Account:1"}))
    asked = [name for name, of in bank.sent.all if of.startswith("views.") or (name, of) == ("aggregate", "1")]
    assert len(asked) == commands, bank.sent.all


async def test_what_is_kept_of_many_operations_is_bounded() -> None:
    both = things()
    plans = Plans(SCHEMA, most=10, most_bytes=1_000_000)
    both.planned._plans = plans  # pyright: ignore[reportPrivateUsage] # smaller than the setting
    for number in range(50):
        await both.ask(f'{{ thing(name: "one") {{ a{number}: name b: size }} }}')
    assert plans.count == 10
    wide = " ".join(f"a{each}: name" for each in range(25))
    for number in range(15):
        await both.ask(f'{{ thing(name: "one") {{ a{number}: name {wide} }} }}')
    assert 0 < plans.size <= 1_000_000
    assert 0 < plans.count < 10


async def test_a_long_document_counts_as_what_it_is_whether_it_is_planned_or_not() -> None:
    """Its nodes and tokens are held with the operation."""
    for query in ('{ thing(name: "one") { name } }', "{ __schema { description } }"):
        both = things()
        plans = both.planned._plans = Plans(SCHEMA)  # pyright: ignore[reportPrivateUsage] # to be looked into
        await both.compare(Request(query + "," * 10_000))
        assert plans.size > 2_000_000


async def test_a_short_text_that_asks_for_a_plan_without_end_gets_none() -> None:
    both = things()
    levels = [f"fragment F{n} on Red {{ a: same {{ ...F{n + 1} }} b: same {{ ...F{n + 1} }} }}" for n in range(10)]
    query = '{ thing(name: "one") { ...F0 } } ' + " ".join(levels) + " fragment F10 on Red { name }"
    along = both.along
    assert not (await both.compare(Request(query))).refused
    assert both.along == along


async def test_plans_can_be_switched_off() -> None:
    both = things(plans=False)
    await both.compare(Request('{ thing(name: "one") { name } }'))
    assert both.along == 0
