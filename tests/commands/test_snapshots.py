"""Snapshots: a long stream is not read again and again, and no snapshot ever makes an answer another one."""

import asyncio
import importlib
import logging
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from pymongo.monitoring import CommandSucceededEvent

from bank import application as bank
from domain.account.opening import OpenAccount
from domain.account.rejections import InsufficientFunds
from domain.transfer import TransferMoney
from gateway.application import Application
from gateway.commands.snapshots import Snapshots
from gateway.commands.storage import SNAPSHOTS
from gateway.messages import Receipt
from gateway.mongo.client import Collection
from gateway.settings import load_settings
from gateway.signing import Signer
from tests.support.commands import Commands
from tests.support.counters import ONE, TWO, Increase, Reach, TooHigh
from tests.support.counters import application as counters
from tests.support.desks import Desk, Opening, desk, run, until
from tests.support.faults import failing
from tests.support.workload import ADA, EUR, FIRST, OPEN, REGISTER, SECOND, deposit, eur, withdraw

pytestmark = pytest.mark.anyio

EVERY_10 = load_settings(snapshot_events=10)
NONE = load_settings(snapshot_events=0)


class Fetched(Commands):
    """How many commits were read."""

    commits = 0

    def succeeded(self, event: CommandSucceededEvent) -> None:
        cursor: dict[str, Any] = event.reply.get("cursor", {})
        if cursor.get("ns", "").endswith(".events") and event.command_name in ("find", "getMore"):
            self.commits += len(cursor.get("firstBatch", cursor.get("nextBatch", [])))


@pytest.fixture
def opening(mongo_uri: str, database: str) -> Opening:
    return Opening(mongo_uri, database, counters, settings=EVERY_10)


def snapshots(at: Desk) -> Collection:
    return at.mongo.database.get_collection(SNAPSHOTS)


def taken(at: Desk, number: int) -> Callable[[], Awaitable[bool]]:
    async def enough() -> bool:
        return await snapshots(at).count_documents({}) >= number

    return enough


async def value(at: Desk, counter: Any = ONE) -> int:
    """What the writer takes a counter's state for."""
    answer = await at.send(Reach(counter, -1))
    assert isinstance(answer, TooHigh)
    return answer.value


async def grown(opening: Opening, commits: int) -> None:
    """A counter to which so many commits have been made, and its snapshot."""
    async with desk(opening) as first:
        for _ in range(commits):
            await first.send(Increase(ONE))
        await until(taken(first, 1))


async def test_the_next_process_reads_no_more_than_what_came_since(opening: Opening) -> None:
    await grown(opening, 109)
    fetched = Fetched()
    async with desk(replace(opening, listeners=[fetched])) as other:
        receipt = await other.send(Increase(ONE))
        assert receipt.events[0].version == 110
    assert fetched.commits <= 1 + 10  # the head, the commit behind which the snapshot was taken, nine since


async def test_a_process_that_stops_writes_the_snapshots_that_wait(opening: Opening) -> None:
    async with desk(opening) as first:
        await first.all(Increase(ONE) for _ in range(1_000))
    async with desk(opening) as other:
        assert await at_version(other, 1_000)


async def test_a_stream_that_was_read_whole_is_not_read_whole_again(opening: Opening) -> None:
    async with desk(replace(opening, settings=NONE)) as without:
        for _ in range(50):
            await without.send(Increase(ONE))
        assert await snapshots(without).count_documents({}) == 0
    async with desk(opening) as reader:
        assert await value(reader) == 50
        await until(taken(reader, 1))
    fetched = Fetched()
    async with desk(replace(opening, listeners=[fetched])) as other:
        assert await value(other) == 50
    assert fetched.commits <= 2


async def test_a_process_that_was_idle_goes_on_from_a_snapshot_ahead_of_what_it_knew(opening: Opening) -> None:
    fetched = Fetched()
    async with desk(opening) as busy, desk(replace(opening, listeners=[fetched])) as idle:
        await idle.send(Increase(TWO))
        for _ in range(300):
            await busy.send(Increase(ONE))
        await until(lambda: at_version(busy, 300))
        fetched.commits = 0
        assert (await idle.send(Increase(ONE))).events[0].version == 301
    assert fetched.commits <= 300 + 1 + 2  # what it had missed once, and no stream from its beginning


