"""A watcher's process is killed wherever it is; the next one goes on from there, and nothing is applied twice."""

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest
from pymongo.errors import OperationFailure

from gateway.mongo.checkpoints import Checkpoint, Progress
from gateway.mongo.client import connect
from gateway.settings import load_settings
from tests.projections.processes import process
from tests.projections.world import World, added, history, lent, renamed, watching
from tests.support.faults import failing, stuck_commits

pytestmark = pytest.mark.anyio


async def killed_at(place: World, enough: Callable[[Checkpoint], object], limits: tuple[int, int]) -> Checkpoint:
    """A watcher's process is killed when a checkpoint is heard of; where that read model was left then."""
    with process(place, *limits) as running:
        heard = await place.ear.moved(enough)
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
    return (await place.checkpoints())[heard.checkpoint.read_model]


async def test_killed_in_mid_batch_again_and_again(place: World) -> None:
    await place.add(*history(20, 1_500))
    for position in (1, 300, 700):
        left = await killed_at(place, at_least(position), (4, 1_000))
        assert position <= left.position < 1_500
    async with watching(place):
        await place.built(1_500)
    await place.check()


async def test_killed_when_the_views_are_written_and_their_transaction_is_not_committed(place: World) -> None:
    await place.add(*history(21, 60))
    async with stuck_commits(place.uri) as one_is_stuck:
        with process(place, fold_commits=20, fan_out=1_000):
            await one_is_stuck()
    assert {each.position for each in (await place.checkpoints()).values()} == {0}
    async with watching(place):
        await place.built(60)
    await place.check()


async def test_killed_in_mid_rename_goes_on_behind_the_last_view_that_was_done(place: World) -> None:
    books = [added(f"b{number:04}", "x") for number in range(3_000)]
    async with watching(place):
        await place.built(await place.add(*(books[start : start + 500] for start in range(0, 3_000, 500))))
    await place.add([lent("b0001"), renamed("x", "Ada"), lent("b0001"), renamed("x", "Bea")], [lent("b0002")])
    # Twenty views a page: a loan and 5 pages; 95 more of them; the last 50, another loan and 25 of the next rename.
    for writes, reached in ((6, Progress(1, "b0099")), (95, Progress(1, "b1999")), (76, Progress(3, "b0499"))):
        async with held_behind(place, writes):
            left = await killed_at(place, lambda each, at=reached: each.progress == at, (6, 20))
        assert (left.position, left.progress) == (6, reached)
    async with watching(place, fan_out=700):
        await place.built(8)
    assert {each["renames"] for each in await place.documents("views.books.1")} == {2}
    await place.check()


async def test_a_transaction_that_a_dead_watcher_left_open_is_ended(place: World) -> None:
    """MongoDB would keep it, and the checkpoint that it has locked, for a minute."""
    async with watching(place):
        await place.built(await place.add([added("1", "x")]))
    settings = load_settings(mongodb_uri=place.uri, database=place.opened.database.name)
    dead = connect(place.uri, settings)
    session = dead.client.start_session()
    await session.start_transaction()
    await dead.database["checkpoints"].update_one({"_id": "books.1"}, {"$set": {"dead": 1}}, session=session)
    try:
        async with asyncio.timeout(30), watching(place):
            await place.built(await place.add([added("2", "x")]))
        with pytest.raises(OperationFailure, match="aborted"):
            await session.commit_transaction()
    finally:
        await dead.close()
    await place.check()


def at_least(position: int) -> Callable[[Checkpoint], bool]:
    return lambda each: each.position >= position


def held_behind(place: World, writes: int) -> AbstractAsyncContextManager[None]:
    """Watchers write the books' views so many times; then each attempt meets a conflict, and is repeated."""
    conflict = {"errorCode": 112, "errorLabels": ["TransientTransactionError"], "appName": "tidegate"}
    views = f"{place.opened.database.name}.views.books.1"
    return failing(place.uri, ["update"], {**conflict, "namespace": views}, {"skip": writes})
