"""A command that names what it must find unchanged is refused where that has moved on, and is told how."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from uuid import uuid4

import pytest

from gateway.errors import CommandIdReused
from gateway.messages import Receipt, StreamVersion, VersionConflict
from tests.support.commands import Commands
from tests.support.counters import ONE, TWO, Burst, Compare, Increase, Reach, Start
from tests.support.counters import application as counters
from tests.support.desks import Desk, Opening, desk

pytestmark = pytest.mark.anyio


def one_at(version: int) -> StreamVersion:
    return StreamVersion("counter-one", version)


def two_at(version: int) -> StreamVersion:
    return StreamVersion("counter-two", version)


@pytest.fixture
def heard() -> Commands:
    return Commands()


@pytest.fixture
def opening(mongo_uri: str, database: str, heard: Commands) -> Opening:
    return Opening(mongo_uri, database, counters, listeners=[heard])


@pytest.fixture
async def counter(opening: Opening, heard: Commands) -> AsyncIterator[Desk]:
    """One of the counters stands at 3, the other at 0."""
    async with desk(opening) as opened:
        await opened.all(Increase(ONE) for _ in range(3))
        heard.sent.clear()
        yield opened


@pytest.fixture
async def three(opening: Opening) -> AsyncIterator[list[Desk]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(desk(opening)) for _ in range(3)]


async def test_what_is_unchanged_is_accepted_and_costs_no_read(counter: Desk, heard: Commands) -> None:
    receipt = await counter.guarded(Increase(ONE), one_at(3))
    assert (receipt.position, receipt.events[0].version) == (4, 4)
    assert heard.names == ["insert"]


async def test_a_stream_that_has_moved_on_is_refused_with_what_came_in_between(counter: Desk) -> None:
    answer = await counter.guarded(Increase(ONE), one_at(1))
    commits = await counter.check()
    assert answer == VersionConflict((one_at(3),), 2, (*commits[1].events, *commits[2].events))
    assert len(commits) == 3


async def test_of_many_that_saw_the_same_one_is_accepted(counter: Desk) -> None:
    answers = await asyncio.gather(*(counter.guarded(Increase(ONE), one_at(3)) for _ in range(20)))
    first, *others = answers
    assert first.position == 4
    assert others == [VersionConflict((one_at(4),), 1, first.events)] * 19


async def test_what_is_not_named_is_decided_in_order_and_nobody_retries(three: list[Desk]) -> None:
    sends = (each.send(Increase(ONE)) for each in three for _ in range(50))
    receipts = await asyncio.gather(*sends)
    assert sorted(each.events[0].version for each in receipts) == [*range(1, 151)]


async def test_writers_at_once_take_each_version_that_was_seen_once(three: list[Desk]) -> None:
    async def client(at: Desk) -> list[tuple[int, int]]:
        seen, taken = 0, list[tuple[int, int]]()
        while len(taken) < 10:
            match await at.guarded(Increase(ONE), one_at(seen)):
                case Receipt(events=(event,)):
                    taken.append((seen, event.version))
                    seen = event.version
                case VersionConflict(current=(current,), since=since) as conflict:
                    assert [each.version for each in since] == [*range(seen + 1, current.version + 1)]
                    assert conflict.missed == len(since) > 0
                    seen = current.version
                case other:
                    raise AssertionError(other)
        return taken

    taken = sorted(each for found in await asyncio.gather(*map(client, three)) for each in found)
    assert taken == [(version, version + 1) for version in range(30)]


async def test_a_stream_that_the_command_does_not_take_may_be_named(counter: Desk) -> None:
    await counter.send(Increase(TWO))
    assert (await counter.guarded(Increase(TWO), one_at(3))).events[0].version == 2
    assert (await counter.guarded(Increase(TWO), one_at(2))).current == (one_at(3),)


async def test_a_stream_that_is_not_held_is_loaded_to_be_compared(counter: Desk, opening: Opening) -> None:
    async with desk(opening) as other:
        assert (await other.guarded(Increase(TWO), one_at(2))).current == (one_at(3),)
        assert (await other.guarded(Increase(TWO), one_at(3))).position == 4


async def test_a_stream_that_is_not_there_yet_has_the_version_0(counter: Desk) -> None:
    assert (await counter.guarded(Increase(TWO), two_at(0))).position == 4
    assert (await counter.guarded(Increase(TWO), two_at(0))).current == (two_at(1),)


async def test_all_that_is_named_must_be_unchanged(counter: Desk) -> None:
    for each in (TWO, ONE, TWO):
        await counter.send(Increase(each))
    commits = await counter.commits()
    answer = await counter.guarded(Increase(ONE), two_at(0), one_at(3))
    assert answer == VersionConflict((two_at(2), one_at(4)), 3, tuple(each.events[0] for each in commits[3:])), (
        "in the log's order, not in that of the streams"
    )
    again = await counter.guarded(Increase(ONE), two_at(2), one_at(3))
    assert again == VersionConflict((two_at(2), one_at(4)), 1, commits[4].events)
    assert (await counter.guarded(Increase(ONE), *again.current)).position == 7


async def test_a_stream_that_is_named_in_two_versions_is_told_once(counter: Desk) -> None:
    answer = await counter.guarded(Increase(ONE), one_at(1), one_at(2))
    assert answer.current == (one_at(3), one_at(3))
    assert [each.version for each in answer.since] == [2, 3]


async def test_another_writers_commit_is_seen_before_anything_is_refused(counter: Desk, opening: Opening) -> None:
    """What a client saw at another gateway is newer than this one's states: that is no conflict."""
    async with desk(opening) as other:
        await other.send(Increase(ONE))
    assert (await counter.guarded(Increase(ONE), one_at(4))).position == 5


