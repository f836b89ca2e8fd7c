"""Two releases on one log at once: the older one stops where it can't understand, and mistakes nothing."""

from collections.abc import AsyncIterator

import pytest

from gateway.application.reading import read
from gateway.errors import UndecodableEvent
from gateway.eventlog.storage import EventLog
from gateway.mongo.changes import Changes
from gateway.mongo.client import collection
from gateway.mongo.collections import CHECKPOINTS, prepare
from gateway.projections.watcher import Watcher
from gateway.settings import load_settings
from tests.evolution import first, second
from tests.support.desks import Desk, Opening, desk, until

pytestmark = pytest.mark.anyio

A, B, C = (first.ParcelId(each) for each in "abc")


@pytest.fixture
async def newer(mongo_uri: str, database: str) -> AsyncIterator[Desk]:
    async with desk(Opening(mongo_uri, database, second.application)) as opened:
        yield opened


@pytest.fixture
async def older(mongo_uri: str, database: str) -> AsyncIterator[Desk]:
    async with desk(Opening(mongo_uri, database, first.application)) as opened:
        yield opened


async def test_an_older_gateway_refuses_commands_on_what_it_does_not_understand(newer: Desk, older: Desk) -> None:
    await older.send(first.Scan(A, "7"))
    await newer.send(second.Insure(second.ParcelId("a")))
    with pytest.raises(UndecodableEvent, match="the event ParcelSent of schema 3 is unknown here") as found:
        await older.send(first.HandOver(A, "Grace"))
    assert found.value.position == 2
    assert [each.position for each in await newer.check()] == [1, 2]


async def test_an_older_gateway_goes_on_with_what_it_understands(newer: Desk, older: Desk) -> None:
    """Its process lives, and its versions and positions are right: nobody has to hurry."""
    await older.send(first.Scan(A, "7"))
    await newer.send(second.Insure(second.ParcelId("b")))
    for parcel in (A, C, A):
        await older.send(first.Scan(parcel, "8"))
        with pytest.raises(UndecodableEvent):
            await older.send(first.Scan(B, "8"))
    assert [each.events[0].version for each in await newer.check()] == [1, 1, 2, 1, 3]


async def test_an_older_watcher_stops_before_it_and_says_where_and_a_newer_one_goes_on(
    newer: Desk, mongo_uri: str
) -> None:
    database, identity = newer.mongo.database, await prepare(newer.mongo.database)
    settings = load_settings(mongodb_uri=mongo_uri, database=database.name)
    checkpoints = collection(database, CHECKPOINTS)
    await newer.send(second.Insure(second.ParcelId("a")))

    async def stopped() -> bool:
        return await checkpoints.count_documents({"stopped": {"$regex": "ParcelSent of schema 3"}}) == 2

    async def built() -> bool:
        return await checkpoints.count_documents({"position": 1, "stopped": None}) == 2

    for application, there in ((first.application, stopped), (second.application, built)):
        model = read(application)
        log = EventLog(database, model)
        async with Changes(database) as changes, Watcher(database, model, identity, log, changes, settings):
            await until(there)
        if application is first.application:
            assert await collection(database, "views.parcels.1").count_documents({}) == 0
    (parcel,) = await collection(database, "views.parcels.1").find({}).to_list()
    assert parcel["story"] == ["ParcelSent"]
