"""Events of an earlier release are read as today's: in the log, in states, read models and feeds."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from gateway.api.execution import Api
from gateway.api.requests import Request
from gateway.api.schema import build_schema
from gateway.application import Application, Renamed, Stream, Upcaster
from gateway.application.declarations import Step
from gateway.application.reading import read
from gateway.errors import UndecodableEvent
from gateway.eventlog.storage import EventLog
from gateway.feeds.feeds import Feeds
from gateway.feeds.readers import Place
from gateway.messages import DroppedEvent, RecordedEvent
from gateway.mongo.changes import Changes
from gateway.mongo.client import Database, collection
from gateway.mongo.collections import CHECKPOINTS, EVENTS, prepare
from gateway.projections.watcher import Watcher
from gateway.runtime import opened, serving
from gateway.settings import load_settings
from tests.evolution import first, second
from tests.support.desks import Opening, desk, until
from tests.support.logs import OpenLog, documents, histories, open_log

pytestmark = pytest.mark.anyio

A = first.ParcelId("a")
NEW_A = second.ParcelId("a")
SENT = first.ParcelSent(A, "Ada Harbour", 1_250, first.Size.S)
SCANNED, MOVED = first.ParcelScanned(A, "7"), first.ParcelMoved(A, "Kiel", "Bremen")
HANDED_OVER = first.ParcelHandedOver(A, "Grace")

TODAY: list[object] = [
    second.ParcelSent(NEW_A, "Ada", "Harbour", Decimal("1.25"), second.Size.SMALL, insured=False),
    DroppedEvent("ParcelScanned", 1),
    second.ParcelLeft(NEW_A, "Kiel"),
    second.ParcelArrived(NEW_A, "Bremen"),
    second.ParcelDelivered(NEW_A, "Grace"),
]
SHOWN = [each for each in TODAY if not isinstance(each, DroppedEvent)]


@pytest.fixture
async def old(mongo_uri: str, database: str) -> AsyncIterator[OpenLog]:
    """A log that the first release wrote: two commits of two events each."""
    async with open_log(mongo_uri, database, first.application) as log:
        await log.add(("parcel-a", 1, SENT), ("parcel-a", 2, SCANNED))
        await log.add(("parcel-a", 3, MOVED), ("parcel-a", 4, HANDED_OVER))
        yield log


def today(old: OpenLog) -> EventLog:
    """The same log, as the second release reads it."""
    return EventLog(old.database, read(second.application))


async def test_each_stored_event_is_read_as_what_it_means_today(old: OpenLog) -> None:
    commits = await today(old).read(0, 10)
    assert [each.event for commit in commits for each in commit.events] == TODAY


async def test_versions_are_those_of_the_stored_events(old: OpenLog) -> None:
    events = (await histories(today(old), ["parcel-a"], 2))["parcel-a"]
    assert [each.version for each in events] == [1, 2, 3, 3, 4]
    assert [each.event for each in events] == TODAY
    assert [each.version for each in await today(old).stream("parcel-a", 2, 1)] == [3, 3, 4]


async def test_each_event_of_a_commit_has_an_index_of_its_own_and_a_dropped_one_keeps_its(old: OpenLog) -> None:
    one, two = await today(old).read(0, 10)
    assert [each.index for each in one.events] == [0, 1]
    assert [each.index for each in two.events] == [0, 1, 2]


async def test_nothing_that_is_stored_is_rewritten(old: OpenLog, mongo_uri: str, database: str) -> None:
    before = await documents(old.database)
    async with desk(Opening(mongo_uri, database, second.application)) as newer:
        await newer.send(second.Move(NEW_A, "Ulm"))
    after = await documents(old.database)
    assert after[:2] == before
    assert len(after) == 3


async def test_a_command_goes_on_behind_a_dropped_event(mongo_uri: str, database: str) -> None:
    async with desk(Opening(mongo_uri, database, first.application)) as older:
        await older.send(first.HandOver(A, "Grace"))
        await older.send(first.Scan(A, "7"))
    async with desk(Opening(mongo_uri, database, second.application)) as newer:
        receipt = await newer.send(second.Move(NEW_A, "Ulm"))
        assert [each.version for each in receipt.events] == [3]
        await newer.check()


async def test_a_state_that_is_in_memory_passes_over_dropped_events(mongo_uri: str, database: str) -> None:
    """A newer gateway runs while an older one still adds what the newer has dropped, and splits."""
    newer, older = (Opening(mongo_uri, database, each.application) for each in (second, first))
    async with desk(newer) as new, desk(older) as old:
        await old.send(first.Scan(A, "7"))
        await new.send(second.Move(NEW_A, "Ulm"))
        await old.send(first.Scan(first.ParcelId("b"), "7"))
        await old.send(first.HandOver(first.ParcelId("b"), "Grace"))
        receipt = await new.send(second.Move(NEW_A, "Kiel"))
        assert [each.version for each in receipt.events] == [3]
        receipt = await new.send(second.Move(second.ParcelId("b"), "Kiel"))
        assert [each.version for each in receipt.events] == [3]
        await new.check()


async def test_states_are_folded_from_todays_events_alone(old: OpenLog) -> None:
    (kind,) = read(second.application).streams
    state = kind.initial
    for each in (await histories(today(old), ["parcel-a"], 2))["parcel-a"]:
        state = kind.evolve(state, each.event)
    assert state == len(SHOWN)


async def built(database: Database, uri: str) -> None:
    """The second release's read models, built up to the end of the log."""
    model, identity = read(second.application), await prepare(database)
    settings = load_settings(mongodb_uri=uri, database=database.name)
    log = EventLog(database, model)

    async def there() -> bool:
        return await collection(database, CHECKPOINTS).count_documents({"position": 2}) == 2

    async with Changes(database) as changes, Watcher(database, model, identity, log, changes, settings):
        await until(there)


