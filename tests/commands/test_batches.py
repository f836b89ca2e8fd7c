"""Commands that arrive together are committed together, in their order; one that fails fails alone."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from domain.account.rejections import InsufficientFunds
from gateway.errors import BadInput, CommandFailed, CommitTooLarge
from gateway.messages import Receipt
from gateway.settings import load_settings
from tests.support.commands import Commands
from tests.support.counters import (
    ONE,
    TWO,
    Burst,
    CounterId,
    Increase,
    Mark,
    Misbehave,
    Reach,
    Square,
    Start,
    TooHigh,
)
from tests.support.counters import application as counters
from tests.support.desks import Desk, Opening, desk
from tests.support.workload import OPEN, REGISTER, deposit, eur, withdraw

pytestmark = pytest.mark.anyio


@pytest.fixture
def heard() -> Commands:
    return Commands()


@pytest.fixture
async def bank(mongo_uri: str, database: str, heard: Commands) -> AsyncIterator[Desk]:
    settings = load_settings(snapshot_events=0)
    async with desk(Opening(mongo_uri, database, listeners=[heard], settings=settings)) as opened:
        await opened.all([REGISTER, OPEN, deposit(1_000)])
        heard.sent.clear()
        yield opened


@pytest.fixture
async def counter(mongo_uri: str, database: str) -> AsyncIterator[Desk]:
    async with desk(Opening(mongo_uri, database, counters)) as opened:
        yield opened


async def test_commands_that_arrive_at_once_cost_one_insert_and_no_read(bank: Desk, heard: Commands) -> None:
    receipts = await bank.all(deposit(number) for number in range(1, 201))
    assert [each.position for each in receipts] == [*range(4, 204)]
    assert heard.names == ["insert"]


async def test_commands_that_keep_arriving_gather_behind_the_insert_under_way(bank: Desk, heard: Commands) -> None:
    async def client() -> None:
        for _ in range(10):
            await bank.send(deposit(1))

    await asyncio.gather(*(client() for _ in range(50)))
    assert len(await bank.commits()) == 503
    assert heard.names.count("insert") <= 40
    assert set(heard.names) == {"insert", "find"}  # the one find is this test's
    assert heard.names.count("find") == 1


async def test_a_batch_takes_no_more_commands_than_it_is_allowed(mongo_uri: str, database: str) -> None:
    heard = Commands()
    settings = load_settings(batch_commands=10)
    async with desk(Opening(mongo_uri, database, counters, listeners=[heard], settings=settings)) as opened:
        receipts = await opened.all(Increase(ONE) for _ in range(100))
        assert [each.position for each in receipts] == [*range(1, 101)]
    assert heard.names.count("insert") == 11  # the log's identity is one


async def test_a_batch_is_bounded_in_bytes(mongo_uri: str, database: str) -> None:
    heard = Commands()
    settings = load_settings(batch_bytes=1_000)
    async with desk(Opening(mongo_uri, database, counters, listeners=[heard], settings=settings)) as opened:
        receipts = await opened.all(Mark(ONE, "x", 600) for _ in range(10))
        assert [each.position for each in receipts] == [*range(1, 11)]
    assert heard.names.count("insert") == 6


async def test_commands_are_decided_in_the_order_of_their_arrival(bank: Desk) -> None:
    answers = await bank.all([withdraw(1_001), deposit(1), withdraw(1_001), withdraw(1), deposit(5)])
    assert [type(each) for each in answers] == [InsufficientFunds, Receipt, Receipt, InsufficientFunds, Receipt]
    assert answers[0] == InsufficientFunds(eur("1000.00"), eur("1001.00"))
    assert [each.position for each in answers if isinstance(each, Receipt)] == [4, 5, 6]


async def test_each_command_sees_what_the_ones_before_it_in_its_batch_did(counter: Desk) -> None:
    answers = await counter.all(Reach(ONE, 3) for _ in range(6))
    assert [getattr(each, "position", each) for each in answers] == [1, 2, 3, *[TooHigh(ONE, 3)] * 3]


async def test_a_receipt_has_the_events_as_the_log_has_them(counter: Desk) -> None:
    receipts = await counter.all([Burst(ONE, 3), Increase(TWO), Burst(ONE, 2)])
    commits = await counter.check()
    assert [each.events for each in receipts] == [each.events for each in commits]
    assert [each.version for each in receipts[2].events] == [4, 5]


async def test_where_there_is_nothing_to_do_the_answer_is_the_head(counter: Desk) -> None:
    assert (await counter.send(Increase(ONE, 0))).position == 0
    await counter.send(Increase(TWO, 0))
    receipts = await counter.all([Increase(ONE), Increase(ONE, 0), Increase(TWO)])
    assert receipts[1] == Receipt(receipts[1].command_id, 2)
    assert len(await counter.check()) == 2


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (Start(ONE), CommandFailed),
        (Misbehave(ONE), CommandFailed),
        (Increase(ONE, 13), CommandFailed),
        (Burst(ONE, 1_001), CommitTooLarge),
        (Mark(ONE, "x", 1_000_001), CommitTooLarge),
        (Square(ONE, 2**32), CommandFailed),
        (Mark(ONE, chr(0xDC00)), BadInput),
        (Increase(ONE, 2**63), BadInput),
    ],
    ids=[
        "raises",
        "answers what it did not declare",
        "evolve raises",
        "too many events",
        "too many bytes",
        "an event that can not be stored",
        "a command with a lone surrogate",
        "a command with a number of 65 bits",
    ],
)
async def test_a_command_that_fails_fails_alone(counter: Desk, command: object, error: type[Exception]) -> None:
    await counter.send(Increase(ONE))
    attempts = [counter.send(each) for each in (Increase(ONE), command, Increase(ONE), Increase(TWO))]
    before, failed, after, other = await asyncio.gather(*attempts, return_exceptions=True)
    assert type(failed) is error
    assert [each.position for each in (before, after, other) if isinstance(each, Receipt)] == [2, 3, 4]
    assert [len(each.events) for each in await counter.check()] == [1, 1, 1, 1]


async def test_a_stream_that_can_not_be_folded_fails_only_who_needs_it(mongo_uri: str, database: str) -> None:
    async with desk(Opening(mongo_uri, database, counters)) as one:
        await one.all([Increase(ONE), Increase(TWO)])
        await one.mongo.database["events"].update_one({"_id": 1}, {"$set": {"events.0.data.by": 13}})
    async with desk(Opening(mongo_uri, database, counters)) as other:
        attempts = [other.send(each) for each in (Increase(ONE), Increase(TWO), Increase(CounterId("three")))]
        answers = await asyncio.gather(*attempts, return_exceptions=True)
        assert [type(each) for each in answers] == [CommandFailed, Receipt, Receipt]


async def test_a_caller_that_is_cancelled_does_not_cancel_its_command(counter: Desk) -> None:
    id_ = uuid4()
    caller = asyncio.create_task(counter.send(Increase(ONE), id_))
    neighbour = asyncio.create_task(counter.send(Increase(ONE)))
    await asyncio.sleep(0)
    caller.cancel()
    await neighbour
    assert caller.cancelled()
    receipt = await counter.send(Increase(ONE), id_)
    assert (receipt.position, receipt.replayed) == (1, True)


async def test_states_are_right_however_few_are_kept(mongo_uri: str, database: str) -> None:
    for hot in (0, 600):
        async with desk(
            Opening(mongo_uri, f"{database}_{hot}", counters, settings=load_settings(hot_bytes=hot))
        ) as one:
            names = [CounterId(str(number)) for number in range(5)]
            for limit in (1, 2, 3):
                answers = await one.all(Reach(each, limit) for each in names for _ in range(2))
                assert [type(each) for each in answers] == [Receipt, TooHigh] * 5
            await one.check()
            await one.mongo.client.drop_database(f"{database}_{hot}")
