"""A rejection is no lie: it was true of the log at a moment between its command's arrival and its answer."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest

from domain.account.freezing import FreezeAccount
from domain.account.opening import OpenAccount
from domain.account.rejections import AccountIsFrozen, InsufficientFunds
from domain.customer.blocking import BlockCustomer, UnblockCustomer
from domain.customer.rejections import CustomerIsBlocked
from gateway.commands import prefix
from gateway.eventlog.encoding import Encoded
from gateway.eventlog.storage import Appended
from gateway.messages import Receipt
from tests.support.counters import ONE, TWO, Compare, Hurry, Increase, Reach, TooHigh, TooLate
from tests.support.counters import application as counters
from tests.support.desks import Append, Desk, Opening, Step, desk
from tests.support.logs import NOON
from tests.support.workload import ADA, EUR, FIRST, OPEN, REGISTER, SECOND, deposit, eur, withdraw

pytestmark = pytest.mark.anyio


@pytest.fixture
async def here(mongo_uri: str, database: str) -> AsyncIterator[Desk]:
    async with desk(Opening(mongo_uri, database)) as opened:
        await opened.all([REGISTER, OPEN])
        yield opened


@pytest.fixture
async def there(here: Desk, mongo_uri: str, database: str) -> AsyncIterator[Desk]:
    """Another process's writer, which holds the same states."""
    async with desk(Opening(mongo_uri, database)) as opened:
        await opened.all([deposit(1), withdraw(1)])
        await here.all([deposit(1), withdraw(1)])
        yield opened


def overtaken(there: Desk, command: object) -> Step:
    """An insert that comes too late: another process's command is first."""

    async def late(commits: Sequence[Encoded], append: Append) -> Appended:
        await there.send(command)
        return await append(commits)

    return late


async def test_a_deposit_elsewhere_that_was_acknowledged_is_seen_by_the_next_withdrawal(
    here: Desk, there: Desk
) -> None:
    for _ in range(5):
        assert isinstance(await there.send(deposit(100)), Receipt)
        assert isinstance(await here.send(withdraw(100)), Receipt)
    assert await here.send(withdraw(1)) == InsufficientFunds(eur("0.00"), eur("1.00"))
    await here.check()


async def test_a_freeze_elsewhere_that_was_acknowledged_is_seen_by_a_rejection(here: Desk, there: Desk) -> None:
    await there.send(FreezeAccount(FIRST))
    assert await here.send(withdraw(5)) == AccountIsFrozen(FIRST)


async def test_what_there_is_nothing_to_do_about_is_asked_of_the_newest_state(
    mongo_uri: str, database: str
) -> None:
    opening = Opening(mongo_uri, database, counters)
    async with desk(opening) as one, desk(opening) as other:
        await one.send(Increase(ONE))
        await other.all([Increase(ONE), Increase(ONE)])
        assert (await one.send(Increase(ONE, 0))).position == 3


async def test_a_rejection_by_a_commit_of_its_batch_falls_with_that_commit(here: Desk, there: Desk) -> None:
    """The first withdrawal takes all there is; then its insert loses against a deposit from elsewhere."""
    await there.send(deposit(10))
    await here.send(deposit(1))
    here.log.steps.append(overtaken(there, deposit(50)))
    answers = await here.all([withdraw(11), withdraw(1), withdraw(49), withdraw(1)])
    assert [type(each) for each in answers] == [Receipt, Receipt, Receipt, InsufficientFunds]
    await here.check()


async def test_an_acceptance_falls_with_what_it_was_decided_on(here: Desk, there: Desk) -> None:
    """A withdrawal that was good when it was decided loses against one from elsewhere."""
    await there.send(deposit(10))
    await here.send(deposit(1))
    here.log.steps.append(overtaken(there, withdraw(11)))
    assert await here.send(withdraw(11)) == InsufficientFunds(eur("0.00"), eur("11.00"))
    await here.check()


async def test_an_opening_that_loses_against_a_block_is_decided_again(here: Desk, there: Desk) -> None:
    """The customer's stream is only read by the opening: no version of it is taken."""
    await here.all([BlockCustomer(ADA), UnblockCustomer(ADA)])
    here.log.steps.append(overtaken(there, BlockCustomer(ADA)))
    assert await here.send(OpenAccount(SECOND, ADA, EUR)) == CustomerIsBlocked(ADA)
    await here.check()


async def test_a_comparison_is_made_on_one_prefix(mongo_uri: str, database: str) -> None:
    """Each counter may pass the other by one: together they would climb for ever if both saw the past."""
    opening = Opening(mongo_uri, database, counters)
    async with desk(opening) as one, desk(opening) as other:
        await asyncio.gather(
            one.all(Compare(ONE, TWO) for _ in range(30)), other.all(Compare(TWO, ONE) for _ in range(30))
        )
        values = {ONE: 0, TWO: 0}
        for commit in await one.check():
            counter = ONE if commit.events[0].stream == "counter-one" else TWO
            assert values[counter] <= values[TWO if counter == ONE else ONE]
            values[counter] += 1


async def test_a_rejection_that_is_false_in_the_sense_of_bool_is_a_rejection(mongo_uri: str, database: str) -> None:
    async with desk(Opening(mongo_uri, database, counters)) as one:
        assert await one.send(Hurry(ONE, NOON - timedelta(days=365))) == TooLate(ONE)


async def test_a_writer_that_fell_far_behind_takes_the_head(
    mongo_uri: str, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prefix, "_PAGE", 3)
    monkeypatch.setattr(prefix, "_FAR_BEHIND", 10)
    opening = Opening(mongo_uri, database, counters)
    async with desk(opening) as one, desk(opening) as other:
        for behind in (2, 3, 4, 9, 10, 11, 40):
            await one.send(Increase(ONE))
            value = len(await one.commits())
            await other.all(Increase(ONE) for _ in range(behind))
            assert await one.send(Reach(ONE, value)) == TooHigh(ONE, value + behind)
            assert isinstance(await one.send(Reach(ONE, value + behind + 1)), Receipt)
        await one.check()


async def test_rejections_are_answered_while_another_process_never_rests(mongo_uri: str, database: str) -> None:
    opening = Opening(mongo_uri, database, counters)
    async with desk(opening) as one, desk(opening) as other:
        await one.send(Increase(ONE))
        busy = asyncio.create_task(never_resting(other))
        answers = await one.all(Reach(ONE, 1) for _ in range(20))
        for _ in range(20):
            answers.append(await one.send(Reach(ONE, 1)))
        busy.cancel()
        assert {type(each) for each in answers} == {TooHigh}


async def never_resting(at: Desk) -> None:
    async def client() -> None:
        while True:
            await at.send(Increase(TWO))

    await asyncio.gather(*(client() for _ in range(8)))