async def test_read_models_are_built_from_todays_events(old: OpenLog, mongo_uri: str) -> None:
    await built(old.database, mongo_uri)
    (parcel,) = await collection(old.database, "views.parcels.1").find({}).to_list()
    assert parcel["story"] == [type(each).__name__ for each in SHOWN]


async def test_both_parts_of_a_split_event_have_a_line_in_a_journal(old: OpenLog, mongo_uri: str) -> None:
    await built(old.database, mongo_uri)
    lines = await collection(old.database, "views.stops.1").find({}, sort=[("_id", 1)]).to_list()
    assert [(each["_id"], each["place"]) for each in lines] == [(2_000, "Kiel"), (2_001, "Bremen")]


async def followed(old: OpenLog, stream: str | None, after: Place | None) -> list[RecordedEvent]:
    async with Changes(old.database) as changes, Feeds(today(old), changes) as feeds:
        return [each async for each in feeds.events(stream, after, (2, 2))]


@pytest.mark.parametrize("stream", [None, "parcel-a"])
async def test_subscribers_are_shown_todays_events_and_no_dropped_ones(old: OpenLog, stream: str | None) -> None:
    assert [each.event for each in await followed(old, stream, None)] == SHOWN


@pytest.mark.parametrize("stream", [None, "parcel-a"])
@pytest.mark.parametrize(("after", "missing"), [((1, 0), 1), ((1, 1), 1), ((2, 0), 2), ((2, 1), 3)], ids=str)
async def test_subscribers_go_on_between_the_parts_of_a_split_event(
    old: OpenLog, stream: str | None, after: Place, missing: int
) -> None:
    assert [each.event for each in await followed(old, stream, after)] == SHOWN[missing:]


async def test_a_stream_of_split_events_alone_is_followed_to_its_end(mongo_uri: str, database: str) -> None:
    """More of them than a page holds, so that pages begin and end at versions, not at so many events."""
    async with open_log(mongo_uri, database, first.application) as old:
        for start in range(1, 251, 50):
            await old.add(*[("parcel-a", version, MOVED) for version in range(start, start + 50)])
        async with Changes(old.database) as changes, Feeds(today(old), changes) as feeds:
            found = [each async for each in feeds.events("parcel-a", None, (5, 99))]
    assert [each.version for each in found] == [version for version in range(1, 251) for _ in range(2)]


@pytest.mark.parametrize("stream", [None, "parcel-a"])
async def test_split_events_are_followed_as_they_come(mongo_uri: str, database: str, stream: str | None) -> None:
    places = [(position, index) for position in range(1, 5) for index in range(4)]
    async with open_log(mongo_uri, database, first.application) as old:
        await old.add(("parcel-a", 1, MOVED), ("parcel-a", 2, MOVED))
        async with Changes(old.database) as changes, Feeds(today(old), changes) as feeds:
            found: list[RecordedEvent] = []
            async with asyncio.timeout(20):
                async for each in feeds.events(stream, None, places[-1]):
                    found.append(each)
                    if each.index == 3 and each.position < 4:
                        await old.add(*[("parcel-a", 2 * each.position + number, MOVED) for number in (1, 2)])
    assert [(each.position, each.index) for each in found] == places
    assert [each.version for each in found] == [version for version in range(1, 9) for _ in range(2)]