async def test_another_writers_commit_is_seen_before_anything_is_accepted(counter: Desk, opening: Opening) -> None:
    async with desk(opening) as other:
        receipt = await other.send(Increase(ONE))
    assert await counter.guarded(Increase(ONE), one_at(3)) == VersionConflict((one_at(4),), 1, receipt.events)


async def test_the_first_100_events_are_told_and_all_are_counted(counter: Desk) -> None:
    await counter.send(Burst(ONE, 150))
    answer = await counter.guarded(Increase(ONE), one_at(1))
    assert answer.missed == 152
    assert [each.version for each in answer.since] == [*range(2, 102)]


async def test_a_version_that_was_never_reached_is_a_conflict(counter: Desk) -> None:
    assert await counter.guarded(Increase(ONE), one_at(9)) == VersionConflict((one_at(3),), 0, ())


@pytest.mark.parametrize("command", [Increase(ONE, 0), Reach(ONE, 1), Start(ONE), Compare(ONE, TWO)], ids=repr)
async def test_it_is_compared_before_the_command_is_decided(counter: Desk, command: object) -> None:
    """Nothing to do, a rejection, a function that fails: who saw something else is told that."""
    assert isinstance(await counter.guarded(command, one_at(2)), VersionConflict)
    assert len(await counter.commits()) == 3


async def test_an_accepted_id_gets_its_receipt_whatever_is_named_then(counter: Desk) -> None:
    id_ = uuid4()
    first = await counter.guarded(Increase(ONE), one_at(3), id_=id_)
    for seen in [(one_at(3),), (one_at(1), two_at(7)), ()]:
        again = await counter.guarded(Increase(ONE), *seen, id_=id_)
        assert again == Receipt(id_, 4, first.events, replayed=True)
    with pytest.raises(CommandIdReused):
        await counter.guarded(Increase(ONE, 2), one_at(3), id_=id_)
    assert len(await counter.check()) == 4


async def test_a_refused_id_may_be_sent_again_with_what_is_current(counter: Desk) -> None:
    id_ = uuid4()
    refused = await counter.guarded(Increase(ONE), one_at(2), id_=id_)
    assert (await counter.guarded(Increase(ONE), *refused.current, id_=id_)).position == 4


async def test_ids_are_looked_up_for_what_is_no_fresh_commit_alone(counter: Desk, heard: Commands) -> None:
    """The log itself refuses an id that it holds; a refusal asks for news, for its id, for what came in between."""
    await asyncio.gather(*(counter.guarded(Increase(ONE), one_at(3 + n), id_=uuid4()) for n in range(20)))
    assert heard.names == ["insert"]
    await counter.guarded(Increase(ONE), one_at(3))
    assert heard.names == ["insert", "find", "find", "find"]
