"""Cold streams: who needs one waits for it, nobody else does, and what is committed meanwhile is not missed."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace

import pytest

from bank import application as bank
from domain.account.opening import OpenAccount
from domain.account.rejections import InsufficientFunds
from domain.customer.blocking import BlockCustomer
from domain.customer.events import CustomerId, Email
from domain.customer.registration import RegisterCustomer, RenameCustomer
from domain.customer.rejections import CustomerIsBlocked
from domain.transfer import TransferMoney
from gateway.application.reading import read
from gateway.commands import prefix
from gateway.commands.states import Hot, HotStates
from gateway.errors import CommandFailed, Unavailable
from gateway.messages import Commit, Receipt
from gateway.settings import load_settings
from tests.support.counters import ONE, TWO, Burst, Compare, CounterId, Increase, Reach, TooHigh
from tests.support.counters import application as counters
from tests.support.desks import Desk, Opening, SteeredLog, desk, run
from tests.support.workload import ADA, EUR, FIRST, OPEN, REGISTER, SECOND, deposit, eur

pytestmark = pytest.mark.anyio

LONG = CounterId("long")
THREE = CounterId("three")


class GatedLog(SteeredLog):
    """A log in which one stream is not read on from its first page before a test says so."""

    gate = asyncio.Event()

    async def streams(self, after: Mapping[str, int], up_to: int, limit: int) -> dict[str, list[Commit]]:
        if after.get("counter-long"):
            await self.gate.wait()
        return await super().streams(after, up_to, limit)


@pytest.fixture
def opening(mongo_uri: str, database: str) -> Opening:
    return Opening(mongo_uri, database, counters, settings=load_settings(snapshot_events=0))


@pytest.fixture
async def first(opening: Opening) -> AsyncIterator[Desk]:
    """A process that has made a long stream."""
    async with desk(opening) as opened:
        await opened.all(Increase(LONG) for _ in range(600))
        yield opened


@pytest.fixture
async def cold(opening: Opening, first: Desk, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    """Another process, which does not get to the long stream's end."""
    monkeypatch.setattr(GatedLog, "gate", asyncio.Event())
    async with desk(replace(opening, log=GatedLog)) as opened:
        yield opened


async def test_a_long_stream_is_folded_to_its_end(opening: Opening, first: Desk) -> None:
    async with desk(opening) as other:
        assert await other.send(Reach(LONG, 600)) == TooHigh(LONG, 600)


async def test_a_commit_that_reaches_over_a_page_is_not_the_end(opening: Opening) -> None:
    async with desk(opening) as one:
        await one.all(Burst(LONG, 3) for _ in range(200))
    async with desk(opening) as other:
        assert await other.send(Reach(LONG, 600)) == TooHigh(LONG, 600)
        assert (await other.send(Increase(LONG))).events[0].version == 601


async def test_two_long_streams_with_common_commits_are_read_to_their_ends(opening: Opening) -> None:
    at_the_bank = replace(opening, application=bank)
    async with desk(at_the_bank) as one:
        await run([one], [REGISTER, OPEN, OpenAccount(SECOND, ADA, EUR), deposit(1000)], 1)
        await run([one], [deposit(1, SECOND)] * 249, 1)
        await run([one], [TransferMoney(FIRST, SECOND, eur(1), None), *[deposit(1, SECOND)] * 50], 1)
    async with desk(at_the_bank) as other:
        answer = await other.send(TransferMoney(SECOND, FIRST, eur(1000), None))
        assert answer == InsufficientFunds(eur("300"), eur("1000.00"))


class SlowLog(SteeredLog):
    """A log whose second page of Ada's stream comes when that is asked for anew, and before the first page then."""

    reading, gate = asyncio.Event(), asyncio.Event()

    async def streams(self, after: Mapping[str, int], up_to: int, limit: int) -> dict[str, list[Commit]]:
        found = await super().streams(after, up_to, limit)
        if after.get("customer-ada") == 250 and not self.reading.is_set():
            self.reading.set()
            await self.gate.wait()
        elif after.get("customer-ada") == 0 and self.reading.is_set():
            self.gate.set()
            await asyncio.wait([asyncio.create_task(super().head())])  # whoever waits for the gate has gone on
        return found