SCAN = """mutation($id: UUID!) {
  scan(input: { parcelId: "Parcel:a", scanner: "7" }, options: { commandId: $id }) {
    ... on ScanAccepted { replayed position events { __typename } }
  }
}"""


async def test_a_receipt_of_a_dropped_event_shows_none(mongo_uri: str, database: str) -> None:
    """The same command, sent again to a newer gateway: its answer is still the first one."""
    settings = load_settings(mongodb_uri=mongo_uri, database=database)
    answers: list[Any] = []
    for application in (first.application, second.application):
        async with opened(application, settings, mongo_uri) as store, serving(store, settings) as services:
            api = Api(build_schema(store.model), services)
            answer = await api.execute(Request(SCAN, {"id": "6ba7b810-9dad-41d1-80b4-00c04fd430c8"}))
            answers.append(answer.document()["data"]["scan"])
    assert answers == [
        {"replayed": False, "position": "1", "events": [{"__typename": "ParcelScanned"}]},
        {"replayed": True, "position": "1", "events": []},
    ]


async def test_a_part_of_a_split_event_may_be_missing(old: OpenLog) -> None:
    await old.add(("parcel-a", 5, first.ParcelMoved(A, "Bremen", "")))
    (commit,) = await today(old).read(2, 1)
    assert [each.event for each in commit.events] == [
        second.ParcelLeft(NEW_A, "Bremen"),
        DroppedEvent("ParcelMoved", 1),
    ]


def raising(data: dict[str, Any]) -> dict[str, Any]:
    return {"parcel": data["parcel"], "place": data["secret of the sender"]}


def forgetful(data: dict[str, Any]) -> Any:
    data["place"] = data.pop("origin")


def mistaken(data: dict[str, Any]) -> dict[str, Any]:
    return {"parcel": "b", "place": "Kiel"}


def incomplete(data: dict[str, Any]) -> dict[str, Any]:
    return {"parcel": data["parcel"]}


@pytest.mark.parametrize("function", [raising, forgetful, mistaken, incomplete])
async def test_a_faulty_upcaster_stops_who_reads_at_that_position_and_names_itself(
    old: OpenLog, function: Any
) -> None:
    others = [each for each in second.UPCASTERS if each.event != "ParcelMoved"]
    chain: list[Step] = [Upcaster("ParcelMoved", 1, function), Renamed("ParcelMoved", 2, into="ParcelLeft")]
    application = Application([Stream(second.ParcelId, 0, second.evolve, [*others, *chain])], [], [])
    log = EventLog(old.database, read(application))
    assert [each.position for each in await log.read(0, 10)] == [1]
    with pytest.raises(UndecodableEvent, match="the upcaster of ParcelMoved from schema 1 failed") as found:
        await log.read(1, 10)
    assert found.value.position == 2
    assert "secret" not in str(found.value)


async def test_a_commit_that_upcasters_make_too_large_is_refused_with_its_position(
    mongo_uri: str, database: str
) -> None:
    """The index of an event in its commit must stay below 1,000: journals count on it."""
    async with open_log(mongo_uri, database, first.application) as old:
        await old.add(*[("parcel-a", version, MOVED) for version in range(1, 501)])
        await old.add(*[("parcel-a", version, MOVED) for version in range(501, 1_002)])
        (commit,) = await today(old).read(0, 10)
        assert len(commit.events) == 1_000
        with pytest.raises(UndecodableEvent, match="more than 1000 events"):
            await today(old).read(1, 10)


async def test_a_schema_of_the_future_stops_who_reads_and_is_never_read_as_another(old: OpenLog) -> None:
    await collection(old.database, EVENTS).update_one({"_id": 2}, {"$set": {"events.0.schema": 2}})
    for log in (old.log, today(old)):
        assert [each.position for each in await log.read(0, 10)] == [1]
        with pytest.raises(UndecodableEvent, match="the event ParcelMoved of schema 2 is unknown here") as found:
            await log.read(1, 10)
        assert found.value.position == 2
