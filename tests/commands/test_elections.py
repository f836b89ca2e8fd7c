"""A replica set of three whose primary dies: what was acknowledged stays, in one order without a gap."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo import AsyncMongoClient
from pymongo.read_concern import ReadConcern

from gateway.errors import CommitUnknown
from gateway.eventlog.encoding import Encoded
from gateway.eventlog.storage import EMPTY, Appended
from gateway.messages import Commit, Head, Receipt
from gateway.mongo.collections import EVENTS
from gateway.mongo.embedded import EmbeddedOptions, EmbeddedServer, embedded
from gateway.settings import load_settings
from tests.support.checking import Sent
from tests.support.counters import ONE, TWO, Increase
from tests.support.counters import application as counters
from tests.support.desks import Append, Desk, Opening, SteeredLog, desk, run, sent, until
from tests.support.faults import stalled
from tests.support.workload import Workload

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]

PATIENT = load_settings(command_timeout=40.0, mongodb_timeout=15.0)


class NaiveLog(SteeredLog):
    """The log with one word changed: the head is what this primary has, be it on a majority or not.

    States are loaded without asking whether the answer reaches to that head, which would show that it does not.
    """

    async def streams(self, after: Mapping[str, int], up_to: int, limit: int) -> dict[str, list[Commit]]:
        safe = await super().head()
        return await super().streams(after, min(up_to, safe.position), limit)

    async def head(self) -> Head:
        local = self._events.with_options(read_concern=ReadConcern("local"))
        found = await local.find_one({}, sort=[("_id", -1)])
        return Head(found["_id"], bytes(found["chain"]), found["at"]) if found else EMPTY


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[EmbeddedServer]:
    with tempfile.TemporaryDirectory(prefix="tidegate-test-") as folder:
        async with embedded(Path(folder), EmbeddedOptions(members=3, throwaway=True)) as running:
            yield running


@pytest.fixture
def place() -> str:
    return f"test_{uuid4().hex}"


async def whole(server: EmbeddedServer) -> None:
    """Whoever was killed runs again and follows."""
    for index, member in enumerate(server.members):
        if not member.pid:
            await server.restart(index)
    await server.settled()


@dataclass
class Gate:
    """An append that waits until it is let through."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, commits: Sequence[Encoded], append: Append) -> Appended:
        self.reached.set()
        await self.opened.wait()
        return await append(commits)


async def oplog(server: EmbeddedServer, database: str) -> list[int]:
    """The positions in the order in which the primary's oplog has them."""
    member = server.members[await server.primary()]
    query = {"ns": f"{database}.{EVENTS}", "op": "i"}
    async with AsyncMongoClient[dict[str, Any]](member.uri) as client:
        entries = await client["local"]["oplog.rs"].find(query, sort=[("$natural", 1)]).to_list(None)
    return [each["o"]["_id"] for each in entries]


async def on_the_primary(server: EmbeddedServer, database: str, position: int) -> None:
    """Returns when the primary itself has a commit, no matter who else does."""
    member = server.members[await server.primary()]
    async with AsyncMongoClient[dict[str, Any]](member.uri) as client:
        events = client[database].get_collection(EVENTS, read_concern=ReadConcern("local"))

        async def there() -> bool:
            return await events.find_one({"_id": position}) is not None

        await until(there)


@dataclass(frozen=True)
class Outcome:
    """What a primary's death left behind."""

    order: list[int]
    receipts: list[Receipt]


