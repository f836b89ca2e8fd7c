"""The trail keeps out of everybody's way: it drops before it blocks, says what it dropped, and ends in time."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from gateway.audit.entries import AuditEntry, AuditKind, AuditOutcome
from gateway.audit.storage import Entries
from gateway.audit.trail import Bounds, Trail, gap
from gateway.mongo.client import Database, connect
from gateway.mongo.codec import encoder
from gateway.settings import load_settings
from tests.audit.world import TRAIL, Sent, World, outcomes, world
from tests.support.faults import failing

pytestmark = pytest.mark.anyio

DAYS = 90
BOUNDS = Bounds(waiting=100, batch=10, linger=0.01, closing=5.0)
HOUR = 3_600
BLOCKED = {"blockConnection": True, "blockTimeMS": 500}
TALLIES = "{ tallies { totalCount } }"
INCREASE = 'mutation { increase(input: {counterId: "Counter:one", by: 1}) { __typename } }'
REACH = 'mutation { reach(input: {counterId: "Counter:one", limit: 0}) { __typename } }'
REQUESTS = 10


@pytest.fixture
def sent() -> Sent:
    return Sent()


@pytest.fixture
async def mongo(mongo_uri: str, database: str, sent: Sent) -> AsyncIterator[Database]:
    mongo = connect(mongo_uri, load_settings(database=database, mongodb_timeout=1), [sent])
    yield mongo.database
    await mongo.close()


def entry(trail: Trail, actor: str = "ada") -> AuditEntry:
    made = gap(*trail.stamp(), 0)
    return replace(made, kind=AuditKind.QUERY, outcome=AuditOutcome.ANSWERED, actor=actor, dropped=None)


def enter(trail: Trail, count: int, first: int = 0) -> None:
    for number in range(first, first + count):
        trail.enter(entry(trail, str(number)))


async def written(mongo: Database) -> list[dict[str, Any]]:
    return await mongo[TRAIL].find({}, sort=[("_id", 1)]).to_list(None)


def numbers(entries: Sequence[dict[str, Any]]) -> list[int]:
    return [int(each["actor"]) for each in entries if each["dropped"] is None]


async def test_entries_are_written_in_batches(mongo: Database, sent: Sent) -> None:
    async with Trail(mongo, DAYS) as trail:
        enter(trail, 2_000)
    assert numbers(await written(mongo)) == list(range(2_000))
    assert sent.to(TRAIL).count("insert") == 4


async def test_ids_and_times_grow(mongo: Database) -> None:
    trail = Trail(mongo, DAYS)
    stamps = [trail.stamp() for _ in range(5_000)]
    ids, times = zip(*stamps, strict=True)
    assert list(ids) == sorted(set(ids))
    assert list(times) == sorted(times)
    assert abs(times[-1].timestamp() - time.time()) < 5


async def test_what_waits_is_written_at_the_end(mongo: Database) -> None:
    async with Trail(mongo, DAYS, replace(BOUNDS, linger=HOUR)) as trail:
        enter(trail, 9)
        assert await written(mongo) == []
    assert numbers(await written(mongo)) == list(range(9))


async def test_the_end_is_bounded_where_mongodb_is_away(
    mongo: Database, mongo_uri: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with failing(mongo_uri, ["insert"], {"errorCode": 50, "namespace": f"{mongo.name}.{TRAIL}"}):
        async with Trail(mongo, DAYS, replace(BOUNDS, closing=0.3)) as trail:
            enter(trail, 25)
            begun = time.monotonic()
        assert time.monotonic() - begun < 3
    assert await written(mongo) == []
    assert "ends without 25 entries" in caplog.text


async def test_more_than_fits_is_dropped_counted_and_said(
    mongo: Database, mongo_uri: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with Trail(mongo, DAYS, BOUNDS) as trail:
        async with failing(mongo_uri, ["insert"], {**BLOCKED, "namespace": f"{mongo.name}.{TRAIL}"}, {"times": 1}):
            begun = time.monotonic()
            enter(trail, 1_000)
            assert time.monotonic() - begun < 0.4
            await eventually(mongo, 100)
        enter(trail, 5, first=1_000)
    found = await written(mongo)
    assert numbers(found) == [*range(100), *range(1_000, 1_005)]
    (missing,) = [each for each in found if each["outcome"] == "DROPPED"]
    assert missing["dropped"] == 900
    assert found.index(missing) == 100
    assert "lacks 900 entries" in caplog.text


async def test_memory_is_bounded_while_mongodb_is_away_and_what_fits_is_written_once(
    mongo: Database, mongo_uri: str, sent: Sent, caplog: pytest.LogCaptureFixture
) -> None:
    async with Trail(mongo, DAYS, BOUNDS) as trail:
        async with failing(mongo_uri, ["insert"], {"errorCode": 50, "namespace": f"{mongo.name}.{TRAIL}"}):
            for first in range(0, 500, 50):
                enter(trail, 50, first)
                await mongo.command("ping")
            await attempted(sent, 3)
            held: Any = trail._queue  # pyright: ignore[reportPrivateUsage] # what is bounded
            assert len(held) <= BOUNDS.waiting
        await eventually(mongo, 100)
    found = await written(mongo)
    kept = numbers(found)
    assert kept == sorted(set(kept))
    assert len(kept) + sum(each["dropped"] or 0 for each in found) == 500
    assert 100 <= len(kept) <= BOUNDS.waiting + BOUNDS.batch
    assert caplog.text.count("The audit trail waits") == 1


async def test_an_attempt_whose_answer_was_lost_is_repeated_without_a_second_entry(mongo: Database) -> None:
    entries, trail = Entries(mongo), Trail(mongo, DAYS)
    await entries.prepare(DAYS)
    documents = [encoder(AuditEntry, "entry")(entry(trail, str(number))) for number in range(5)]
    assert [await entries.insert(documents[:3]), await entries.insert(documents)] == [0, 0]
    assert numbers(await written(mongo)) == list(range(5))


async def test_what_mongodb_does_not_take_is_counted_and_holds_nobody_up(mongo: Database) -> None:
    await mongo.create_collection(TRAIL, validator={"actor": {"$ne": "3"}})
    async with Trail(mongo, DAYS, BOUNDS) as trail:
        enter(trail, 15)
    found = await written(mongo)
    assert numbers(found) == [0, 1, 2, *range(4, 15)]
    assert [each["dropped"] for each in found if each["dropped"]] == [1]


async def test_what_is_no_document_is_counted_and_holds_nobody_up(
    mongo: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async with Trail(mongo, DAYS, BOUNDS) as trail:
        trail.enter(entry(trail, "\ud800"))
        await eventually_silent(trail)
        enter(trail, 3)
    found = await written(mongo)
    assert numbers(found) == [0, 1, 2]
    assert [each["dropped"] for each in found if each["dropped"]] == [1]
    assert "can't hold" in caplog.text


async def test_entries_expire(mongo: Database) -> None:
    async with Trail(mongo, DAYS):
        pass
    assert (await mongo[TRAIL].index_information())["expiry"]["expireAfterSeconds"] == 90 * 86_400


async def test_another_time_to_keep_entries_holds_from_the_next_start_on(mongo: Database) -> None:
    for days in (90, 7, 0):
        async with Trail(mongo, days):
            pass
    assert (await mongo[TRAIL].index_information())["expiry"]["expireAfterSeconds"] == 7 * 86_400


async def test_no_request_waits_for_the_trail(mongo_uri: str, database: str) -> None:
    async with world(mongo_uri, database) as found:
        await found.ask(TALLIES)
        await found.trail(1)
        blocked = {"blockConnection": True, "blockTimeMS": 3_000, "namespace": f"{database}.{TRAIL}"}
        async with failing(mongo_uri, ["insert"], blocked, {"times": 1}):
            begun = time.monotonic()
            answers = [await found.ask(TALLIES) for _ in range(30)]
            answers += [await found.ask(INCREASE) for _ in range(3)]
            assert time.monotonic() - begun < 2.5
            assert [each.errors for each in answers] == [()] * 33
            assert await found.mongo.database[TRAIL].count_documents({}) == 1
        assert len(await found.trail(34)) == 34


async def test_no_request_fails_with_the_trail(mongo_uri: str, database: str) -> None:
    async with world(mongo_uri, database) as found:
        async with failing(mongo_uri, ["insert"], {"errorCode": 13, "namespace": f"{database}.{TRAIL}"}):
            answers = [await found.ask(TALLIES) for _ in range(5)]
            answers += [await found.ask(INCREASE)]
        assert [each.errors for each in answers] == [()] * 6
        assert outcomes(await found.trail(6))[-1] == ("COMMAND", "ACCEPTED", None)


@pytest.mark.parametrize("text", [TALLIES, INCREASE, REACH])
async def test_the_way_of_a_request_has_no_command_for_the_trail(mongo_uri: str, database: str, text: str) -> None:
    silent, kept = [await commands(mongo_uri, f"{database}_{days}", days, text) for days in (0, 90)]
    assert kept == silent
    assert sum(silent.values()) >= REQUESTS


async def test_many_requests_are_few_commands(open_world: World) -> None:
    begun = time.monotonic()
    for _ in range(100):
        await open_world.ask(TALLIES)
    await open_world.trail(100)
    assert open_world.sent.to(TRAIL).count("insert") <= 2 + (time.monotonic() - begun) / Bounds().linger


async def commands(uri: str, database: str, days: int, text: str) -> Counter[tuple[str, str]]:
    """What is sent to MongoDB while requests are answered; not what the watcher does behind them."""
    async with world(uri, database, watch=False, audit_days=days) as found:
        await found.ask(text)
        found.sent.all.clear()
        for _ in range(REQUESTS):
            await found.ask(text)
        return Counter(found.sent.besides(TRAIL))


async def eventually(mongo: Database, count: int) -> None:
    """Returns when so many entries are written."""
    deadline = time.monotonic() + 20
    while await mongo[TRAIL].count_documents({}) < count:
        assert time.monotonic() < deadline


async def attempted(sent: Sent, times: int) -> None:
    """Returns when entries were sent so many times."""
    deadline = time.monotonic() + 20
    while sent.to(TRAIL).count("insert") < times:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def eventually_silent(trail: Trail) -> None:
    """Returns when nothing waits any more."""
    waiting: Any = trail
    deadline = time.monotonic() + 20
    while waiting._queue or waiting._underway:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