async def at_version(at: Desk, version: int) -> bool:
    """Whether the newest snapshot of a counter is of this version."""
    found = await Snapshots(at.mongo.database, at.model, at.signer, 10).find(["counter-one"])
    return [each.hot.version for each in found.values()] == [version]


async def test_of_two_long_streams_each_is_read_behind_its_own_snapshot(opening: Opening) -> None:
    """One's tail has commits that the other has too, behind whose snapshot they do not lie."""
    at_the_bank = replace(opening, application=bank)
    async with desk(at_the_bank) as one:
        accounts = [OpenAccount(SECOND, ADA, EUR), deposit(100), *[deposit(1, SECOND)] * 300]
        await run([one], [REGISTER, OPEN, *accounts, *[TransferMoney(FIRST, SECOND, eur(1), None)] * 5], 1)
        await run([one], [deposit(1, SECOND)] * 30, 1)
        await until(taken(one, 1))
    fetched = Fetched()
    async with desk(replace(at_the_bank, listeners=[fetched])) as other:
        answer = await other.send(TransferMoney(SECOND, FIRST, eur(1_000), None))
        assert answer == InsufficientFunds(eur(335), eur("1000.00"))
    assert fetched.commits <= 1 + 2 + 20 + 20


async def test_what_others_commit_behind_a_snapshot_counts(opening: Opening) -> None:
    await grown(opening, 20)
    async with desk(opening) as one, desk(opening) as other:
        for _ in range(35):
            await one.send(Increase(ONE))
            await other.send(Increase(ONE))
        assert [await value(each) for each in (one, other)] == [90, 90]
    async with desk(opening) as last:
        assert await value(last) == 90


@pytest.mark.parametrize(
    "change",
    [
        {"$set": {"sealed": "AAAA"}},
        {"$set": {"sealed": ""}},
        {"$unset": {"sealed": 1}},
        {"$set": {"sealed": 7}},
    ],
    ids=["signed by nobody", "empty", "without its content", "of another type"],
)
async def test_a_snapshot_that_somebody_wrote_is_passed_over(opening: Opening, change: dict[str, Any]) -> None:
    await grown(opening, 25)
    async with desk(opening) as other:
        assert (await snapshots(other).update_one({}, change)).modified_count == 1
        assert await value(other) == 25


async def test_a_snapshot_of_another_stream_is_passed_over(opening: Opening) -> None:
    """Two accounts that have the same versions in the same commits: nothing but the name tells them apart."""
    at_the_bank = replace(opening, application=bank)
    async with desk(at_the_bank) as one:
        await run([one], [REGISTER, OPEN, OpenAccount(SECOND, ADA, EUR), deposit(100), deposit(5, SECOND)], 1)
        await run([one], [TransferMoney(FIRST, SECOND, eur(1), None)] * 23, 1)
        await until(taken(one, 2))
        found = {each["_id"]: each async for each in snapshots(one).find({})}
        first, second = sorted(found)
        swapped = [{**found[first], "_id": second}, {**found[second], "_id": first}]
        for each in swapped:
            await snapshots(one).replace_one({"_id": each["_id"]}, each)
    async with desk(at_the_bank) as other:
        for account, available in ((FIRST, 77), (SECOND, 28)):
            answer = await other.send(withdraw(1_000, account))
            assert answer == InsufficientFunds(eur(available), eur("1000.00"))


async def test_a_snapshot_of_a_history_that_is_no_more_is_passed_over(opening: Opening) -> None:
    """The log was restored to an earlier state, and went on in another way: versions and positions are the same."""
    await grown(opening, 25)
    async with desk(opening) as restored:
        await restored.mongo.database["events"].delete_many({"_id": {"$gt": 5}})
        await snapshots(restored).update_many({}, {"$set": {"at": datetime(2020, 1, 1, tzinfo=UTC)}})
    for commits in (0, 19, 25):
        async with desk(replace(opening, settings=NONE)) as meanwhile:
            while len(await meanwhile.commits()) < 5 + commits:
                await meanwhile.send(Increase(ONE, 100))
        async with desk(opening) as other:
            assert await value(other) == 5 + 100 * commits


