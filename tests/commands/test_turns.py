"""Writers of several processes give each other their turns."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.customer.events import CustomerId, Email
from domain.customer.registration import RegisterCustomer, RenameCustomer
from gateway.commands import turns
from gateway.errors import Unavailable
from gateway.eventlog.encoding import Encoded
from gateway.eventlog.storage import Appended
from gateway.messages import Receipt
from gateway.mongo.changes import Changes, CommitAdded, Heard, TurnAsked
from gateway.mongo.client import collection
from gateway.mongo.collections import TURNS
from gateway.mongo.turns import Asked
from gateway.settings import load_settings
from tests.support.desks import Append, Desk, Opening, desk

pytestmark = pytest.mark.anyio

PATIENCE = 30.0


@pytest.fixture
async def ours(mongo_uri: str, database: str) -> AsyncIterator[Desk]:
    async with desk(Opening(mongo_uri, database)) as opened:
        yield opened


@pytest.fixture
async def other(ours: Desk, mongo_uri: str, database: str) -> AsyncIterator[Desk]:
    async with desk(Opening(mongo_uri, database)) as opened:
        yield opened


@pytest.fixture
async def changes(ours: Desk, other: Desk) -> AsyncIterator[Changes]:
    """Which both writers hear of."""
    async with Changes(ours.mongo.database) as heard:
        heard.listen(ours.writer.hear)
        heard.listen(other.writer.hear)
        yield heard


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A turn may take as long as a test needs."""
    monkeypatch.setattr(turns, "_LONGEST", PATIENCE)
    monkeypatch.setattr(turns, "_ROUNDS", 1_000_000.0)


async def register(at: Desk, name: str) -> Receipt:
    return await at.send(RegisterCustomer(CustomerId(name), "A Name", Email(f"{name}@example.org")))


@pytest.mark.usefixtures("patient")
async def test_who_has_lost_a_race_waits_for_a_turn_which_the_winner_leaves_him(
    ours: Desk, other: Desk, changes: Changes
) -> None:
    waits, goes_on = asyncio.Event(), asyncio.Event()
    changes.listen(lambda heard: waits.set() if isinstance(heard, TurnAsked) else None)

    async def overtaken(commits: Sequence[Encoded], append: Append) -> Appended:
        await register(ours, "1")
        return await append(commits)

    async def later(commits: Sequence[Encoded], append: Append) -> Appended:
        await goes_on.wait()
        return await append(commits)

    other.log.steps.extend([overtaken, later])
    losing = asyncio.create_task(register(other, "2"))
    async with asyncio.timeout(PATIENCE):
        await waits.wait()
    before, waiting = ours.log.appending, asyncio.create_task(register(ours, "3"))
    assert not await ended(waiting)
    goes_on.set()
    async with asyncio.timeout(PATIENCE / 2):
        assert ((await losing).position, (await waiting).position) == (2, 3)
    assert ours.log.appending == before + 1  # it knew of the other's commit when it decided


async def test_who_hears_of_others_commits_loses_no_race_for_their_positions(
    ours: Desk, other: Desk, changes: Changes
) -> None:
    heard = asyncio.Event()
    changes.listen(lambda each: heard.set() if each == CommitAdded(2) else None)
    await register(ours, "1")
    await register(other, "2")
    async with asyncio.timeout(PATIENCE):
        await heard.wait()
    before = ours.log.appending
    assert (await register(ours, "3")).position == 3
    assert ours.log.appending == before + 1


async def test_who_comes_while_a_race_is_lost_goes_with_the_next_round(ours: Desk, other: Desk) -> None:
    later = list[asyncio.Task[Receipt]]()
    sizes = list[int]()

    async def overtaken(commits: Sequence[Encoded], append: Append) -> Appended:
        await register(other, "1")
        later.append(asyncio.create_task(ours.send(RenameCustomer(CustomerId("0"), "B Name"))))
        return await append(commits)

    async def counted(commits: Sequence[Encoded], append: Append) -> Appended:
        sizes.append(len(commits))
        return await append(commits)

    await register(ours, "0")
    ours.log.steps.extend([overtaken, counted])
    first = await register(ours, "2")
    assert (first.position, (await later[0]).position, sizes) == (3, 4, [2])


async def ended(task: asyncio.Task[Any]) -> bool:
    """Whether it ends within a time in which a writer that waits for no turn is done ten times over."""
    done, _ = await asyncio.wait([task], timeout=0.5)
    return bool(done)


