"""The log's format: who may start on it, and how a process that runs already notices that it was raised."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from bson import BSON, Int64
from pymongo import AsyncMongoClient

from gateway.application.reading import read
from gateway.errors import LogBroken, UndecodableEvent, Unsuitable
from gateway.eventlog.storage import EventLog
from gateway.mongo.changes import Changes
from gateway.mongo.client import OPTIONS, Database, collection
from gateway.mongo.collections import CHECKPOINTS, EVENTS, IDENTITY, prepare
from gateway.mongo.formats import FORMAT, check_readable, check_writable, first, format_of
from gateway.projections.watcher import Watcher
from gateway.settings import load_settings
from tests.evolution import first as parcels
from tests.support.desks import Desk, Opening, desk, until
from tests.support.logs import OpenLog, documents, histories, open_log

pytestmark = pytest.mark.anyio

A = parcels.ParcelId("a")


def identity(number: int, readable_by: int | None = None, writable_by: int | None = None) -> dict[str, int]:
    minima = {"readable_by": readable_by, "writable_by": writable_by}
    return {"format": number} | {name: each for name, each in minima.items() if each is not None}


@pytest.mark.parametrize(
    ("found", "reads", "writes"),
    [
        (identity(1, 1, 1), True, True),
        (identity(1), True, True),
        (identity(2, 1, 1), True, True),
        (identity(2, 1, 2), True, False),
        (identity(2, 2, 2), False, False),
        (identity(2), False, False),
        (identity(3, 1, 3), True, False),
        (identity(0), False, False),
    ],
    ids=str,
)
def test_a_release_opens_a_log_only_for_what_its_format_allows(
    found: dict[str, int], reads: bool, writes: bool
) -> None:
    for check, allowed in ((check_readable, reads), (check_writable, writes)):
        if allowed:
            check(found, 1)
        else:
            with pytest.raises(Unsuitable, match="another format"):
                check(found, 1)


def test_a_newer_release_opens_the_logs_of_older_ones() -> None:
    for found in (identity(1), identity(1, 1, 1), identity(2, 2, 2), identity(3, 1, 2)):
        check_readable(found, 3)
        check_writable(found, 3)


def test_a_new_log_names_the_format_of_the_release_that_made_it() -> None:
    assert format_of(first()).number == FORMAT
    check_writable(first())


@pytest.fixture
async def place(mongo_uri: str, database: str) -> AsyncIterator[Database]:
    async with AsyncMongoClient[dict[str, Any]](mongo_uri) as client:
        yield client.get_database(database, OPTIONS)


async def test_a_process_does_not_start_on_a_format_that_it_may_not_write(place: Database) -> None:
    await prepare(place)
    await place[IDENTITY].update_one({"_id": "log"}, {"$set": identity(2, 1, 2)})
    with pytest.raises(Unsuitable, match="another format, 2, than this release of Tidegate knows, 1 to 1"):
        await prepare(place)


async def test_a_format_that_only_adds_does_not_keep_older_processes_out(place: Database) -> None:
    before = await prepare(place)
    await place[IDENTITY].update_one({"_id": "log"}, {"$set": identity(2, 1, 1)})
    assert await prepare(place) == before


async def test_an_identity_of_before_the_minima_is_read_as_its_number_says(place: Database) -> None:
    before = await prepare(place)
    await place[IDENTITY].update_one({"_id": "log"}, {"$unset": {"readable_by": 1, "writable_by": 1}})
    assert await prepare(place) == before


@pytest.fixture
async def log(mongo_uri: str, database: str) -> AsyncIterator[OpenLog]:
    async with open_log(mongo_uri, database, parcels.application) as opened:
        yield opened


def scanned(version: int) -> tuple[str, int, object]:
    return ("parcel-a", version, parcels.ParcelScanned(A, "7"))


def amended(stored: bytes, **fields: Any) -> dict[str, Any]:
    """A commit as a newer release may write it: with more fields behind `causation`."""
    document = BSON(stored).decode(OPTIONS)
    end = {name: document.pop(name) for name in ("previous", "chain")}
    return document | fields | end


async def raised(log: OpenLog, **fields: Any) -> None:
    """What a newer release does: the next commit, in a newer form."""
    encoded = log.commit(scanned(log.head.position + 1))
    await collection(log.database, EVENTS).insert_one(amended(bytes(encoded.document.raw), **fields))


async def test_fields_that_a_newer_release_adds_behind_causation_do_no_harm(log: OpenLog) -> None:
    await log.add(scanned(1))
    await raised(log, tenant="north", tags=["x"])
    assert (await log.log.head()).position == 2
    assert [each.events[0].version for each in await log.log.read(0, 10)] == [1, 2]
    (stored,) = (await documents(log.database))[1:]
    assert [*BSON(stored).decode(OPTIONS)][-4:] == ["tenant", "tags", "previous", "chain"]


@pytest.mark.parametrize("number", [2, Int64(7), 0, "2", None, 1.5], ids=repr)
async def test_a_commit_of_another_format_is_read_by_nobody_who_does_not_know_it(log: OpenLog, number: Any) -> None:
    await log.add(scanned(1))
    await raised(log, format=number)
    assert [each.position for each in await log.log.read(0, 10)] == [1]
    readings = [
        log.log.head(),
        log.log.read(1, 10),
        histories(log.log, ["parcel-a"], 2),
        log.log.stream("parcel-a", 0, 10),
    ]
    for reading in readings:
        with pytest.raises(UndecodableEvent, match="of the log; this release knows 1 to 1") as found:
            await reading
        assert found.value.position == 2


async def test_a_commit_that_names_the_format_it_has_is_read(log: OpenLog) -> None:
    await raised(log, format=FORMAT)
    assert (await log.log.head()).position == 1
    assert len(await log.log.read(0, 10)) == 1


async def test_commits_of_format_1_do_not_name_it(log: OpenLog) -> None:
    assert "format" not in BSON(log.commit(scanned(1)).document.raw).decode(OPTIONS)


@pytest.fixture
async def running(mongo_uri: str, database: str) -> AsyncIterator[Desk]:
    """A writer that has decided a command before the format is raised."""
    async with desk(Opening(mongo_uri, database, parcels.application)) as opened:
        await opened.send(parcels.Scan(A, "7"))
        yield opened


@pytest.mark.parametrize("parcel", ["a", "b"])
async def test_a_writer_that_runs_already_writes_nothing_behind_a_newer_format(running: Desk, parcel: str) -> None:
    """Not even to a stream of which it knows every event: it has to get past that position, and can't."""
    database = running.mongo.database
    (commit,) = await running.commits()
    following = OpenLog(database, running.model, running.log)
    following.head = await running.log.head()
    await raised(following, format=2)
    for _ in range(2):
        with pytest.raises(LogBroken, match="position 1: it is in format 2 of the log") as found:
            await running.send(parcels.Scan(parcels.ParcelId(parcel), "7"))
        assert found.value.position == 2
    assert len(await documents(database)) == 2
    assert commit.position == 1


async def test_a_writer_that_starts_on_a_newer_commit_writes_nothing(log: OpenLog, mongo_uri: str) -> None:
    """Also where the identity does not tell, as in a database that was put together by hand."""
    await raised(log, format=2)
    async with desk(Opening(mongo_uri, log.database.name, parcels.application)) as starting:
        with pytest.raises(LogBroken, match="format 2"):
            await starting.send(parcels.Scan(A, "7"))
    assert len(await documents(log.database)) == 1


async def test_a_watcher_that_runs_already_stops_before_a_newer_format(log: OpenLog, mongo_uri: str) -> None:
    await log.add(scanned(1))
    await raised(log, format=2)
    model, settings = read(parcels.application), load_settings(mongodb_uri=mongo_uri, database=log.database.name)
    found, following = await prepare(log.database), EventLog(log.database, model)
    told = {"position": 1, "stopped": {"$regex": "format 2 of the log"}}

    async def stopped() -> bool:
        return await collection(log.database, CHECKPOINTS).count_documents(told) == 2

    async with Changes(log.database) as changes, Watcher(log.database, model, found, following, changes, settings):
        await until(stopped)
