"""Reading the log: by position, by stream, by command id; what is broken is said, never skipped."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from bson import Int64

from gateway.errors import HoleInLog, Unavailable, UndecodableEvent
from gateway.eventlog.storage import EMPTY, EventLog
from gateway.messages import Head
from gateway.mongo.client import OPTIONS
from gateway.mongo.collections import EVENTS
from tests.support.commands import Commands
from tests.support.desks import until
from tests.support.everything import SEEN, ThingId, ThingLost, application
from tests.support.faults import failing
from tests.support.logs import OpenLog, histories, open_log

pytestmark = pytest.mark.anyio


@pytest.fixture
def heard() -> Commands:
    return Commands()


@pytest.fixture
async def log(mongo_uri: str, database: str, heard: Commands) -> AsyncIterator[OpenLog]:
    async with open_log(mongo_uri, database, application, [heard]) as opened:
        yield opened


def lost(thing: str, version: int) -> tuple[str, int, object]:
    return (f"thing-{thing}", version, ThingLost(ThingId(thing)))


async def changed(log: OpenLog, position: int, change: dict[str, Any]) -> None:
    """What no gateway does: a commit is changed in place."""
    found = await log.database.get_collection(EVENTS).update_one({"_id": position}, {"$set": change})
    assert found.modified_count == 1


async def test_an_empty_log_has_nothing(log: OpenLog) -> None:
    assert await log.log.head() == EMPTY
    assert await log.log.read(0, 10) == []
    assert await histories(log.log, ["thing-a"], 0) == {"thing-a": []}
    assert await log.log.stream("thing-a", 0, 10) == []
    assert await log.log.commands([uuid4()]) == {}


async def test_the_head_is_the_last_commit(log: OpenLog) -> None:
    for version in range(1, 12):
        await log.add(lost("a", version))
    commit = (await log.log.read(10, 10))[0]
    assert await log.log.head() == Head(11, commit.chain, commit.at)


async def test_reading_goes_on_where_it_stopped(log: OpenLog) -> None:
    added = [(await log.add(lost("a", version))).commit for version in range(1, 8)]
    assert await log.log.read(0, 3) == added[:3]
    assert await log.log.read(3, 3) == added[3:6]
    assert await log.log.read(6, 3) == added[6:]
    assert await log.log.read(7, 3) == []
    assert await log.log.read(100, 3) == []


async def test_a_read_is_bounded_in_bytes_but_gives_one_commit_at_least(log: OpenLog) -> None:
    for version in (1, 2, 3):
        await log.add(("thing-a", version, replace(SEEN, text="x" * 1_000)))
    size = (await log.log.read(0, 1))[0].size
    assert [len(await log.log.read(0, 10, limit)) for limit in (1, size, size + 1, 3 * size)] == [1, 1, 2, 3]


async def test_a_read_bounded_in_bytes_does_not_fetch_the_rest(log: OpenLog, heard: Commands) -> None:
    for version in range(1, 61):
        await log.add(("thing-a", version, replace(SEEN, text="x" * 900_000)))
    assert len(await log.log.read(0, 1_000, size=2_000_000)) == 3
    assert len(heard.named("getMore")) <= 1  # 16 MB each


@pytest.mark.parametrize("missing", [1, 3])
async def test_a_hole_is_not_read_past(log: OpenLog, missing: int) -> None:
    for version in range(1, 6):
        await log.add(lost("a", version))
    await log.database.get_collection(EVENTS).delete_one({"_id": missing})
    assert [each.position for each in await log.log.read(missing, 10)] == [*range(missing + 1, 6)]
    with pytest.raises(HoleInLog) as found:
        await log.log.read(0, 10)
    assert found.value.position == missing
    with pytest.raises(HoleInLog):
        await log.log.read(missing - 1, 1)


async def test_a_hole_behind_the_limit_is_found_by_the_next_read(log: OpenLog) -> None:
    for version in range(1, 6):
        await log.add(lost("a", version))
    await log.database.get_collection(EVENTS).delete_one({"_id": 3})
    assert len(await log.log.read(0, 2)) == 2
    with pytest.raises(HoleInLog):
        await log.log.read(2, 2)


async def test_a_stream_that_misses_a_version_is_not_folded(log: OpenLog) -> None:
    for version in range(1, 6):
        await log.add(lost("a", version))
    await log.database.get_collection(EVENTS).delete_one({"_id": 3})
    with pytest.raises(HoleInLog):
        await histories(log.log, ["thing-a"], 5)


@pytest.mark.parametrize(
    "change",
    [
        {"events.0.type": "ThingForgotten"},
        {"events.0.schema": 2},
        {"events.0.data": {}},
        {"events.0.data.amount": "1.50"},
        {"events.0.data.size": "HUGE"},
        {"events.0.data.day": "yesterday"},
    ],
    ids=lambda change: str(*change.items()),
)
async def test_what_stands_before_an_unknown_event_is_still_read(log: OpenLog, change: dict[str, Any]) -> None:
    for version in range(1, 6):
        await log.add(("thing-a", version, SEEN))
    await changed(log, 4, change)
    assert [each.position for each in await log.log.read(0, 10)] == [1, 2, 3]
    with pytest.raises(UndecodableEvent) as found:
        await log.log.read(3, 10)
    assert found.value.position == 4
    with pytest.raises(UndecodableEvent):
        await histories(log.log, ["thing-a"], 5)
    assert len((await histories(log.log, ["thing-a"], 3))["thing-a"]) == 3


async def test_streams_are_read_as_of_a_position_and_in_version_order(log: OpenLog) -> None:
    await log.add(lost("a", 1), lost("b", 1), lost("a", 2))
    await log.add(lost("b", 2))
    await log.add(lost("a", 3), lost("c", 1))
    names = ["thing-a", "thing-b", "thing-none"]
    versions = [
        {name: [each.version for each in events] for name, events in (await histories(log.log, names, at)).items()}
        for at in range(4)
    ]
    assert versions == [
        {"thing-a": [], "thing-b": [], "thing-none": []},
        {"thing-a": [1, 2], "thing-b": [1], "thing-none": []},
        {"thing-a": [1, 2], "thing-b": [1, 2], "thing-none": []},
        {"thing-a": [1, 2, 3], "thing-b": [1, 2], "thing-none": []},
    ]


async def test_a_stream_is_read_from_a_version_on(log: OpenLog) -> None:
    for version in range(1, 10, 3):
        await log.add(*(lost("a", each) for each in range(version, version + 3)), lost("b", version))
    versions = [
        [each.version for each in await log.log.stream("thing-a", after, limit)]
        for after, limit in [(0, 100), (4, 100), (9, 100), (0, 3), (3, 3)]
    ]
    assert versions == [[1, 2, 3, 4, 5, 6, 7, 8, 9], [5, 6, 7, 8, 9], [], [1, 2, 3], [4, 5, 6]]


async def test_events_know_where_they_stand(log: OpenLog) -> None:
    await log.add(lost("a", 1))
    await log.add(lost("b", 1), lost("a", 2))
    (found,) = await log.log.stream("thing-a", 1, 10)
    assert (found.position, found.index, found.version, found.actor) == (2, 1, 2, "tester")


async def test_a_commit_is_found_by_its_command_id(log: OpenLog) -> None:
    one, two = uuid4(), uuid4()
    commit = (await log.add(lost("a", 1), command=one)).commit
    await log.add(lost("a", 2), command=two)
    assert await log.log.commands([one, uuid4()]) == {one: commit}
    assert (await log.log.commands([one, two]))[two].position == 2


async def test_every_read_uses_an_index_of_its_own(log: OpenLog, heard: Commands) -> None:
    command = uuid4()
    for version in range(1, 200):
        await log.add(lost("a", version), lost(str(version), 1), command=uuid4() if version > 1 else command)
    await log.log.head()
    await log.log.read(150, 10)
    await histories(log.log, ["thing-7", "thing-8"], 199)
    await log.log.stream("thing-a", 190, 5)
    await log.log.commands([command])
    finds = [without_session(each) for each in heard.named("find") if each["find"] == EVENTS]
    examined = [await documents_examined(log, each) for each in finds]
    # Of two streams a commit each, which MongoDB fetches twice for `$or`, and the one that proves the others.
    assert examined == [1, 10, 2 * 2 + 1, 5, 1]
    assert all(each["readConcern"]["level"] == "majority" for each in finds)


def without_session(command: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in command.items() if key[0] != "$" and key not in ("lsid", "maxTimeMS")}


async def documents_examined(log: OpenLog, find: dict[str, Any]) -> int:
    found: dict[str, Any] = await log.database.command(
        "explain", find, verbosity="executionStats", codec_options=OPTIONS
    )
    assert "COLLSCAN" not in str(found)
    assert "'stage': 'SORT'" not in str(found)
    return found["executionStats"]["totalDocsExamined"]


async def test_a_log_that_does_not_answer_is_unavailable(log: OpenLog, mongo_uri: str) -> None:
    async with failing(mongo_uri, ["find"], {"errorCode": 50}):
        for reading in (log.log.head(), log.log.read(0, 1), histories(log.log, ["thing-a"], 1)):
            with pytest.raises(Unavailable):
                await reading
        for reading in (log.log.stream("thing-a", 0, 1), log.log.commands([uuid4()])):
            with pytest.raises(Unavailable):
                await reading


class TestAppending:
    """What an append answers is what is in the log."""

    async def test_a_taken_position_stops_the_commits_behind_it(self, log: OpenLog) -> None:
        first = log.commit(lost("a", 1))
        other = OpenLog(log.database, log.model, log.log)
        assert (await log.log.append([other.commit(lost("b", 1))])).safe == 1
        appended = await log.log.append([first, log.commit(lost("a", 2))])
        assert (appended.safe, appended.taken, appended.unknown) == (0, True, False)
        assert (await log.log.head()).position == 1

    async def test_commits_before_a_taken_one_stand_and_none_behind_it(self, log: OpenLog) -> None:
        await log.add(lost("x", 1), command=(command := uuid4()))
        batch = [log.commit(lost("a", 1)), log.commit(lost("b", 1), command=command), log.commit(lost("c", 1))]
        appended = await log.log.append(batch)
        assert (appended.safe, appended.taken, appended.unknown) == (1, True, False)
        assert [each.position for each in await log.log.read(0, 10)] == [1, 2]

    async def test_two_commits_never_take_the_same_version(self, log: OpenLog) -> None:
        await log.add(lost("a", 1), lost("a", 2))
        assert (await log.log.append([log.commit(lost("a", 2))])).taken
        assert (await log.log.head()).position == 1

    async def test_a_write_concern_error_is_not_knowing(self, log: OpenLog, mongo_uri: str) -> None:
        how = {"writeConcernError": {"code": 64, "errmsg": "waiting for replication timed out"}}
        async with failing(mongo_uri, ["insert"], how):
            appended = await log.log.append([log.commit(lost("a", 1))])
        assert (appended.safe, appended.taken, appended.unknown) == (0, False, True)

        async def landed() -> bool:
            return (await log.log.head()).position == 1

        await until(landed)

    async def test_a_refused_insert_is_not_knowing(self, log: OpenLog, mongo_uri: str) -> None:
        async with failing(mongo_uri, ["insert"], {"errorCode": 13}):
            assert (await log.log.append([log.commit(lost("a", 1))])).unknown

    async def test_every_insert_waits_for_the_journals_of_a_majority(self, log: OpenLog, heard: Commands) -> None:
        await log.add(lost("a", 1))
        inserts = [each for each in heard.named("insert") if each["insert"] == EVENTS]
        assert [(each["ordered"], each["writeConcern"]) for each in inserts] == [
            (True, {"w": "majority", "j": True})
        ]

    async def test_a_position_is_64_bits_long(self, log: OpenLog) -> None:
        await log.add(lost("a", 1))
        found = await log.database.get_collection(EVENTS).find_one({"_id": {"$type": "long"}})
        assert found
        assert isinstance(found["_id"], Int64)

    async def test_two_logs_on_one_collection_are_one(self, log: OpenLog) -> None:
        await log.add(lost("a", 1))
        assert (await EventLog(log.database, log.model).head()).position == 1
