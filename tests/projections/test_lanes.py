"""Read models go on side by side: what is slow, behind or being built does not delay those at the head."""

import asyncio
from contextlib import AbstractAsyncContextManager
from uuid import uuid4

import pytest

from gateway.application import Application
from gateway.mongo.changes import CheckpointMoved
from gateway.mongo.checkpoints import Checkpoint
from gateway.mongo.client import Document, collection
from gateway.mongo.collections import ATTEMPTS, CHECKPOINTS
from tests.projections.editions import expected_second, first, second
from tests.projections.test_editions import folded, reaches
from tests.projections.world import World, added, history, lent, watching
from tests.support.commands import Commands
from tests.support.faults import failing

pytestmark = pytest.mark.anyio

OTHERS = ("loans", "months")
COMMITS = 12


def slow(place: World, views: str) -> AbstractAsyncContextManager[None]:
    """Every write of these views takes a second."""
    name = f"{place.opened.database.name}.{views}"
    how = {"blockConnection": True, "blockTimeMS": 1_000, "namespace": name, "appName": "tidegate"}
    return failing(place.uri, ["insert", "update", "delete"], how)


async def moves_meanwhile(place: World, edition: str) -> int:
    """How often an edition moves while a dozen commits, one after the other, become visible in the others."""
    place.ear.heard.clear()
    for number in range(COMMITS):
        await place.built(await place.add([added(f"n{number}", "x"), lent(f"n{number}")]), *OTHERS)
    return len([each for each in _places(place, edition) if each > 0])


def _places(place: World, edition: str) -> list[int]:
    """Where an edition has come to, as it was heard; heartbeats, which do not move it, left out."""
    moved = [each.checkpoint for each in place.ear.heard if isinstance(each, CheckpointMoved)]
    return list(dict.fromkeys(each.position for each in moved if each.id == edition))


async def test_a_read_model_whose_writes_are_slow_delays_no_other_one(place: World) -> None:
    """It holds the others up once: that is how it is found."""
    async with watching(place):
        await place.built(await place.add(*history(60, 20)))
        async with slow(place, "views.books.1"):
            await place.built(await place.add([added("late", "x")]))
            assert await moves_meanwhile(place, "books.1") <= COMMITS // 3
        await place.built(await place.add([added("last", "x")]))
    await place.check()


@pytest.mark.parametrize("careful", [False, True])
async def test_a_read_model_that_is_behind_delays_no_other_one(place: World, careful: bool) -> None:
    async with watching(place):
        await place.built(await place.add(*history(61, 300)))
    checkpoints = await place.checkpoints()
    await built_anew(place, checkpoints["books"], careful)
    async with slow(place, "views.books.1"), watching(place, fold_commits=10):
        await place.ear.moved(lambda each: each.id == "books.1")
        assert await moves_meanwhile(place, "books.1") <= COMMITS // 3
        assert (await place.checkpoints())["books"].position < 300
    async with watching(place):
        await place.built(300 + COMMITS)
    await place.check()


async def built_anew(place: World, checkpoint: Checkpoint, careful: bool) -> None:
    """A read model has nothing yet; `careful` where a process was killed before it had built any of it."""
    await collection(place.opened.database, "views.books.1").drop()
    await collection(place.opened.database, "checkpoints").delete_one({"_id": checkpoint.id})
    if careful:
        note = {"_id": checkpoint.id, "start": {"place": [0, None, None], "by": uuid4()}}
        await collection(place.opened.database, ATTEMPTS).replace_one({"_id": checkpoint.id}, note, upsert=True)


async def test_an_edition_that_is_built_over_a_long_log_delays_no_live_one(place: World) -> None:
    async with watching(place, first):
        await place.built(await place.add(*history(62, 400)))
    async with slow(place, "views.books.2"), watching(place, second, fold_commits=10):
        await place.ear.moved(lambda each: each.id == "books.2" and each.position > 0)
        assert await moves_meanwhile(place, "books.2") <= COMMITS // 3
    async with watching(place, second):
        await reaches(place, "books.2", 400 + COMMITS)
    assert await place.documents("views.books.2") == await folded(place, expected_second)


async def test_while_more_commits_wait_each_read_model_is_written_as_soon_as_it_is_folded(place: World) -> None:
    await place.add(*history(64, 300))
    async with slow(place, "views.books.1"), watching(place, fold_commits=10):
        await place.ear.moved(lambda each: each.id == "loans.1" and each.position == 10)
        assert (await place.checkpoints())["books"].position == 0
    async with watching(place):
        await place.built(300)
    await place.check()


@pytest.mark.parametrize("application", [first, second])
async def test_whoever_has_caught_up_shares_a_transaction_with_the_others(
    place: World, application: Application
) -> None:
    async with watching(place, first):
        await place.built(await place.add(*history(63, 200)))
    commands, edition = Commands(), "books.1" if application is first else "books.2"
    async with watching(place, application, listeners=[commands]):
        await together(place, edition, 1)
        commands.sent.clear()
        await together(place, edition, COMMITS)
        assert len(commands.named("commitTransaction")) <= COMMITS + 2, "twice as many, if they went on apart"


async def together(place: World, edition: str, commits: int) -> None:
    """So many commits, each of them seen in all read models before the next one."""
    for number in range(commits):
        position = await place.add([added(f"n{number}", "x"), lent(f"n{number}")])
        await asyncio.gather(place.built(position, *OTHERS), reaches(place, edition, position))


async def test_a_log_that_is_broken_behind_the_front_stops_those_alone_that_have_not_passed_the_place(
    place: World,
) -> None:
    """They share a lane, and so one reading of the log, with those that have."""
    async with watching(place):
        await place.built(await place.add(*history(65, 10)))
        behind = await stored(place, "months")
        await place.built(await place.add(*history(66, 10)))
    await put_back(place, "months", behind)
    await collection(place.opened.database, "events").delete_one({"_id": 15})
    async with watching(place):
        assert (await place.stopped("months")).position == 14
        assert [name for name, each in (await place.checkpoints()).items() if each.stopped] == ["months"]
        await place.built(await place.add([added("late", "x")], [lent("late")]), "books", "loans")


async def stored(place: World, name: str) -> dict[str, list[Document]]:
    """A read model's views and checkpoint, as they are now."""
    database = place.opened.database
    return {
        f"views.{name}.1": await place.documents(f"views.{name}.1"),
        CHECKPOINTS: [each async for each in collection(database, CHECKPOINTS).find({"read_model": name})],
    }


async def put_back(place: World, name: str, before: dict[str, list[Document]]) -> None:
    """Somebody restored it."""
    for into, documents in before.items():
        await collection(place.opened.database, into).delete_many(
            {"read_model": name} if into == CHECKPOINTS else {}
        )
        await collection(place.opened.database, into).insert_many(documents)


async def test_a_read_model_whose_writes_fail_delays_no_other_one(place: World) -> None:
    """It is tried again and again, alone."""
    how = {"errorCode": 8000, "namespace": f"{place.opened.database.name}.views.books.1", "appName": "tidegate"}
    async with watching(place):
        await place.built(await place.add(*history(64, 20)))
        async with failing(place.uri, ["insert", "update", "delete"], how):
            await moves_meanwhile(place, "books.1")
            assert (await place.checkpoints())["books"].position == 20
        await place.built(await place.add([added("last", "x")]))
    await place.check()
