"""Several watchers share the work: spread fairly, taken over from the dead, and harmless when they come back."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bank import application as bank
from gateway.mongo.changes import Heard, WatchersChanged
from gateway.mongo.client import collection
from gateway.mongo.collections import WATCHERS
from gateway.projections.building import Builder
from gateway.projections.editions import Editions
from gateway.projections.leases import LEASE, shares
from gateway.projections.reading import Reader
from gateway.projections.storage import ViewStore
from gateway.projections.watcher import Watcher
from gateway.settings import load_settings
from tests.projections.processes import process
from tests.projections.world import MODELS, World, added, history, watching
from tests.support.commands import Commands
from tests.support.desks import until
from tests.support.faults import failing

pytestmark = pytest.mark.anyio

TAKEOVER = 5.0
"""Seconds within which others have taken over from a killed watcher."""

WATCHER = st.integers(0, 9).map(lambda number: UUID(int=number))
CHECKPOINT = st.sampled_from("abcdefg")


@given(st.dictionaries(WATCHER, st.frozensets(CHECKPOINT)))
def test_each_checkpoint_is_held_by_one_who_can_move_it(folding: dict[UUID, frozenset[str]]) -> None:
    holders = shares(folding)
    assert holders.keys() == {each for some in folding.values() for each in some}
    assert all(checkpoint in folding[holder] for checkpoint, holder in holders.items())


@given(st.sets(WATCHER, min_size=1), st.frozensets(CHECKPOINT))
def test_equals_hold_equally_many(watchers: set[UUID], checkpoints: frozenset[str]) -> None:
    holders = list(shares(dict.fromkeys(watchers, checkpoints)).values())
    counts = [holders.count(each) for each in watchers]
    assert max(counts) - min(counts) <= 1


async def test_five_read_models_are_two_and_three_for_two_watchers_and_a_third_one_gets_some(place: World) -> None:
    async with AsyncExitStack() as stack:
        watchers: list[Watcher] = []
        for expected in ([5], [2, 3], [1, 2, 2]):
            watchers.append(await stack.enter_async_context(watching(place, bank)))
            await until(lambda expected=expected: spread(watchers, expected))


async def spread(watchers: list[Watcher], counts: list[int]) -> bool:
    """Whether they hold so many, and none is held twice."""
    await next_turn()
    held = [each.held() for each in watchers]
    return sorted(map(len, held)) == counts and len({name for some in held for name in some}) == sum(counts)


async def shared(watcher: Watcher) -> bool:
    """Whether somebody else holds something, too."""
    await next_turn()
    return 0 < len(watcher.held()) < len(MODELS)


async def next_turn() -> None:
    """Let the other tasks of this process go on."""
    await asyncio.sleep(0.01)


async def test_what_a_killed_watcher_held_is_built_by_others_within_five_seconds(place: World) -> None:
    async with watching(place) as survivor:
        with process(place, fold_commits=500, fan_out=1_000) as killed:
            await until(lambda: shared(survivor))
            await place.built(await place.add(*history(30, 20)))
            os.kill(killed.pid, signal.SIGKILL)
            killed.wait()
            began = time.monotonic()
            await place.built(await place.add(*history(31, 20)))
            assert time.monotonic() - began < TAKEOVER
        assert sorted(survivor.held()) == sorted(MODELS)
    await place.check()


async def test_a_watcher_that_was_stopped_past_its_lease_wakes_up_and_does_no_harm(place: World) -> None:
    with process(place, fold_commits=1, fan_out=1_000) as sleeper:
        await place.ear.moved(lambda each: each.position == 0)
        writing = await place.add(*history(32, 400))
        await place.ear.moved(lambda each: each.position >= 20)
        os.kill(sleeper.pid, signal.SIGSTOP)
        async with watching(place, fold_commits=3) as other:
            await place.built(writing)
            assert sorted(other.held()) == sorted(MODELS)
            place.ear.heard.clear()
            await wake(place, sleeper)
            await place.built(await place.add(*history(33, 200)))
            await until(lambda: shared(other))
            await place.built(await place.add(*history(34, 20)))
        await place.built(await place.add(*history(35, 20)))
    await place.check()


async def wake(place: World, sleeper: subprocess.Popen[bytes]) -> None:
    """Returns when a stopped watcher goes on: it shows a sign of life again."""
    os.kill(sleeper.pid, signal.SIGCONT)

    def came_back(heard: list[Heard]) -> bool:
        return any(isinstance(each, WatchersChanged) for each in heard)

    await place.ear.until(came_back)


async def test_a_watcher_that_stops_gives_its_leases_back_at_once(place: World) -> None:
    async with watching(place) as stays:
        async with watching(place) as leaves:
            await until(lambda: spread([stays, leaves], [1, 2]))
            began = time.monotonic()
        await until(lambda: spread([stays], [3]))
        assert time.monotonic() - began < LEASE / 2
        assert await collection(place.opened.database, WATCHERS).count_documents({}) == 1


async def test_a_watcher_that_can_give_no_sign_of_life_holds_nothing(place: World) -> None:
    """Others have taken over by then."""
    async with watching(place) as watcher:
        assert len(watcher.held()) == len(MODELS)
        async with failing(place.uri, ["update"], {"errorCode": 8000, "appName": "tidegate"}):
            await until(lambda: spread([watcher], [0]))
        await until(lambda: spread([watcher], [3]))
        await place.built(await place.add(*history(36, 20)))
    await place.check()


class Late(ViewStore):
    """Rings when the chain values were read."""

    rung: Callable[[], object] = bool

    async def chains(self, positions: Iterable[int]) -> dict[int, bytes]:
        found = await super().chains(positions)
        self.rung()
        return found


async def test_a_lease_that_comes_back_while_the_log_is_looked_at_stops_nothing(place: World) -> None:
    """What was not held when the beat began is not compared with what was read for it."""
    async with watching(place):
        await place.built(await place.add(*history(37, 20)))
    database, held, store = place.opened.database, set[str](), Late(place.opened.database)
    reader = Reader(place.opened.log, limit=500, size=4_000_000)
    builder = Builder([], reader, store, load_settings(), held.__contains__)
    builder.plans = await Editions(database, place.opened.model).plans()
    await builder.start(place.identity.log)
    store.rung = lambda: held.update(builder.workings)
    await builder.inspect()
    assert len(builder.active()) == len(MODELS)
    assert [each.wrong for each in builder.active()] == [None] * len(MODELS)


async def test_a_watcher_that_holds_nothing_costs_nearly_nothing(place: World) -> None:
    async with AsyncExitStack() as stack:
        sent = [Commands() for _ in range(4)]
        watchers = [await stack.enter_async_context(watching(place, listeners=[each])) for each in sent]
        await until(lambda: spread(watchers, [0, 1, 1, 1]))
        standby = sent[[each.held() for each in watchers].index([])]
        standby.sent.clear()
        began = time.monotonic()
        for number in range(40):
            await place.built(await place.add([added(f"b{number}", "x")]))
        asked = [each for each in standby.names if each != "getMore"]  # the change stream, which every process has
        assert len(asked) <= 8 * (time.monotonic() - began + 1)
