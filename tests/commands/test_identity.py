"""A command id has one effect and one receipt, however often and wherever it is sent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from uuid import uuid4

import pytest

from gateway.errors import CommandFailed, CommandIdReused
from gateway.messages import Receipt
from gateway.settings import load_settings
from tests.support.counters import ONE, TWO, Burst, Increase, Reach, Start, TooHigh
from tests.support.counters import application as counters
from tests.support.desks import Desk, Opening, desk
from tests.support.workload import OPEN, REGISTER, deposit

pytestmark = pytest.mark.anyio


@pytest.fixture
def opening(mongo_uri: str, database: str) -> Opening:
    return Opening(mongo_uri, database, counters)


@pytest.fixture
async def one(opening: Opening) -> AsyncIterator[Desk]:
    async with desk(opening) as opened:
        yield opened


@pytest.fixture
async def three(opening: Opening) -> AsyncIterator[list[Desk]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(desk(opening)) for _ in range(3)]


async def test_the_same_id_again_gives_the_first_receipt(one: Desk) -> None:
    id_ = uuid4()
    first = await one.send(Increase(ONE), id_)
    await one.send(Increase(ONE))
    again = await one.send(Increase(ONE), id_)
    assert first == Receipt(id_, 1, first.events, replayed=False)
    assert again == Receipt(id_, 1, first.events, replayed=True)
    assert len(await one.check()) == 2


async def test_the_same_id_many_times_at_once_has_one_effect(one: Desk) -> None:
    id_ = uuid4()
    receipts = await asyncio.gather(*(one.send(Increase(ONE), id_) for _ in range(50)))
    assert {each.position for each in receipts} == {1}
    assert len(await one.check()) == 1


async def test_the_same_id_at_several_writers_at_once_has_one_effect(three: list[Desk]) -> None:
    for _ in range(20):
        id_ = uuid4()
        attempts = (each.send(Burst(ONE, 2), id_) for each in three for _ in range(5))
        receipts = await asyncio.gather(*attempts, *(each.send(Increase(ONE)) for each in three))
        (position,) = {each.position for each in receipts[:15]}
        (events,) = {each.events for each in receipts[:15]}
        assert {each.position for each in events} == {position}
        assert [each.replayed for each in receipts[:15]].count(False) == 5  # those that joined the attempt that won
    commits = await three[0].check()
    assert len(commits) == 20 * 4


async def test_ids_sent_again_among_new_ones_cost_their_neighbours_nothing(three: list[Desk]) -> None:
    ids = [uuid4() for _ in range(40)]
    for start in range(0, 40, 10):
        sends = (
            each.send(Increase(ONE), id_) for id_ in ids[: start + 10] for each in three
        )  # known ones and new ones
        receipts = await asyncio.gather(*sends)
        assert [each.command_id for each in receipts] == [id_ for id_ in ids[: start + 10] for _ in three]
    assert sorted(each.command.id for each in await three[0].check()) == sorted(ids)


@pytest.mark.parametrize("command", [Increase(ONE, 2), Increase(TWO), Reach(ONE, 9), Increase(ONE, 0)], ids=str)
async def test_an_id_with_other_content_is_refused(one: Desk, opening: Opening, command: object) -> None:
    id_ = uuid4()
    await one.send(Increase(ONE), id_)
    async with desk(opening) as other:
        for each in (one, other):
            with pytest.raises(CommandIdReused) as refused:
                await each.send(command, id_)
            assert refused.value.command_id == id_
    assert len(await one.check()) == 1


async def test_an_id_of_another_actor_is_refused(one: Desk) -> None:
    id_ = uuid4()
    await one.send(Increase(ONE), id_, actor="ada")
    with pytest.raises(CommandIdReused):
        await one.send(Increase(ONE), id_, actor="bryn")


async def test_an_id_under_way_with_other_content_is_refused(one: Desk) -> None:
    id_ = uuid4()
    sends = [one.send(Increase(ONE), id_), one.send(Increase(TWO), id_), one.send(Increase(ONE), id_, "bryn")]
    answers = await asyncio.gather(*sends, return_exceptions=True)
    assert [type(each) for each in answers] == [Receipt, CommandIdReused, CommandIdReused]


async def test_a_new_process_knows_the_old_receipts(opening: Opening) -> None:
    id_ = uuid4()
    async with desk(opening) as before:
        first = await before.send(Burst(ONE, 3), id_)
    async with desk(opening) as after:
        assert await after.send(Burst(ONE, 3), id_) == Receipt(id_, 1, first.events, replayed=True)
        assert len(await after.check()) == 1


async def test_an_accepted_id_gets_its_receipt_even_where_it_would_now_be_rejected(one: Desk) -> None:
    id_ = uuid4()
    first = await one.send(Reach(ONE, 1), id_)
    assert await one.send(Reach(ONE, 1)) == TooHigh(ONE, 1)
    assert await one.send(Reach(ONE, 1), id_) == Receipt(id_, 1, first.events, replayed=True)


async def test_an_accepted_id_gets_its_receipt_even_where_its_function_would_now_fail(one: Desk) -> None:
    id_ = uuid4()
    first = await one.send(Start(ONE), id_)
    with pytest.raises(CommandFailed):
        await one.send(Start(ONE))
    assert await one.send(Start(ONE), id_) == Receipt(id_, 1, first.events, replayed=True)


async def test_an_accepted_id_gets_its_receipt_even_where_its_stream_is_broken(opening: Opening) -> None:
    id_ = uuid4()
    async with desk(opening) as before:
        first = await before.send(Increase(ONE), id_)
        await before.send(Increase(ONE))
        await before.mongo.database["events"].update_one({"_id": 2}, {"$set": {"events.0.type": "Forgotten"}})
    async with desk(opening) as after:
        assert await after.send(Increase(ONE), id_) == Receipt(id_, 1, first.events, replayed=True)


async def test_a_rejected_id_may_be_sent_again_and_be_accepted(one: Desk) -> None:
    id_ = uuid4()
    await one.send(Increase(ONE))
    assert await one.send(Reach(ONE, 1), id_) == TooHigh(ONE, 1)
    assert (await one.send(Reach(ONE, 2), id_)).position == 2


async def test_the_same_content_written_otherwise_is_other_content(mongo_uri: str, database: str) -> None:
    async with desk(Opening(mongo_uri, database, settings=load_settings())) as bank:
        await bank.all([REGISTER, OPEN])
        id_ = uuid4()
        await bank.send(deposit("1.0"), id_)
        with pytest.raises(CommandIdReused):
            await bank.send(deposit("1.00"), id_)
