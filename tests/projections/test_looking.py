"""What is looked at once a second, because nobody tells it, keeps no commit waiting."""

import asyncio

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


async def test_whoever_moves_is_not_looked_at(place: World) -> None:
    commands, clock = Commands(), asyncio.get_running_loop().time
    async with watching(place, listeners=[commands]):
        await place.built(await place.add(*history(96, 10)))
        commands.sent.clear()
        began, number = clock(), 0
        while clock() < began + 2.5 * BEAT:
            number += 1
            await place.built(await place.add([added(f"n{number}", "x")]))
        assert [each for each in commands.named("find") if each["find"] == "checkpoints"] == []
    await place.check()


async def test_dropped_views_are_noticed_while_commits_come(place: World) -> None:
    async with watching(place), asyncio.timeout(20):
        await place.built(await place.add(*history(97, 20)))
        await collection(place.opened.database, "views.books.1").drop()
        number = 0
        while (reason := (await place.checkpoints())["books"].stopped) is None:
            number += 1
            await place.built(await place.add([added(f"n{number}", "x")]), "loans", "months")
        assert "views.books.1 was dropped" in reason