async def primary_dies_between_head_and_insert(
    server: EmbeddedServer, opening: Opening, stack: AsyncExitStack
) -> Outcome:
    """One writer's commit 4 is on the primary alone; another takes the head; the primary dies; then both go on."""
    one, other = [await stack.enter_async_context(desk(opening)) for _ in range(2)]
    await one.all([Increase(ONE)] * 3)
    later, gate = Gate(), Gate()
    async with stalled(server):
        one.log.steps.extend([_directly, later])
        first = asyncio.create_task(one.send(Increase(ONE)))
        await on_the_primary(server, opening.database, 4)
        other.log.steps.append(gate)
        second = asyncio.create_task(other.send(Increase(TWO)))
        await gate.reached.wait()
        await server.kill(await server.primary())
    await server.primary()
    gate.opened.set()
    receipts = [await second]
    later.opened.set()
    receipts += [each for each in await asyncio.gather(first, return_exceptions=True) if isinstance(each, Receipt)]
    return Outcome(await oplog(server, opening.database), receipts)


async def _directly(commits: Sequence[Encoded], append: Append) -> Appended:
    return await append(commits)


async def test_a_head_that_no_majority_holds_loses_a_position(server: EmbeddedServer, place: str) -> None:
    """The counterexample: with the default read concern this schedule leaves a gap, acknowledged to a client."""
    opening = Opening(server.uri, place, counters, log=NaiveLog, retry_writes=False, settings=PATIENT)
    async with AsyncExitStack() as stack:
        outcome = await primary_dies_between_head_and_insert(server, opening, stack)
    await whole(server)
    assert outcome.receipts[0].position == 5
    assert outcome.order != [*range(1, len(outcome.order) + 1)]


async def test_a_head_that_a_majority_holds_loses_nothing(server: EmbeddedServer, place: str) -> None:
    opening = Opening(server.uri, place, counters, retry_writes=False, settings=PATIENT)
    async with AsyncExitStack() as stack:
        outcome = await primary_dies_between_head_and_insert(server, opening, stack)
    await whole(server)
    async with desk(opening) as after:
        commits = await after.check()
    assert sorted(each.position for each in outcome.receipts) == [4, 5]
    assert outcome.order == [1, 2, 3, 4, 5]
    held = {each.command.id: each.events for each in commits}
    assert all(held[each.command_id] == each.events for each in outcome.receipts)


async def test_what_no_majority_took_in_time_is_not_known_and_then_settled(
    server: EmbeddedServer, place: str
) -> None:
    impatient = load_settings(command_timeout=1.0, mongodb_timeout=5.0)
    id_ = uuid4()
    async with desk(Opening(server.uri, place, counters, settings=PATIENT)) as patient:
        await patient.send(Increase(ONE))
        async with desk(Opening(server.uri, place, counters, settings=impatient)) as one:
            async with stalled(server):
                with pytest.raises(CommitUnknown):
                    await one.send(Increase(ONE), id_)
            receipt = await patient.send(Increase(ONE), id_)
        assert receipt.position == 2
        assert len(await patient.check()) == 2


async def test_under_load_nothing_acknowledged_is_lost_when_stalled_primaries_die(
    server: EmbeddedServer, place: str
) -> None:
    opening, workload = Opening(server.uri, place, settings=PATIENT), Workload()
    async with desk(opening) as one, desk(opening) as other:
        history = await run([one, other], workload.beginning(), clients=1)
        for seed in (1, 2):
            history += await through_a_death(server, [one, other], workload.commands(seed, 400))
            await whole(server)
        commits = await one.check(history)
        assert await oplog(server, place) == [each.position for each in commits]


async def through_a_death(server: EmbeddedServer, desks: Sequence[Desk], commands: Any) -> list[Sent]:
    """A workload during which replication stalls and then the primary is killed."""
    waiting, history = iter([*commands]), list[Sent]()

    async def client(number: int) -> None:
        for command in waiting:
            history.append(await sent(desks[number % len(desks)], command, uuid4()))

    clients = asyncio.gather(*(client(number) for number in range(16)))
    while len(history) < 50:
        await asyncio.wait([clients], timeout=0.01)
    async with stalled(server):
        await asyncio.wait([clients], timeout=0.6)  # inserts that only the primary has are under way now
        await server.kill(await server.primary())
    await clients
    return history