async def test_snapshots_of_other_code_are_ignored_and_dropped_after_a_week(opening: Opening) -> None:
    await grown(opening, 25)
    async with desk(opening) as other:
        found = await snapshots(other).find_one({})
        assert found
        week = datetime.now(UTC) - timedelta(days=7)
        old, young = week - timedelta(hours=1), week + timedelta(hours=1)
        for code, at in (("old", old), ("young", young)):
            await snapshots(other).insert_one({**found, "_id": f"counter-one {code}", "at": at})
        await snapshots(other).insert_one({**found, "_id": "counter-one1 old", "at": old})
        for _ in range(10):
            await other.send(Increase(ONE))
        await until(lambda: gone(other, "counter-one old"))
        kept = {each["_id"] async for each in snapshots(other).find({})}
    assert kept == {found["_id"], "counter-one young", "counter-one1 old"}


async def gone(at: Desk, id_: str) -> bool:
    return await snapshots(at).find_one({"_id": id_}) is None


async def test_a_snapshot_can_not_be_had_while_mongodb_is_away_and_then_it_can(opening: Opening) -> None:
    await grown(opening, 25)
    async with desk(opening) as other, failing(opening.uri, ["find"], {"errorCode": 11600}, {"times": 6}):
        assert await value(other) == 25


TILL = """
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import NewType

from gateway.application import Application, Stream

TillId = NewType("TillId", str)


@dataclass(frozen=True, slots=True)
class CoinDropped:
    till: TillId


@dataclass(frozen=True, slots=True)
class Empty:
    pass


@dataclass(frozen=True, slots=True)
class Filled:
    coins: int
    sides: dict[str, frozenset[int]]
    label: str | None


@dataclass(frozen=True, slots=True)
class DropCoin:
    till: TillId


@dataclass(frozen=True, slots=True)
class Count:
    till: TillId


@dataclass(frozen=True, slots=True)
class Counted:
    coins: int


WORTH = 1


def evolve(till: Empty | Filled, event: CoinDropped) -> Empty | Filled:
    coins = till.coins if isinstance(till, Filled) else 0
    return Filled(coins + WORTH, {"head": frozenset({1, 2})}, None)


def drop_coin(command: DropCoin, till: Empty | Filled) -> CoinDropped:
    return CoinDropped(command.till)


def count(command: Count, till: Empty | Filled) -> CoinDropped | Counted:
    return Counted(till.coins if isinstance(till, Filled) else 0)


application = Application([Stream(TillId, Empty(), evolve)], [drop_coin, count], [])
"""


Written = Callable[..., Any]


