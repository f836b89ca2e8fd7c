"""Everything at once: small pages, little memory, many snapshots, several writers, and a MongoDB that fails."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from random import Random

import pytest

from bank import application as bank
from gateway.application import Application
from gateway.commands import loading, prefix
from gateway.settings import load_settings
from tests.support.checking import Sent
from tests.support.counters import Burst, Compare, CounterId, Increase, Reach
from tests.support.counters import application as counters
from tests.support.desks import Desk, Opening, desk, run
from tests.support.faults import failing
from tests.support.workload import Workload

pytestmark = pytest.mark.anyio


def counted(seed: int, number: int) -> Iterator[object]:
    """Commands on few counters, many of which look at two, and many of which make several events."""
    random = Random(seed)
    for _ in range(number):
        one, other = (CounterId(str(min(int(random.paretovariate(1.1)), 8))) for _ in range(2))
        burst, reach = Burst(one, random.randint(1, 7)), Reach(one, random.randint(1, 200))
        yield random.choice([Increase(one), Increase(one, 0), burst, reach, Compare(one, other)])


async def troubled(uri: str, random: Random, work: asyncio.Task[list[Sent]]) -> list[Sent]:
    """What became of it, while MongoDB fails now and then."""
    faults = [{"errorCode": 11600}, {"closeConnection": True}, {"errorCode": 50}]
    while not work.done():
        commands = random.choice([["find"], ["insert"], ["find", "getMore"]])
        async with failing(uri, commands, random.choice(faults), {"times": random.randint(1, 4)}):
            await asyncio.wait([work], timeout=0.1)
    return await work


@pytest.fixture
def place(mongo_uri: str, database: str) -> tuple[str, str]:
    return mongo_uri, database


@pytest.mark.parametrize("faults", [False, True], ids=["sound", "failing"])
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("application", [bank, counters], ids=["bank", "counters"])
async def test_every_answer_agrees_with_the_log_whatever_happens(
    place: tuple[str, str], monkeypatch: pytest.MonkeyPatch, application: Application, seed: int, faults: bool
) -> None:
    mongo_uri, random = place[0], Random(seed)
    monkeypatch.setattr(loading, "_PAGE", (3, 5, 20)[seed % 3])
    monkeypatch.setattr(prefix, "_PAGE", (3, 20)[seed % 2])
    monkeypatch.setattr(prefix, "_FAR_BEHIND", (5, 30, 5_000)[seed % 3])
    few = load_settings(hot_bytes=(0, 1_500, 10**7)[seed % 3], snapshot_events=(3, 0, 7)[seed % 3])
    opening, workload = Opening(*place, application, settings=few), Workload()

    def commands(seed: int, number: int) -> Iterator[object]:
        return iter(workload.commands(seed, number)) if application is bank else counted(seed, number)

    async with AsyncExitStack() as stack:
        desks: list[Desk] = [await stack.enter_async_context(desk(opening)) for _ in range(3)]
        history = await run(desks, workload.beginning(), clients=1) if application is bank else []
        work = asyncio.create_task(run(desks, commands(seed, 300)))
        history += await troubled(mongo_uri, random, work) if faults else await work
        late = [await stack.enter_async_context(desk(opening)) for _ in range(2)]
        history += await run([*late, desks[0]], commands(seed + 1_000, 60))
        await desks[0].check(history)
