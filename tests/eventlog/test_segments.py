"""Several processes that walk one log: one is killed, or their parent is, or the log goes on meanwhile."""

import os
import signal
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from gateway.application.reading import read
from gateway.errors import Unavailable
from gateway.eventlog.segments import SEGMENT
from gateway.eventlog.storage import EMPTY
from gateway.eventlog.verification import Verification, Verified
from gateway.eventlog.versions import Versions
from gateway.messages import Head
from gateway.mongo.collections import EVENTS
from tests.acceptance.serving import eventually, running, runs
from tests.eventlog.test_verification import lost
from tests.support.everything import application
from tests.support.logs import NOON, OpenLog, open_log
from tests.support.walking import Walkers, Wish, walkers

pytestmark = pytest.mark.anyio

COMMITS = 60


@pytest.fixture
def beside() -> Iterator[Walkers]:
    with walkers() as found:
        yield found


@pytest.fixture
async def log(mongo_uri: str, database: str) -> AsyncIterator[OpenLog]:
    async with open_log(mongo_uri, database, application) as opened:
        await opened.log.append([opened.commit(lost("a", version)) for version in range(1, COMMITS + 1)])
        yield opened


async def test_commits_that_come_during_the_walk_are_walked_too(
    log: OpenLog, beside: Walkers, mongo_uri: str, database: str
) -> None:
    beside.fork(Wish(mongo_uri, database))
    await log.add(lost("a", COMMITS + 1))
    assert beside.walk() == Verified(log.head)


async def test_where_a_process_is_killed_the_rest_is_walked_all_the_same(
    log: OpenLog, beside: Walkers, mongo_uri: str, database: str
) -> None:
    await log.database[EVENTS].update_one({"_id": COMMITS - 1}, {"$set": {"command.actor": "somebody"}})
    _, children = beside.fork(Wish(mongo_uri, database))
    assert len(children) > 1
    os.kill(children[0], signal.SIGKILL)
    assert beside.walk().position == COMMITS - 1


async def test_the_processes_end_with_one_that_is_killed(beside: Walkers, mongo_uri: str, database: str) -> None:
    parent, children = beside.fork(Wish(mongo_uri, database))
    assert all(map(runs, children))
    os.kill(parent, signal.SIGKILL)
    eventually(lambda: not any(map(runs, children)), "the processes have ended")


async def test_a_process_that_gets_no_answer_ends_the_walk(
    log: OpenLog, beside: Walkers, mongo_uri: str, database: str
) -> None:
    nobody = "mongodb://127.0.0.1:1"
    with pytest.raises(Unavailable):
        beside.verified(Wish(mongo_uri, database, children=nobody))
    assert beside.verified(Wish(mongo_uri, database)) == Verified(log.head)


async def test_the_command_walks_a_long_log_with_other_processes(
    log: OpenLog, mongo_uri: str, database: str
) -> None:
    more = [log.commit(lost("b", version)) for version in range(1, SEGMENT + 1)]
    for start in range(0, len(more), 2_000):
        await log.log.append(more[start : start + 2_000])
    words = ("verify", "--app", "tests.support.everything:application")
    with running(*words, mongodb_uri=mongo_uri, database=database) as command:
        assert command.wait() == 0, command.output
        assert f"The log is good: position {COMMITS + SEGMENT}, chain {log.head.chain.hex()}." in command.output
    await log.database[EVENTS].update_one({"_id": SEGMENT + 1}, {"$set": {"command.actor": "somebody"}})
    with running(*words, mongodb_uri=mongo_uri, database=database) as command:
        assert command.wait() == 1
        assert f"The log is bad from position {SEGMENT + 1} on: its bytes" in command.output


def test_what_was_walked_from_another_commit_is_not_joined() -> None:
    """As when somebody changes the log between two walks, and each by itself is good."""
    verification, there = Verification(read(application)), Head(2, bytes(32), NOON)
    for start in (replace(EMPTY, chain=bytes(31) + b"x"), replace(EMPTY, position=1), replace(EMPTY, at=NOON)):
        assert not verification.join(start, there, Versions(partial=True))
        assert verification.head == EMPTY
    assert verification.join(EMPTY, there, Versions(partial=True))
    assert verification.head == there
