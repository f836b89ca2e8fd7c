"""The change stream on a real MongoDB, on both drivers: what it says, and that it survives whatever breaks it."""

import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Literal
from uuid import uuid4

import pytest
from bson import Int64

from gateway.mongo.changes import Changes, CheckpointMoved, CommitAdded, Heard, Interrupted, LogInvalidated
from gateway.mongo.checkpoints import Checkpoint, document_of
from gateway.mongo.client import Database, Mongo, collection, connect
from gateway.mongo.collections import CHECKPOINTS, EVENTS
from gateway.settings import load_settings
from tests.projections.world import Ear
from tests.support.faults import failing

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
CHECKPOINT = Checkpoint("accounts", 1, uuid4(), 7, bytes(32), NOON)

Driver = Literal["pymongo", "motor"]


@pytest.fixture(params=["pymongo", "motor"])
def driver(request: pytest.FixtureRequest) -> Driver:
    return request.param


@pytest.fixture
async def mongo(mongo_uri: str, database: str, driver: Driver) -> AsyncIterator[Mongo]:
    settings = load_settings(mongodb_uri=mongo_uri, database=database, driver=driver, mongodb_timeout=1.0)
    connection = connect(mongo_uri, settings)
    yield connection
    await connection.close()


@asynccontextmanager
async def listening(database: Database) -> AsyncGenerator[Ear]:
    async with Changes(database) as changes:
        ear = Ear()
        changes.listen(ear)
        yield ear


async def commit(database: Database, position: int) -> None:
    await collection(database, EVENTS).insert_one({"_id": Int64(position), "events": ["much"]})


async def test_says_the_position_of_each_new_commit(mongo: Mongo) -> None:
    async with listening(mongo.database) as ear:
        await commit(mongo.database, 1)
        await commit(mongo.database, 2)
        heard = await ear.until(lambda heard: len(heard) == 2)
    assert heard == [CommitAdded(1), CommitAdded(2)]


async def test_says_every_state_of_a_checkpoint_with_the_keys_that_it_touched(mongo: Mongo) -> None:
    checkpoints = collection(mongo.database, CHECKPOINTS)
    async with listening(mongo.database) as ear:
        await checkpoints.insert_one(document_of(CHECKPOINT, ["a", "b"]))
        for touched in (["a", "c"], [], [], None):
            again = {**document_of(CHECKPOINT, touched), "at_head": datetime.now(UTC)}
            await checkpoints.replace_one({"_id": CHECKPOINT.id}, again)
        heard = await ear.until(lambda heard: len(heard) == 5)
    moved = [each for each in heard if isinstance(each, CheckpointMoved)]
    assert [each.touched for each in moved] == [("a", "b"), ("a", "c"), (), (), None]
    assert moved[0].checkpoint == CHECKPOINT


async def test_a_touch_of_too_many_keys_is_a_touch_of_any(mongo: Mongo) -> None:
    assert document_of(CHECKPOINT, range(1_000))["touched"] == list(range(1_000))
    assert document_of(CHECKPOINT, range(1_001))["touched"] is None


async def test_other_collections_are_not_heard(mongo: Mongo) -> None:
    async with listening(mongo.database) as ear:
        await collection(mongo.database, "views.accounts.1").insert_one({"_id": "a"})
        await commit(mongo.database, 1)
        assert await ear.until(len) == [CommitAdded(1)]


async def test_stays_open_beyond_the_time_limit_of_an_operation(mongo: Mongo) -> None:
    began = time.monotonic()
    async with listening(mongo.database) as ear:
        while time.monotonic() < began + 1.5:  # longer than mongodb_timeout, without anything to hear
            await mongo.client.admin.command("ping")
        await commit(mongo.database, 1)
        assert await ear.until(len) == [CommitAdded(1)]


async def test_an_interrupted_stream_says_so_and_goes_on(
    mongo: Mongo, mongo_uri: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with listening(mongo.database) as ear:
        async with failing(mongo_uri, ["getMore"], {"errorCode": 286}):  # the oplog lost its history
            await commit(mongo.database, 1)
            await ear.until(lambda heard: heard.count(Interrupted()) >= 3)
        known = len(ear.heard)
        await commit(mongo.database, 2)
        await ear.until(lambda heard: CommitAdded(2) in heard or Interrupted() in heard[known:])
        await commit(mongo.database, 3)
        await ear.until(lambda heard: CommitAdded(3) in heard)
    assert len([record for record in caplog.records if "286" in record.message]) == 1


async def test_a_listener_that_raises_does_not_silence_the_others(mongo: Mongo) -> None:
    def fails(heard: Heard) -> None:
        raise ValueError(heard)

    async with Changes(mongo.database) as changes:
        ear = Ear()
        changes.listen(fails)
        changes.listen(ear)
        await commit(mongo.database, 1)
        await commit(mongo.database, 2)
        assert await ear.until(lambda heard: len(heard) == 2) == [CommitAdded(1), CommitAdded(2)]


async def test_a_listener_that_has_ended_hears_nothing_more(mongo: Mongo) -> None:
    async with Changes(mongo.database) as changes:
        ended, ear = Ear(), Ear()
        stop = changes.listen(ended)
        changes.listen(ear)
        stop()
        stop()
        await commit(mongo.database, 1)
        await ear.until(len)
    assert not ended.heard


@pytest.mark.parametrize("operation", ["drop", "rename", "rename over it", "dropDatabase"])
async def test_a_log_that_is_taken_away_is_an_alarm(mongo: Mongo, operation: str) -> None:
    events = collection(mongo.database, EVENTS)
    await commit(mongo.database, 1)
    await collection(mongo.database, "other").insert_one({})
    async with listening(mongo.database) as ear:
        match operation:
            case "drop":
                await events.drop()
            case "rename":
                await events.rename("elsewhere")
            case "rename over it":
                await collection(mongo.database, "other").rename(EVENTS, dropTarget=True)
            case _:
                await mongo.client.drop_database(mongo.database.name)
        heard = await ear.until(lambda heard: any(isinstance(each, LogInvalidated) for each in heard))
    assert heard
