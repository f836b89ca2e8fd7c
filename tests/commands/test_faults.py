"""What MongoDB and the network do to an insert: not knowing is said, and the same command id settles it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest

from bank import application as bank_application
from gateway.commands.batches import clock
from gateway.errors import CommitUnknown, HoleInLog, Unavailable
from gateway.eventlog.encoding import Encoded
from gateway.eventlog.storage import Appended
from gateway.messages import Receipt
from gateway.settings import load_settings
from tests.support.counters import ONE, TWO, Burst, Hurry, Increase, Reach, TooHigh, TooLate
from tests.support.counters import application as counters
from tests.support.desks import Append, Desk, Opening, desk, run, sent, until
from tests.support.faults import failing
from tests.support.workload import Workload

pytestmark = pytest.mark.anyio

WORKLOAD = Workload()
NOT_KNOWN = Appended(0, unknown=True)
AFTER_THE_IDENTITY = {"skip": 1}
"""A writer's database gets its identity first: that insert does not fail."""


@pytest.fixture
def opening(mongo_uri: str, database: str) -> Opening:
    return Opening(mongo_uri, database, counters, settings=load_settings(command_timeout=20.0, mongodb_timeout=2.0))


def hurried(opening: Opening, seconds: float = 0.4) -> Opening:
    """The same, with little patience for a command."""
    return replace(opening, settings=load_settings(command_timeout=seconds, mongodb_timeout=2.0))


@pytest.fixture
async def patient(opening: Opening) -> AsyncIterator[Desk]:
    async with desk(opening) as opened:
        await opened.all([Increase(ONE), Increase(TWO)])
        yield opened


@pytest.mark.parametrize(
    "how",
    [
        {"closeConnection": True},
        {"errorCode": 10107, "errorLabels": ["RetryableWriteError"]},
        {"errorCode": 91, "errorLabels": ["RetryableWriteError"]},
        {"errorCode": 11602, "errorLabels": ["RetryableWriteError"]},
        {"errorCode": 11602},
        {"errorCode": 50},
        {"writeConcernError": {"code": 64, "errmsg": "waiting for replication timed out"}},
        {"writeConcernError": {"code": 91, "errmsg": "shutting down"}, "errorLabels": ["RetryableWriteError"]},
    ],
    ids=[
        "the connection closes",
        "the primary steps down",
        "the primary shuts down",
        "the operation is interrupted",
        "it is interrupted and the driver does not retry",
        "time is up",
        "the majority did not answer, the insert stands",
        "the insert stands, its primary goes",
    ],
)
@pytest.mark.parametrize("times", [1, 3])
async def test_a_failed_insert_costs_time_only(
    patient: Desk, mongo_uri: str, how: dict[str, object], times: int
) -> None:
    async with failing(mongo_uri, ["insert"], how, {"times": times}):
        receipts = await patient.all([Increase(ONE), Burst(TWO, 2), Increase(ONE)])
    assert [(each.position, each.replayed) for each in receipts] == [(3, False), (4, False), (5, False)]
    assert [each.events for each in await patient.check()][2:] == [each.events for each in receipts]


async def test_a_reply_that_is_lost_every_time_is_settled_by_the_command_id(opening: Opening) -> None:
    """The insert lands, but nobody hears of it; the driver does not help."""

    async def deaf(commits: Sequence[Encoded], append: Append) -> Appended:
        await append(commits)
        return NOT_KNOWN

    async with desk(opening) as one:
        one.log.steps.extend([deaf] * 3)
        receipts = await one.all([Increase(ONE), Increase(ONE), Reach(ONE, 2)])
        assert [getattr(each, "position", each) for each in receipts] == [1, 2, TooHigh(ONE, 2)]
        assert not receipts[0].replayed
        assert len(await one.check()) == 2


async def settled(at: Desk, command: object, id_: UUID) -> Any:
    """What comes of sending a command again and again, as its client is told to."""
    async with asyncio.timeout(20):
        while True:
            with suppress(CommitUnknown, Unavailable):
                return await at.send(command, id_)