async def test_writers_that_all_have_much_to_do_seldom_race(ours: Desk, other: Desk, changes: Changes) -> None:
    desks, raced = (ours, other), list[bool]()

    async def noted(commits: Sequence[Encoded], append: Append) -> Appended:
        appended = await append(commits)
        raced.append(appended.raced)
        return appended

    async def client(number: int) -> None:
        at = desks[number % 2]
        await register(at, str(number))
        for each in range(20):
            await at.send(RenameCustomer(CustomerId(str(number)), f"Name {each}"))

    for each in desks:
        each.log.steps.extend([noted] * 10_000)
    await asyncio.gather(*(client(number) for number in range(16)))
    assert len(raced) >= 40
    assert sum(raced) < len(raced) / 4
    await ours.check()


@pytest.mark.usefixtures("patient")
async def test_turns_go_round_in_the_order_in_which_they_were_asked_for(ours: Desk) -> None:
    own, second, third = turns.Turns(ours.mongo.database, lambda: True), uuid4(), uuid4()
    await own.wait(0)  # nobody else is there
    for each in (second, third):
        own.hear(asks(each))
    going = asyncio.create_task(own.wait(0))
    assert not await ended(going)
    own.hear(asks(second))  # it has had its turn, and has more to do
    assert not await ended(going)
    own.hear(asks(third, waiting=False))  # so has this one, and has not
    assert not await ended(going)
    own.hear(asks(second, waiting=False))
    await going
    await own.end()


@pytest.mark.usefixtures("patient")
async def test_who_has_had_a_turn_goes_behind_those_who_wait(ours: Desk, changes: Changes) -> None:
    own, second, said = turns.Turns(ours.mongo.database, lambda: True), uuid4(), asyncio.Queue[Asked]()
    changes.listen(lambda heard: listening(own, said, heard))
    own.went(0.01, lost=True)
    async with asyncio.timeout(PATIENCE):
        assert (await said.get()).waiting
        own.hear(asks(second))
        await own.wait(0)
        own.goes(0)
        going = asyncio.create_task(own.wait(0))
        assert not await ended(going)
        assert (await said.get()).waiting
        own.hear(asks(second, waiting=False))
        await going
        own.goes(0)
        assert not (await said.get()).waiting  # nobody else is there any more
    await own.end()


@pytest.mark.usefixtures("patient")
async def test_who_has_nothing_to_commit_when_it_is_his_turn_leaves_the_queue(ours: Desk, changes: Changes) -> None:
    own, said = turns.Turns(ours.mongo.database, lambda: False), asyncio.Queue[Asked]()
    changes.listen(lambda heard: listening(own, said, heard))
    own.went(0.01, lost=True)
    async with asyncio.timeout(PATIENCE):
        assert [(await said.get()).waiting, (await said.get()).waiting] == [True, False]
    await own.end()


def listening(own: turns.Turns, said: asyncio.Queue[Asked], heard: Heard) -> None:
    if isinstance(heard, TurnAsked):
        own.hear(heard)
        said.put_nowait(heard.asked)


def asks(writer: UUID, waiting: bool = True) -> TurnAsked:
    return TurnAsked(Asked(writer, 60.0, waiting))


async def test_a_turn_that_nobody_uses_ends(ours: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_ROUNDS", 0.001)
    ours.writer.hear(asks(uuid4()))
    async with asyncio.timeout(PATIENCE / 2):
        assert (await register(ours, "1")).position == 1


async def test_a_command_that_is_sent_again_is_no_lost_race(ours: Desk) -> None:
    await register(ours, "0")
    rename, id_ = RenameCustomer(CustomerId("0"), "B Name"), uuid4()
    first = await ours.send(rename, id_)
    await ours.send(RenameCustomer(CustomerId("0"), "A Name"))  # so that it would change something again
    before = ours.log.appending
    again = await ours.send(rename, id_)
    assert (again.position, again.replayed, ours.log.appending) == (first.position, True, before + 1)
    for name in ("1", "2", "3"):  # by then it would have asked
        await register(ours, name)
    assert await collection(ours.mongo.database, TURNS).count_documents({}) == 0


@pytest.mark.usefixtures("patient")
async def test_a_command_whose_time_is_up_while_others_have_their_turn_is_not_committed(
    mongo_uri: str, database: str
) -> None:
    settings = load_settings(command_timeout=2.0)
    async with desk(Opening(mongo_uri, database, settings=settings)) as at:
        await register(at, "1")  # its state is held now: it is decided at once
        at.writer.hear(asks(someone := uuid4()))
        with pytest.raises(Unavailable, match="nothing was changed"):
            await at.send(RenameCustomer(CustomerId("1"), "B Name"))
        at.writer.hear(asks(someone, waiting=False))
        await register(at, "2")
        assert [each.command.name for each in await at.commits()] == ["RegisterCustomer"] * 2
