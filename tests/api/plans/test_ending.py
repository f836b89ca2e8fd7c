"""Who stops waiting ends what a query loads; a mutation goes on."""

import asyncio
from typing import Any

import pytest

from gateway.api.requests import Request
from tests.api.plans.things import Gate, things

pytestmark = pytest.mark.anyio

SEVERAL = '{ thing(name: "one", holds: "tt") { held { wait { name } } } }'
ALONE = '{ thing(name: "one") { wait { name } } }'


@pytest.mark.parametrize("query", [SEVERAL, ALONE])
async def test_a_query_that_is_given_up_ends_its_loads(query: str) -> None:
    gate = Gate()
    both = things(gate)
    asking = asyncio.create_task(both.run(Request(query)))
    await gate.begun.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(5):
            await asking
    assert gate.ended == gate.waiting > 0


async def test_a_mutation_outlives_whoever_waits_for_it() -> None:
    gate = Gate()
    both = things(gate)
    text = 'mutation { a: change(name: "one") { wait { name } } b: change(name: "two") { name } }'
    asking = asyncio.create_task(both.run(Request(text)))
    await gate.begun.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    gate.open.set()
    await both.planned.settle()
    assert (gate.waiting, gate.ended) == (1, 0)
    assert gate.found == ["one", "two"]


@pytest.mark.parametrize("below", ["loaded { wait { name } }", "wait { name }"])
async def test_what_is_loaded_below_a_null_is_given_up(below: str) -> None:
    gate = Gate()
    both = things(gate)
    async with asyncio.timeout(5):
        answer = await both.run(Request(f'{{ thing(name: "one") {{ name lost {{ name }} {below} }} }}'))
    found: Any = answer.data
    assert found == {"thing": None}
    assert gate.ended == gate.waiting


async def test_a_load_that_is_cancelled_from_within_cancels_its_request() -> None:
    both = things(Gate())
    with pytest.raises(asyncio.CancelledError):
        await both.run(Request('{ thing(name: "one", holds: "tt") { held { cancelled { name } } } }'))
