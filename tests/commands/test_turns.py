"""Writers of several processes give each other their turns."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from uuid import uuid4

import pytest

from domain.customer.events import CustomerId, Email
from domain.customer.registration import RegisterCustomer, RenameCustomer
from gateway.commands import turns
from gateway.errors import Unavailable
from gateway.eventlog.encoding import Encoded
from gateway.eventlog.storage import Appended
from gateway.messages import Receipt
from gateway.mongo.changes import Changes, CommitAdded, TurnAsked
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
async def changes(ours: Desk) -> AsyncIterator[Changes]:
    async with Changes(ours.mongo.database) as heard:
        heard.listen(ours.writer.hear)
        yield heard


@pytest.fixture
async def other(ours: Desk, mongo_uri: str, database: str) -> AsyncIterator[Desk]:
    async with desk(Opening(mongo_uri, database)) as opened:
        yield opened


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pause is as long as a test needs it."""
    monkeypatch.setattr(turns, "_LONGEST", PATIENCE)
    monkeypatch.setattr(turns, "_ROUNDS", 1_000_000.0)


async def register(at: Desk, name: str) -> Receipt:
    return await at.send(RegisterCustomer(CustomerId(name), "A Name", Email(f"{name}@example.org")))


async def test_who_has_lost_a_race_asks_and_who_won_it_waits_for_his_commit(
    ours: Desk, other: Desk, changes: Changes
) -> None:
    asked, goes_on = asyncio.Event(), asyncio.Event()
    changes.listen(lambda heard: asked.set() if isinstance(heard, TurnAsked) else None)

    async def later(commits: Sequence[Encoded], append: Append) -> Appended:
        await goes_on.wait()
        return await append(commits)

    await register(other, "0")
    await register(ours, "1")
    other.log.steps.extend([at_once, later])
    losing = asyncio.create_task(other.send(RenameCustomer(CustomerId("0"), "B Name")))
    async with asyncio.timeout(PATIENCE):
        await asked.wait()
    before, waiting = ours.log.appending, asyncio.create_task(register(ours, "2"))
    assert not await ended(waiting)
    goes_on.set()
    assert ((await losing).position, (await waiting).position) == (3, 4)
    assert ours.log.appending == before + 1  # it knew of the other's commit when it decided


async def at_once(commits: Sequence[Encoded], append: Append) -> Appended:
    return await append(commits)


async def ended(task: asyncio.Task[Receipt]) -> bool:
    """Whether it ends within a time in which a writer that leaves no turn is done ten times over."""
    done, _ = await asyncio.wait([task], timeout=0.5)
    return bool(done)


async def test_a_pause_that_nobody_uses_ends(ours: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_LONGEST", 0.05)
    ours.writer.hear(TurnAsked(Asked(uuid4(), 60.0)))
    async with asyncio.timeout(PATIENCE / 2):
        assert (await register(ours, "1")).position == 1


async def test_who_has_lost_himself_leaves_no_turn(ours: Desk) -> None:
    own = turns.Turns(ours.mongo.database)
    own.lost(0.01)
    own.hear(TurnAsked(Asked(uuid4(), 60.0)))
    assert not await own.leave(0)
    own.won()
    own.hear(CommitAdded(7))
    assert await own.leave(6)
    assert not await own.leave(6)
    await own.end()


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


async def test_a_command_whose_time_is_up_while_others_have_their_turn_is_not_committed(
    mongo_uri: str, database: str
) -> None:
    settings = load_settings(command_timeout=2.0)
    async with desk(Opening(mongo_uri, database, settings=settings)) as at:
        await register(at, "1")  # its state is held now: it is decided at once
        at.writer.hear(TurnAsked(Asked(uuid4(), 60.0)))
        with pytest.raises(Unavailable, match="nothing was changed"):
            await at.send(RenameCustomer(CustomerId("1"), "B Name"))
        at.writer.hear(CommitAdded(2))  # the others' turn is over
        await register(at, "2")
        assert [each.command.name for each in await at.commits()] == ["RegisterCustomer"] * 2
