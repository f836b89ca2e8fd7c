"""Where a log may be kept: the collections and the deployments that are refused, and what a document must be."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from bson import Binary, Int64
from pymongo import AsyncMongoClient, MongoClient
from pymongo.errors import WriteError

from gateway.errors import Unavailable, Unsuitable
from gateway.mongo.checks import check
from gateway.mongo.client import OPTIONS, Database, Mongo, connect
from gateway.mongo.collections import COMMAND_IDS, EVENTS, IDENTITY, STREAM_VERSIONS, prepare
from gateway.mongo.embedded.binary import find_mongod
from gateway.settings import load_settings
from tests.support.faults import failing
from tests.support.logs import NOON

pytestmark = pytest.mark.anyio


@pytest.fixture
async def place(mongo_uri: str, database: str) -> AsyncIterator[Database]:
    async with AsyncMongoClient[dict[str, Any]](mongo_uri) as client:
        yield client.get_database(database, OPTIONS)


def commit() -> dict[str, Any]:
    event = {"stream": "thing-a", "version": 1, "type": "ThingLost", "schema": 1, "data": {"thing": "a"}}
    return {
        "_id": Int64(1),
        "at": NOON,
        "events": [event],
        "command": {"id": uuid4(), "name": "LoseThing", "fingerprint": bytes(32), "actor": "tester"},
        "correlation": None,
        "causation": None,
        "previous": bytes(32),
        "chain": bytes(32),
    }


async def test_a_whole_commit_is_taken(place: Database) -> None:
    await prepare(place)
    await place[EVENTS].insert_one(commit())


@pytest.mark.parametrize("position", [1, 1.0, "1", True, None, Int64(0), Int64(-1), NOON, Binary(b"1")], ids=repr)
async def test_a_position_is_a_long_of_1_or_more(place: Database, position: object) -> None:
    await prepare(place)
    with pytest.raises(WriteError):
        await place[EVENTS].insert_one({**commit(), "_id": position})


@pytest.mark.parametrize("name", [*(each for each in commit() if each != "_id")])
async def test_a_commit_misses_nothing(place: Database, name: str) -> None:
    await prepare(place)
    document = commit()
    del document[name]
    with pytest.raises(WriteError):
        await place[EVENTS].insert_one(document)


@pytest.mark.parametrize(
    "change",
    [
        {"events": []},
        {"events": {}},
        {"events": ["MoneyWithdrawn"]},
        {"events": commit()["events"] * 1_001},
        {"at": "2026-01-31"},
        {"chain": "abc"},
        {"previous": 1},
        {"correlation": 1},
        {"command": None},
    ],
    ids=lambda change: str(change)[:40],
)
async def test_a_commit_has_the_right_types(place: Database, change: dict[str, Any]) -> None:
    await prepare(place)
    with pytest.raises(WriteError):
        await place[EVENTS].insert_one(commit() | change)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 0},
        {"version": 1.5},
        {"version": "1"},
        {"stream": 1},
        {"type": None},
        {"schema": 0},
        {"data": []},
    ],
    ids=str,
)
async def test_an_event_has_the_right_types(place: Database, change: dict[str, Any]) -> None:
    await prepare(place)
    document = commit()
    document["events"][0] |= change
    with pytest.raises(WriteError):
        await place[EVENTS].insert_one(document)


@pytest.mark.parametrize("change", [{"id": "1"}, {"name": None}, {"fingerprint": "f"}, {"actor": None}], ids=str)
async def test_a_command_has_the_right_types(place: Database, change: dict[str, Any]) -> None:
    await prepare(place)
    document = commit()
    document["command"] |= change
    with pytest.raises(WriteError):
        await place[EVENTS].insert_one(document)


PREPARING = """
import asyncio, sys
from pymongo import AsyncMongoClient
from gateway.mongo.collections import prepare

async def main():
    async with AsyncMongoClient(sys.argv[1]) as client:
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        identity = await prepare(client[sys.argv[2]])
        print(identity.log, identity.secret.hex())