@pytest.fixture
def till(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Written]:
    """The till's module, with some of its code changed."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr("gateway.application.sources._STARTED", 2**63)  # its file is written when it is

    def written(*changes: tuple[str, str]) -> Any:
        text = reduce(lambda text, change: text.replace(*change), changes, TILL)
        assert changes == () or text != TILL
        (tmp_path / "till.py").write_text(text)
        sys.modules.pop("till", None)
        importlib.invalidate_caches()
        return importlib.import_module("till")

    yield written
    sys.modules.pop("till", None)


async def coins(opening: Opening, module: Any, dropped: int) -> int:
    """Drop coins with the code of this module, and count."""
    application: Application = module.application
    async with desk(replace(opening, application=application)) as one:
        for _ in range(dropped):
            assert isinstance(await one.send(module.DropCoin("a")), Receipt)
        if dropped:
            await until(taken(one, 1))
        return (await one.send(module.Count("a"))).coins


async def test_after_a_change_of_code_everything_is_folded_anew(opening: Opening, till: Written) -> None:
    assert await coins(opening, till(), 25) == 25
    assert await coins(opening, till(("WORTH = 1", "WORTH = 3")), 0) == 75
    assert await coins(opening, till(("WORTH = 1", "WORTH = 1  # each")), 0) == 25


async def test_a_state_of_unions_sets_and_mappings_comes_back(opening: Opening, till: Written) -> None:
    assert await coins(opening, till(), 25) == 25
    fetched = Fetched()
    module = till()
    async with desk(replace(opening, application=module.application, listeners=[fetched])) as other:
        assert (await other.send(module.Count("a"))).coins == 25
    assert fetched.commits <= 1 + 6


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("object", "None"),
        ("tuple[int, ...]", "[1]"),
        ("int", "2**64"),
        ("dict[str, int]", "Counter('a')"),
        ("tuple[dict[str, int], ...]", "({}, Counter())"),
        ("Decimal | None", "Decimal('1E+3') if coins < 5 else Decimal('NaN123')"),
    ],
)
async def test_of_a_state_that_would_not_come_back_there_is_no_snapshot(
    opening: Opening, till: Written, type_: str, value: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    module = till(("label: str | None", f"label: {type_}"), ("1, 2})}, None", f"1, 2}})}}, {value}"))
    async with desk(replace(opening, application=module.application)) as one:
        for _ in range(25):
            await one.send(module.DropCoin("a"))
        await until(lambda: said(one, caplog, "No snapshot is taken of till-a", "Streams of till are always read"))
        assert await snapshots(one).count_documents({}) == 0
    async with desk(replace(opening, application=module.application)) as other:
        assert (await other.send(module.Count("a"))).coins == 25


async def said(at: Desk, caplog: pytest.LogCaptureFixture, *beginnings: str) -> bool:
    await snapshots(at).estimated_document_count()
    return any(each.getMessage().startswith(beginnings) for each in caplog.records)


async def test_where_code_can_not_be_told_the_log_says_why_and_streams_are_read_whole(
    opening: Opening, till: Written, caplog: pytest.LogCaptureFixture
) -> None:
    module = till(("WORTH = 1", "WORTH = eval('1')"))
    async with desk(replace(opening, application=module.application)) as one:
        for _ in range(25):
            await one.send(module.DropCoin("a"))
    async with desk(replace(opening, application=module.application)) as other:
        assert (await other.send(module.Count("a"))).coins == 25
        assert await snapshots(other).count_documents({}) == 0
    warned = [each.getMessage() for each in caplog.records if each.levelname == "WARNING"]
    assert len(warned) == 2  # once a process
    assert "till imports or runs what only a computed text names" in warned[0]


async def test_of_an_evolve_that_changes_the_initial_state_no_snapshots_are_taken(
    opening: Opening, till: Written, caplog: pytest.LogCaptureFixture
) -> None:
    module = till(
        ("Stream(TillId, Empty()", "Stream(TillId, Filled(0, {}, None)"),
        ('{"head": frozenset({1, 2})}, None', "spoiled(till.sides), None"),
        ("WORTH = 1", "WORTH = 1\ndef spoiled(sides):\n    sides[str(len(sides))] = frozenset()\n    return sides"),
    )
    async with desk(replace(opening, application=module.application)) as one:
        for _ in range(25):
            await one.send(module.DropCoin("a"))
        await until(lambda: said(one, caplog, "An evolve of till changes its state in place"))
        for _ in range(25):
            await one.send(module.DropCoin("a"))
        assert await snapshots(one).count_documents({}) == 0
    assert [each.levelname for each in caplog.records].count("ERROR") == 1


async def test_commands_are_answered_while_a_snapshot_is_sealed(
    opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealing, released, seal = threading.Event(), threading.Event(), Signer.seal

    def slow(signer: Signer, purpose: str, payload: bytes) -> str:
        if purpose == SNAPSHOTS:
            sealing.set()
            assert released.wait(20)
        return seal(signer, purpose, payload)

    monkeypatch.setattr(Signer, "seal", slow)
    async with desk(opening) as one:
        for _ in range(10):
            await one.send(Increase(ONE))
        assert await asyncio.to_thread(sealing.wait, 20)
        for _ in range(30):
            await one.send(Increase(ONE))
        released.set()
        await until(lambda: at_version(one, 40))
    async with desk(opening) as other:
        assert await value(other) == 40
