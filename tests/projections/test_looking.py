"""What is looked at once a second, because nobody tells it, keeps no commit waiting."""

import asyncio
from datetime import UTC, datetime, timedelta
from operator import sub

import pytest
from pymongo.monitoring import CommandStartedEvent

from gateway.mongo.client import collection
from gateway.projections.running import BEAT
from tests.projections.world import World, added, history, watching
from tests.support.commands import Commands, Listener
from tests.support.faults import failing

pytestmark = pytest.mark.anyio


class LookingForCollections(Listener):
    """Notes that somebody began to."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name == "listCollections":
            self.begun.set()


async def test_a_commit_is_built_while_collections_are_looked_for(place: World) -> None:
    looking = LookingForCollections()
    how = {"blockConnection": True, "blockTimeMS": 5_000, "appName": "tidegate"}
    async with watching(place, listeners=[looking]):
        await place.built(await place.add(*history(95, 10)))
        async with failing(place.uri, ["listCollections"], how):
            looking.begun.clear()
            await looking.begun.wait()
            async with asyncio.timeout(2.5):
                await place.built(await place.add([added("now", "x")]))


async def test_whoever_says_where_it_is_is_not_looked_at(place: World) -> None:
    commands, clock = Commands(), asyncio.get_running_loop().time
    async with watching(place, listeners=[commands]):
        await place.built(await place.add(*history(96, 10)))
        commands.sent.clear()
        times = [clock()]
        while times[-1] < times[0] + 2.5 * BEAT:
            await place.built(await place.add([added(f"n{len(times)}", "x")]))
            times.append(clock())
        looks = [each for each in commands.named("find") if each["find"] == "checkpoints"]
        pauses = [each for each in map(sub, times[1:], times) if each >= BEAT / 2]  # of a busy machine
        assert len(looks) <= 2 * len(pauses)
    await place.check()


async def test_whoever_can_not_say_in_its_batches_that_nothing_is_missing_is_looked_at(place: World) -> None:
    async with watching(place, fold_commits=1):
        await place.built(await place.add(*history(98, 3)))
        began, number = datetime.now(UTC), 0
        while datetime.now(UTC) < began + timedelta(seconds=3 * BEAT):
            number += 1
            await place.built(await place.add([added(f"n{number}", "x")]))
            await asyncio.sleep(BEAT / 5)
        assert all(each.at_head > began + timedelta(seconds=BEAT) for each in (await place.checkpoints()).values())


async def test_dropped_views_are_noticed_while_commits_come(place: World) -> None:
    async with watching(place), asyncio.timeout(20):
        await place.built(await place.add(*history(97, 20)))
        await collection(place.opened.database, "views.books.1").drop()
        number = 0
        while (reason := (await place.checkpoints())["books"].stopped) is None:
            number += 1
            await place.built(await place.add([added(f"n{number}", "x")]), "loans", "months")
        assert "views.books.1 was dropped" in reason