asyncio.run(main())
"""


def preparing(uri: str, database: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PREPARING, uri, database]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_several_processes_that_prepare_at_once_find_one_log(mongo_uri: str, database: str) -> None:
    processes = [preparing(mongo_uri, database) for _ in range(4)]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=30)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4
    assert len(set(said)) == 1


async def test_several_tasks_that_prepare_at_once_find_one_log(place: Database) -> None:
    identities = await asyncio.gather(*(prepare(place) for _ in range(8)))
    assert len(set(identities)) == 1


async def test_what_is_prepared_stays_as_it_is(place: Database) -> None:
    identity = await prepare(place)
    await place[EVENTS].insert_one(commit())
    assert await prepare(place) == identity
    assert await place[EVENTS].count_documents({}) == 1


@pytest.mark.parametrize(
    ("name", "keys"),
    [(STREAM_VERSIONS, ["events.stream", "events.version"]), (COMMAND_IDS, ["command.id"])],
    ids=[STREAM_VERSIONS, COMMAND_IDS],
)
async def test_an_index_that_is_not_unique_is_refused(place: Database, name: str, keys: list[str]) -> None:
    await prepare(place)
    await place[EVENTS].drop_index(name)
    await place[EVENTS].create_index(keys, name=name)
    with pytest.raises(Unsuitable):
        await prepare(place)


async def test_a_log_with_a_ttl_index_is_refused(place: Database) -> None:
    await prepare(place)
    await place[EVENTS].create_index("at", expireAfterSeconds=3_600)
    with pytest.raises(Unsuitable, match="TTL"):
        await prepare(place)


async def test_a_collection_that_was_made_by_hand_is_refused(place: Database) -> None:
    await place[EVENTS].insert_one(commit())
    with pytest.raises(Unsuitable, match="validator"):
        await prepare(place)


FORMAT_FIELDS = ("format", "readable_by", "writable_by")


@pytest.mark.parametrize("number", [0, 2])
async def test_a_log_of_another_format_is_refused(place: Database, number: int) -> None:
    await prepare(place)
    await place[IDENTITY].update_one({"_id": "log"}, {"$set": dict.fromkeys(FORMAT_FIELDS, number)})
    with pytest.raises(Unsuitable, match="another format"):
        await prepare(place)


async def checked(uri: str) -> None:
    mongo = connect(uri, load_settings(mongodb_timeout=10.0))
    try:
        await check(mongo)
    finally:
        await mongo.close()


async def test_a_replica_set_of_one_member_is_suitable(mongo_uri: str) -> None:
    await checked(mongo_uri)


@pytest.fixture
def standalone(tmp_path: Path) -> Iterator[str]:
    """A mongod that belongs to no replica set."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = [str(find_mongod()), "--dbpath", str(tmp_path), "--port", str(port), "--bind_ip", "127.0.0.1"]
    with subprocess.Popen([*command, "--nounixsocket"], stdout=subprocess.DEVNULL) as process:
        uri = f"mongodb://127.0.0.1:{port}/?directConnection=true"
        try:
            with MongoClient[dict[str, Any]](uri) as client:
                client.admin.command("ping")
            yield uri
        finally:
            process.kill()


async def test_a_standalone_mongod_is_refused_with_what_to_do(standalone: str) -> None:
    with pytest.raises(Unsuitable, match="Start it with --replSet"):
        await checked(standalone)


async def test_a_mongos_is_refused_with_what_to_do(mongo_uri: str) -> None:
    with pytest.raises(Unsuitable, match="mongos"):
        await check(Mongo(Answering({"hello": {"msg": "isdbgrid"}}), None))  # pyright: ignore[reportArgumentType] # no mongos runs here


@pytest.mark.parametrize("version", [[5, 0, 31, 0], [9, 0, 0, 0], [4, 4, 0, 0]])
async def test_another_version_of_mongodb_is_refused(version: list[int]) -> None:
    answers = {"hello": {"setName": "rs"}, "buildInfo": {"versionArray": version, "version": "x.y"}}
    with pytest.raises(Unsuitable, match=r"from 6\.0 to 8"):
        await check(Mongo(Answering(answers), None))  # pyright: ignore[reportArgumentType] # one version runs here


async def test_a_majority_without_a_journal_is_refused() -> None:
    answers = {
        "hello": {"setName": "rs"},
        "buildInfo": {"versionArray": [6, 0, 5, 0], "version": "6.0.5"},
        "replSetGetConfig": {"config": {"writeConcernMajorityJournalDefault": False}},
    }
    with pytest.raises(Unsuitable, match="writeConcernMajorityJournalDefault"):
        await check(Mongo(Answering(answers), None))  # pyright: ignore[reportArgumentType] # what no test here should set up


async def test_a_mongodb_that_does_not_answer_is_unavailable(mongo_uri: str) -> None:
    async with failing(mongo_uri, ["buildInfo"], {"errorCode": 50}):
        with pytest.raises(Unavailable):
            await checked(mongo_uri)


class Answering:
    """A client of a deployment that can't be had here: it gives the answers that such a one gives."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self._answers = answers

    @property
    def admin(self) -> "Answering":
        return self

    async def command(self, name: str) -> Any:
        return self._answers.get(name, {})


async def test_a_validator_that_only_warns_is_refused(mongo_uri: str, database: str) -> None:
    mongo = connect(mongo_uri, load_settings(database=database))
    try:
        await prepare(mongo.database)
        await mongo.database.command("collMod", "events", validationAction="warn")
        with pytest.raises(Unsuitable, match="validator"):
            await prepare(mongo.database)
    finally:
        await mongo.close()