async def test_what_is_being_read_while_all_states_are_given_up_is_not_held(
    opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ada is blocked behind what was read of her: no index would keep her from opening an account."""
    monkeypatch.setattr(prefix, "_FAR_BEHIND", 20)
    monkeypatch.setattr(prefix, "_PAGE", 10)
    monkeypatch.setattr(SlowLog, "reading", asyncio.Event())
    monkeypatch.setattr(SlowLog, "gate", asyncio.Event())
    bob = CustomerId("bob")
    at_the_bank = replace(opening, application=bank)
    async with desk(at_the_bank) as first:
        await run([first], [REGISTER, RegisterCustomer(bob, "Bob", Email("bob@example.com"))], 1)
        await first.all(RenameCustomer(ADA, f"Ada {number}") for number in range(300))
        async with desk(replace(at_the_bank, log=SlowLog)) as cold:
            opened = asyncio.create_task(cold.send(OPEN))
            await SlowLog.reading.wait()
            await first.send(BlockCustomer(ADA))
            await first.all(RenameCustomer(bob, f"Bob {number}") for number in range(50))
            await cold.send(RenameCustomer(bob, "Bob again"))
            assert isinstance(await opened, CustomerIsBlocked)
            assert isinstance(await cold.send(OPEN), CustomerIsBlocked)


async def test_states_that_a_command_waits_for_stay_until_it_is_decided(opening: Opening, first: Desk) -> None:
    """Two long streams, of which one comes first, and memory for none while others are busy."""
    other_one = CounterId("longer")
    await first.all(Increase(other_one) for _ in range(1_200))
    async with desk(replace(opening, settings=load_settings(snapshot_events=0, hot_bytes=0))) as small:
        done = asyncio.Event()

        async def busy(counter: CounterId) -> None:
            while not done.is_set():
                await small.send(Increase(counter))

        clients = [asyncio.create_task(busy(each)) for each in (ONE, TWO, THREE)]
        assert isinstance(await small.send(Compare(LONG, other_one)), Receipt)
        done.set()
        await asyncio.gather(*clients)


async def test_while_a_long_stream_is_read_all_others_are_served(cold: Desk) -> None:
    waiting = asyncio.create_task(cold.send(Increase(LONG)))
    for number in range(30):
        assert (await cold.send(Increase(TWO))).position == 601 + number
        assert await cold.send(Reach(THREE, 0)) == TooHigh(THREE, 0)
    assert not waiting.done()
    GatedLog.gate.set()
    assert (await waiting).events[0].version == 601
    await cold.check()


async def test_what_others_commit_while_it_is_read_is_not_missed(first: Desk, cold: Desk) -> None:
    waiting = [asyncio.create_task(cold.send(each)) for each in (Reach(LONG, 600), Increase(LONG))]
    for _ in range(5):
        await first.send(Increase(LONG))
        await cold.send(Increase(TWO))  # it sees the other's commit
    GatedLog.gate.set()
    refused, accepted = await asyncio.gather(*waiting)
    assert refused == TooHigh(LONG, 605)
    assert accepted.events[0].version == 606
    await cold.check()


async def test_nobody_overtakes_on_a_stream_that_a_waiting_command_needs(cold: Desk) -> None:
    await cold.send(Increase(ONE))
    first = asyncio.create_task(cold.send(Compare(ONE, LONG)))
    await cold.send(Increase(TWO))
    second = asyncio.create_task(cold.send(Increase(ONE)))
    await cold.send(Increase(TWO))
    assert not first.done()
    assert not second.done()
    GatedLog.gate.set()
    assert [(await each).events[0].version for each in (first, second)] == [2, 3]


async def test_whose_time_is_up_blocks_nobody_any_more(
    opening: Opening, first: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GatedLog, "gate", asyncio.Event())
    settings = load_settings(snapshot_events=0, command_timeout=0.6)
    async with desk(replace(opening, log=GatedLog, settings=settings)) as impatient:
        await impatient.send(Increase(ONE))
        blocking = asyncio.create_task(impatient.send(Compare(ONE, LONG)))
        await asyncio.wait([blocking], timeout=0.3)
        behind = asyncio.create_task(impatient.send(Increase(ONE)))
        with pytest.raises(Unavailable):
            await blocking
        assert (await behind).events[0].version == 2


async def test_a_long_stream_that_can_not_be_folded_fails_only_who_needs_it(opening: Opening, first: Desk) -> None:
    await first.mongo.database["events"].update_one({"_id": 590}, {"$set": {"events.0.data.by": 13}})
    async with desk(opening) as other:
        sent = (Increase(LONG), Increase(TWO), Compare(TWO, LONG), Increase(TWO))
        answers = await asyncio.gather(*map(other.send, sent), return_exceptions=True)
        assert [type(each).__name__ for each in answers] == ["CommandFailed", "Receipt", "CommandFailed", "Receipt"]
        with pytest.raises(CommandFailed):
            await other.send(Increase(LONG))


async def test_a_process_that_stops_refuses_who_waits_for_a_stream(opening: Opening, first: Desk) -> None:
    GatedLog.gate = asyncio.Event()
    async with desk(replace(opening, log=GatedLog)) as stopping:
        waiting = asyncio.create_task(stopping.send(Increase(LONG)))
        await stopping.send(Increase(TWO))
    with pytest.raises(Unavailable):
        await waiting
    assert len(await first.commits()) == 601


async def test_five_hundred_cold_streams_at_once_are_read_together(opening: Opening, first: Desk) -> None:
    names = [CounterId(str(number)) for number in range(500)]
    await first.all(Increase(each) for each in names)
    async with desk(opening) as other:
        answers = await other.all(Reach(each, 1) for each in names)
        assert answers == [TooHigh(each, 1) for each in names]


@dataclass(frozen=True, slots=True)
class Book:
    """A state that takes some memory."""

    pages: tuple[str, ...]
    index: Mapping[str, int]


def book(number: int) -> Book:
    pages = tuple(f"{number} {page} {'x' * (number % 50)}" for page in range(20))
    return Book(pages, {each: 1000 + at for at, each in enumerate(pages)})


def test_the_memory_of_the_states_is_about_what_is_counted() -> None:
    states = HotStates(read(counters), 10**9)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for number in range(1_000):
        states.expect(f"counter-{number}")
        states.arrive(f"counter-{number}", Hot(1, book(number)))
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert 0.8 * taken < states.size < 1.3 * taken


async def test_the_least_recently_used_states_are_forgotten_beyond_the_bound(first: Desk) -> None:
    states = HotStates(first.model, 80_000)
    for number in range(200):
        states.expect(f"counter-{number}")
        states.arrive(f"counter-{number}", Hot(1, number))
        states.missing(["counter-0"])
        states.trim(set)
    states.trim(lambda: {"counter-7"})
    held = 200 - len(states.missing(f"counter-{number}" for number in range(200)))
    assert states.size <= 80_000
    assert 100 < held < 200
    assert states.missing(["counter-0", "counter-1", "counter-199"]) == ["counter-1"]


async def test_what_was_read_and_heard_of_counts_once(first: Desk) -> None:
    states = HotStates(first.model, 10**9)
    states.expect("counter-long")
    for commit in await first.log.read(0, 3):
        states.fold(commit)
    states.arrive("counter-long", Hot(2, 2))
    assert states["counter-long"] == Hot(3, 3)


async def test_a_state_that_grows_is_counted_as_it_is(first: Desk) -> None:
    (commit,) = await first.log.read(599, 1)
    states = HotStates(first.model, 10**9)
    states.expect("counter-one")
    states.arrive("counter-one", Hot(1, ""))
    for length in range(2, 1_000):
        states.promote({"counter-one": Hot(length, "x" * 100 * length)}, commit)
        assert 100 * length < states.size < 2 * (100 * length + 1_000)
    states.clear()
    assert states.size == 0