async def test_when_time_is_up_the_answer_is_not_known_and_the_same_id_settles_it(
    opening: Opening, mongo_uri: str
) -> None:
    id_ = uuid4()
    async with desk(hurried(opening)) as one:
        async with failing(mongo_uri, ["insert"], {"blockConnection": True, "blockTimeMS": 1_000}):
            with pytest.raises(CommitUnknown) as failed:
                await one.send(Increase(ONE), id_)
        assert failed.value.command_id == id_
        assert (await settled(one, Increase(ONE), id_)).position == 1
        assert len(await one.check()) == 1


class Zombie:
    """An insert that is given up here and still on its way: it lands when the test says so."""

    def __init__(self) -> None:
        self._commits: list[Encoded] = []
        self._append: Append | None = None

    async def __call__(self, commits: Sequence[Encoded], append: Append) -> Appended:
        self._commits, self._append = [*commits], append
        return NOT_KNOWN

    async def lands(self, most: int = 1_000) -> Appended:
        """The first commits of the insert reach MongoDB, or all."""
        assert self._append
        landing, self._commits = self._commits[:most], self._commits[most:]
        return await self._append(landing)


async def lost(commits: Sequence[Encoded], append: Append) -> Appended:
    """An insert that never arrives."""
    return NOT_KNOWN


async def test_an_insert_that_lands_after_all_was_given_up_is_the_one_effect(opening: Opening) -> None:
    id_, zombie = uuid4(), Zombie()
    async with desk(hurried(opening)) as one:
        one.log.steps.extend([zombie, *[lost] * 1_000])
        with pytest.raises(CommitUnknown):
            await one.send(Increase(ONE), id_)
        one.log.steps.clear()
        assert (await zombie.lands()).safe == 1
        receipt = await one.send(Increase(ONE), id_)
        assert (receipt.position, receipt.replayed) == (1, True)
        assert len(await one.check()) == 1


async def test_an_insert_that_lands_before_the_next_attempt_is_the_one_effect(opening: Opening) -> None:
    zombie = Zombie()

    async def too_late(commits: Sequence[Encoded], append: Append) -> Appended:
        await zombie.lands()
        return await append(commits)

    async with desk(opening) as one:
        one.log.steps.extend([zombie, too_late])
        receipts = await one.all([Increase(ONE), Increase(TWO)])
        assert [(each.position, each.replayed) for each in receipts] == [(1, False), (2, False)]
        assert len(await one.check()) == 2


async def test_an_insert_that_lands_after_the_next_attempt_changes_nothing(opening: Opening) -> None:
    zombie = Zombie()
    async with desk(opening) as one:
        one.log.steps.append(zombie)
        receipts = await one.all([Increase(ONE), Increase(TWO)])
        assert (await zombie.lands()).taken
        assert [each.position for each in receipts] == [1, 2]
        assert len(await one.check()) == 2


def soon() -> datetime:
    return clock() + timedelta(seconds=1)


async def past(moment: datetime, at: Desk) -> None:
    async def is_past() -> bool:
        await at.mongo.client.admin.command("ping")
        return clock() > moment

    await until(is_past)


async def test_no_rejection_while_an_earlier_insert_may_still_land(opening: Opening) -> None:
    """Accepted at first; decided again it would be rejected, on the very prefix that the insert waits for."""
    id_, zombie = uuid4(), Zombie()
    async with desk(opening) as one:

        async def delayed(commits: Sequence[Encoded], append: Append) -> Appended:
            await past(command.before, one)
            return await zombie(commits, append)

        one.log.steps.append(delayed)
        command = Hurry(ONE, soon())
        for _ in range(2):
            with pytest.raises(CommitUnknown):
                await one.send(command, id_)
        await zombie.lands()
        receipt = await one.send(command, id_)
        assert (receipt.position, receipt.replayed) == (1, True)


