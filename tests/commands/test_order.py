"""Whatever is sent at once, to however many writers: the log is one order, and every answer agrees with it."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial

import pytest

from gateway.commands import writer
from gateway.commands.batches import Decisions, clock
from gateway.messages import Receipt
from gateway.settings import Settings, load_settings
from tests.support.checking import Sent
from tests.support.counters import ONE, Increase
from tests.support.counters import application as counters
from tests.support.desks import Desk, Opening, desk, run, sent
from tests.support.workload import Workload

pytestmark = pytest.mark.anyio

SETTINGS = {
    "as they come": load_settings(),
    "small batches": load_settings(batch_commands=3),
    "batches of few bytes": load_settings(batch_bytes=1_500),
    "few hot streams": load_settings(hot_bytes=1_500),
    "many snapshots": load_settings(hot_bytes=0, snapshot_events=1),
}


async def busy(opening: Opening, writers: int, seed: int, commands: int) -> list[Desk]:
    """Writers that have answered a workload, every answer checked."""
    workload = Workload()
    async with AsyncExitStack() as stack:
        desks = [await stack.enter_async_context(desk(opening)) for _ in range(writers)]
        history = await run(desks, workload.beginning(), clients=1)
        history += await run(desks, workload.commands(seed, commands), clients=24)
        assert kinds(history) >= 8
        await desks[0].check(history)
        return desks


def kinds(history: list[Sent]) -> int:
    """How many sorts of answers there were: a workload that is always accepted proves little."""
    return len({type(each.answer) for each in history})


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("writers", [1, 2, 3])
async def test_every_answer_agrees_with_the_log(
    mongo_uri: str, database: str, writers: int, settings: Settings
) -> None:
    await busy(Opening(mongo_uri, database, settings=settings), writers, seed=writers, commands=500)


async def test_commands_sent_twice_agree_with_the_log_too(mongo_uri: str, database: str) -> None:
    workload, opening = Workload(), Opening(mongo_uri, database)
    async with desk(opening) as one, desk(opening) as other:
        history = await run([one, other], workload.beginning(), clients=1)
        once = await run([one, other], workload.commands(11, 200))
        again = await asyncio.gather(*(sent(other, each.command, each.id) for each in once))
        commits = await one.check([*history, *once, *again])
        receipts = [each.answer for each in once if isinstance(each.answer, Receipt)]
        accepted = {each.command_id: each for each in receipts if each.events}
        replays = [each.answer for each in again if each.id in accepted]
        assert all(isinstance(each, Receipt) and each.replayed for each in replays)
        assert [each.events for each in replays if isinstance(each, Receipt)] == [
            each.events for each in accepted.values()
        ]
        assert len({each.command.id for each in commits}) == len(commits)


async def test_time_never_runs_backwards_along_the_log(
    mongo_uri: str, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One process's clock is an hour ahead: the others' commits wait for nothing and are not before its own."""
    opening = Opening(mongo_uri, database, counters)
    async with desk(opening) as punctual:
        with monkeypatch.context() as patched:
            patched.setattr(writer, "Decisions", partial(Decisions, clock=lambda: clock() + timedelta(hours=1)))
            async with desk(opening) as ahead:
                await ahead.all([Increase(ONE)] * 3)
        await punctual.all([Increase(ONE)] * 3)
        times = [each.at for each in await punctual.check()]
        assert len(set(times[2:])) == 1
        assert times[2] > clock() + timedelta(minutes=50)
