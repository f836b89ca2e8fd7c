"""docker-compose.yml and its health check, as far as they can be tried without a Docker engine."""

import re
import time
from asyncio import run
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jsonschema
import pytest
import yaml
from jsonschema import Draft201909Validator, ValidationError
from pymongo import MongoClient

from gateway.mongo.embedded.binary import find_mongod
from gateway.mongo.embedded.lock import DirectoryLock
from gateway.mongo.embedded.member import Member
from tests.setup.tools import ROOT, compose_schema, mongosh

HEALTHCHECK = ROOT / "docker" / "healthcheck.js"
QUICK = {"electionTimeoutMillis": 1000, "heartbeatIntervalMillis": 300}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


@pytest.fixture
def folder() -> Generator[Path]:
    with TemporaryDirectory(prefix="tidegate-test-") as name:
        yield Path(name)


@contextmanager
def mongod(folder: Path, *arguments: str) -> Generator[Member]:
    """A server that nobody has initiated yet."""
    lock = DirectoryLock(folder)
    member = Member(folder, (str(find_mongod()), "--nounixsocket", *arguments), lock.descriptor)
    run(member.start())
    try:
        yield member
    finally:
        run(member.kill())
        lock.close()


def is_healthy(member: Member, first: Member) -> bool:
    environment = {"MEMBER": member.host, "FIRST": first.host}
    return mongosh(member.uri, HEALTHCHECK, environment) == 0


def hello(member: Member) -> dict[str, Any]:
    with MongoClient[dict[str, Any]](member.uri) as client:
        return client.admin.command("hello")


def configured(member: Member) -> list[str]:
    with MongoClient[dict[str, Any]](member.uri) as client:
        return [entry["host"] for entry in client.admin.command("replSetGetConfig")["config"]["members"]]


def becomes_healthy(member: Member, first: Member) -> bool:
    """As Docker does it: asked again until its time is up."""
    deadline = time.monotonic() + 60
    while not is_healthy(member, first):
        if time.monotonic() > deadline:
            return False
    return True


def test_the_compose_file_is_as_the_specification_has_it(compose: dict[str, Any]) -> None:
    jsonschema.validate(compose, compose_schema(), cls=Draft201909Validator)


def test_a_misspelt_key_would_be_seen(compose: dict[str, Any]) -> None:
    wrong = compose | {"services": {"gateway": {"imagee": "tidegate"}}}
    with pytest.raises(ValidationError, match="imagee"):
        jsonschema.validate(wrong, compose_schema(), cls=Draft201909Validator)


def test_every_file_that_the_compose_file_and_the_image_take_is_there(compose: dict[str, Any]) -> None:
    mounted = [
        volume.split(":")[0] for service in compose["services"].values() for volume in service.get("volumes", [])
    ]
    copied = re.findall(r"^COPY (?!--)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    paths = [name for name in mounted if name.startswith("./")] + " ".join(copied).split()
    assert [name for name in paths if not (ROOT / name).exists()] == []


def test_gateway_and_watcher_wait_for_a_primary_and_share_the_work(compose: dict[str, Any]) -> None:
    gateway, watcher = compose["services"]["gateway"], compose["services"]["watcher"]
    assert gateway["command"] == ["serve", "--no-watch"]
    assert watcher["command"] == ["watch"]
    for service in (gateway, watcher):
        assert service["depends_on"] == {"mongo": {"condition": "service_healthy"}}


def test_only_the_first_mongodb_runs_without_the_profile(compose: dict[str, Any]) -> None:
    profiles = {
        name: service.get("profiles", []) for name, service in compose["services"].items() if "mongo" in name
    }
    assert profiles == {"mongo": [], "mongo-2": ["three"], "mongo-3": ["three"]}


def test_every_member_is_told_its_own_address(compose: dict[str, Any]) -> None:
    for name in ("mongo", "mongo-2", "mongo-3"):
        assert compose["services"][name]["environment"] == {"MEMBER": f"{name}:27017", "FIRST": "mongo:27017"}


def test_a_new_server_founds_its_set_and_is_healthy_once_it_is_primary(folder: Path) -> None:
    with mongod(folder, "--replSet", "rs0") as member:
        assert not hello(member).get("setName")
        assert becomes_healthy(member, member)
        assert hello(member)["isWritablePrimary"]
        assert configured(member) == [member.host]


def test_a_server_without_a_primary_is_not_healthy(folder: Path) -> None:
    with ExitStack() as stack:
        first, second = (stack.enter_context(mongod(folder / name, "--replSet", "rs0")) for name in ("1", "2"))
        initiate(first, second)
        assert becomes_healthy(first, first)
        run(second.kill())
        until_without_primary(first)
        assert not is_healthy(first, first)


def test_a_standalone_server_is_never_healthy(folder: Path) -> None:
    with mongod(folder) as member:
        assert not is_healthy(member, member)


def test_a_second_and_a_third_server_join_the_first(folder: Path) -> None:
    with ExitStack() as stack:
        members = [stack.enter_context(mongod(folder / name, "--replSet", "rs0")) for name in ("1", "2", "3")]
        assert all(becomes_healthy(member, members[0]) for member in members)
        assert configured(members[0]) == [member.host for member in members]


def initiate(*members: Member) -> None:
    hosts = [{"_id": index, "host": member.host} for index, member in enumerate(members)]
    with MongoClient[dict[str, Any]](members[0].uri) as client:
        client.admin.command("replSetInitiate", {"_id": "rs0", "members": hosts, "settings": QUICK})


def until_without_primary(member: Member) -> None:
    deadline = time.monotonic() + 30
    while hello(member).get("primary"):
        assert time.monotonic() < deadline, "still a primary after 30 s"