async def test_no_rejection_while_half_of_an_earlier_insert_may_still_land(opening: Opening) -> None:
    zombie = Zombie()
    async with desk(opening) as one:

        async def half(commits: Sequence[Encoded], append: Append) -> Appended:
            await zombie.lands(1)
            await past(command.before, one)
            return await append(commits)

        one.log.steps.extend([zombie, half])
        command = Hurry(TWO, soon())
        attempts = [one.send(Increase(ONE)), one.send(command, id_ := uuid4())]
        first, second = await asyncio.gather(*attempts, return_exceptions=True)
        assert (type(first), type(second)) == (Receipt, CommitUnknown)
        await zombie.lands()
        assert (await one.send(command, id_)).position == 2
        assert len(await one.check()) == 2


async def test_a_rejection_is_certain_once_the_place_of_the_earlier_insert_is_taken(opening: Opening) -> None:
    id_, zombie = uuid4(), Zombie()
    async with desk(opening) as one, desk(opening) as other:

        async def delayed(commits: Sequence[Encoded], append: Append) -> Appended:
            await past(command.before, one)
            await other.send(Increase(TWO))
            return await zombie(commits, append)

        one.log.steps.append(delayed)
        command = Hurry(ONE, soon())
        assert await one.send(command, id_) == TooLate(ONE)
        assert (await zombie.lands()).taken
        assert len(await one.check()) == 1


async def test_what_was_given_up_is_not_sent_again_and_holds_up_nobody(opening: Opening) -> None:
    async with desk(hurried(opening)) as one:
        one.log.steps.extend([lost] * 1_000)
        with pytest.raises(CommitUnknown):
            await one.send(Increase(ONE))
        one.log.steps.clear()
        assert (await one.send(Increase(TWO))).position == 1
        assert [each.events[0].stream for each in await one.check()] == ["counter-two"]


async def test_a_caller_that_is_gone_is_not_waited_for_longer_than_others(opening: Opening) -> None:
    async with desk(hurried(opening)) as one:
        one.log.steps.extend([lost] * 1_000)
        gone, behind = asyncio.create_task(one.send(Increase(ONE))), asyncio.create_task(one.send(Increase(TWO)))
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(CommitUnknown):
            await behind
        one.log.steps.clear()
        assert (await one.send(Increase(TWO))).position == 1


async def test_a_log_that_can_not_be_read_is_unavailable_and_changes_nothing(
    opening: Opening, mongo_uri: str
) -> None:
    async with desk(hurried(opening)) as one:
        async with failing(mongo_uri, ["find"], {"errorCode": 50}):
            answers = await asyncio.gather(*(one.send(Increase(ONE)) for _ in range(5)), return_exceptions=True)
            assert {type(each) for each in answers} == {Unavailable}
        assert (await one.send(Increase(ONE))).position == 1


async def test_a_rejection_that_can_not_be_proved_is_not_given(opening: Opening, mongo_uri: str) -> None:
    async with desk(hurried(opening)) as one:
        await one.send(Increase(ONE))
        async with failing(mongo_uri, ["find"], {"errorCode": 50}):
            with pytest.raises(Unavailable):
                await one.send(Reach(ONE, 1))
        assert await one.send(Reach(ONE, 1)) == TooHigh(ONE, 1)


async def test_a_hole_stops_the_writer_before_it(opening: Opening) -> None:
    async with desk(opening) as one, desk(opening) as other:
        await one.send(Increase(ONE))
        await other.all([Increase(TWO), Increase(TWO)])
        await one.mongo.database["events"].delete_one({"_id": 2})
        with pytest.raises(HoleInLog):
            await one.send(Reach(ONE, 1))


@pytest.mark.parametrize("read", ["find", "insert"])
@pytest.mark.parametrize(
    "how",
    [
        {"closeConnection": True},
        {"errorCode": 11602},
        {"errorCode": 10107, "errorLabels": ["RetryableWriteError"]},
        {"writeConcernError": {"code": 64, "errmsg": "waiting for replication timed out"}},
    ],
    ids=str,
)
async def test_whatever_fails_by_chance_the_answers_are_true(
    opening: Opening, mongo_uri: str, read: str, how: dict[str, object]
) -> None:
    settings = load_settings(command_timeout=5.0, mongodb_timeout=2.0)
    bank = replace(opening, application=bank_application, settings=settings)
    async with desk(bank) as one, desk(bank) as other:
        history = await run([one, other], WORKLOAD.beginning(), clients=1)
        async with failing(mongo_uri, [read], how, {"activationProbability": 0.1}):
            history += await run([one, other], WORKLOAD.commands(seed=7, number=100))
        await one.check(history)


class Chaos:
    """A network without mercy, the same for the same seed: inserts get lost, halved, unanswered, or come later."""

    def __init__(self, seed: int) -> None:
        self._chance = Random(seed)
        self._zombies: list[Zombie] = []

    async def __call__(self, commits: Sequence[Encoded], append: Append) -> Appended:
        if self._zombies and self._chance.random() < 0.5:
            await self._zombies.pop(self._chance.randrange(len(self._zombies))).lands()
        match self._chance.choice(["well", "well", "well", "well", "lost", "unanswered", "halved", "late"]):
            case "well":
                return await append(commits)
            case "unanswered":
                await append(commits)
            case "halved":
                await append(commits[: len(commits) // 2 or 1])
            case "late":
                zombie = Zombie()
                await zombie(commits, append)
                self._zombies.append(zombie)
            case _:
                pass
        return NOT_KNOWN

    async def ends(self) -> None:
        """Whatever is still on its way arrives."""
        for zombie in self._zombies:
            await zombie.lands()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("patience", [0.3, 5.0])
async def test_whatever_becomes_of_inserts_the_answers_are_true(
    opening: Opening, seed: int, patience: float
) -> None:
    settings = load_settings(command_timeout=patience, mongodb_timeout=2.0)
    bank, chaos = replace(opening, application=bank_application), Chaos(seed)
    async with desk(bank) as calm, desk(replace(bank, settings=settings)) as one:
        history = await run([calm], WORKLOAD.beginning(), clients=1)
        one.log.steps.extend([chaos] * 10_000)
        history += await run([one, one, calm], WORKLOAD.commands(seed, 200))
        await chaos.ends()
        unknown = [each for each in history if isinstance(each.answer, CommitUnknown)]
        for each in unknown:
            history.append(await sent(calm, each.command, each.id))
        await one.check(history)
        assert not any(isinstance(each.answer, CommitUnknown) for each in history[len(history) - len(unknown) :])


async def test_when_the_writer_closes_everybody_gets_an_answer(opening: Opening) -> None:
    bank = replace(opening, application=bank_application, settings=load_settings(batch_commands=10))
    async with desk(bank) as one:
        history = await run([one], WORKLOAD.beginning(), clients=1)
        commands = WORKLOAD.commands(seed=1, number=400)
        tasks = [asyncio.create_task(sent(one, each, uuid4())) for each in commands]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    async with asyncio.timeout(1):
        history += await asyncio.gather(*tasks)
    async with desk(bank) as other:
        commits = await other.check(history)
    answers = Counter(type(each.answer) for each in history)
    assert len(WORKLOAD.beginning()) < len(commits) < 400
    assert answers[Unavailable] > 100


async def test_a_closed_writer_takes_no_command(opening: Opening) -> None:
    async with desk(opening) as one:
        await one.send(Increase(ONE))
    with pytest.raises(Unavailable, match="shutting down"):
        await one.send(Increase(ONE))


async def test_closing_while_an_insert_hangs_says_that_it_is_not_known(opening: Opening, mongo_uri: str) -> None:
    id_ = uuid4()
    hanging = {"blockConnection": True, "blockTimeMS": 3_500}
    impatient = desk(hurried(opening, seconds=10.0))
    async with failing(mongo_uri, ["insert"], hanging, AFTER_THE_IDENTITY), impatient as one:

        async def under_way() -> bool:
            await one.mongo.client.admin.command("ping")
            return one.log.appending > 0

        sending = asyncio.create_task(sent(one, Increase(ONE), id_))
        await until(under_way)
    assert isinstance((await sending).answer, CommitUnknown)
    async with desk(opening) as other:
        assert (await settled(other, Increase(ONE), id_)).position == 1
        assert len(await other.check()) == 1
