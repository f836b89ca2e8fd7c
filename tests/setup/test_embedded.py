"""The embedded MongoDB: starts, keeps its data, belongs to one process, and ends with it."""

import asyncio
import os
import shutil
import signal
import socketserver
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from pymongo import MongoClient

from gateway.mongo.embedded import EmbeddedOptions, EmbeddedUnavailable, embedded_blocking, running_uri
from gateway.mongo.embedded.lock import DirectoryLock

SECONDS = 30.0

PARENT = """
import select
import sys
from pathlib import Path
from pymongo import MongoClient
from gateway.mongo.embedded import embedded_blocking

with embedded_blocking(Path(sys.argv[1])) as server:
    try:
        print(server.members[0].pid, server.uri, flush=True)  # whoever reads it interrupts at once
        # In steps: an interrupt that comes just before a call blocks is seen by Python only behind that call.
        while not select.select([sys.stdin], [], [], 0.1)[0]:
            pass
    except KeyboardInterrupt:
        with MongoClient(server.uri) as client:
            print(client.bank.notes.insert_one({}).acknowledged, flush=True)
"""


@pytest.fixture
def data_dir(tmp_path: Path) -> Generator[Path]:
    yield tmp_path / "data"
    DirectoryLock(tmp_path / "data").close()  # waits for the mongod of a killed parent
    shutil.rmtree(tmp_path / "data")  # 330 MB that pytest would keep


@contextmanager
def parent(data_dir: Path) -> Generator[subprocess.Popen[str]]:
    """A process of its own, in a group of its own as in a terminal, that runs an embedded server."""
    command = [sys.executable, "-c", PARENT, str(data_dir)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def other_program(port: int) -> Generator[None]:
    """Listens on the port and hangs up on everybody."""
    with socketserver.TCPServer(("127.0.0.1", port), socketserver.BaseRequestHandler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield
        server.shutdown()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def start(process: subprocess.Popen[str]) -> int:
    pid, _ = line(process).split()
    return int(pid)


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline, "not within 30 s"
        time.sleep(0.01)


def ended(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def parent_of(pid: int) -> int:
    answer = subprocess.run(["ps", "-o", "ppid=", "-p", str(pid)], capture_output=True, check=True)
    return int(answer.stdout)


def test_what_was_written_is_there_after_a_restart_at_the_same_address(data_dir: Path) -> None:
    with embedded_blocking(data_dir) as server, MongoClient[dict[str, Any]](server.uri) as client:
        first_uri = server.uri
        client.bank.notes.insert_one({"_id": 1})
    with embedded_blocking(data_dir) as server, MongoClient[dict[str, Any]](server.uri) as client:
        assert client.bank.notes.find_one() == {"_id": 1}
        assert server.uri == first_uri


def test_a_taken_port_is_given_way_to_and_the_data_is_still_there(data_dir: Path) -> None:
    with embedded_blocking(data_dir) as server, MongoClient[dict[str, Any]](server.uri) as client:
        port = server.members[0].port
        client.bank.notes.insert_one({"_id": 1})
    with other_program(port), embedded_blocking(data_dir) as server:
        assert server.members[0].port != port
        with MongoClient[dict[str, Any]](server.uri) as client:
            assert client.bank.notes.find_one() == {"_id": 1}


def test_transactions_work_at_once(mongo_uri: str, database: str) -> None:
    with MongoClient[dict[str, Any]](mongo_uri) as client:
        client[database].create_collection("notes")
        with client.start_session() as session, session.start_transaction():
            client[database].notes.insert_one({"_id": 1}, session=session)
        assert client[database].notes.count_documents({}) == 1


def test_stopping_leaves_no_process_and_frees_the_data_directory(data_dir: Path) -> None:
    with embedded_blocking(data_dir) as server:
        pid = server.members[0].pid
        guard = parent_of(pid)
        assert running_uri(data_dir) == server.uri
    assert ended(pid)
    assert ended(guard)
    assert running_uri(data_dir) is None


def test_a_second_gateway_on_the_same_data_is_refused_and_the_first_goes_on(data_dir: Path) -> None:
    with parent(data_dir) as first:
        start(first)
        with pytest.raises(EmbeddedUnavailable) as refused, embedded_blocking(data_dir):
            pass
        assert str(refused.value) == (
            f"The data directory {data_dir} is in use by another Tidegate (process {first.pid}): stop that"
            " one, or set TIDEGATE_DATA_DIR to another folder."
        )
        assert running_uri(data_dir) is not None


def test_killing_the_parent_ends_its_mongod(data_dir: Path) -> None:
    with parent(data_dir) as process:
        mongod = start(process)
        guard = parent_of(mongod)
        process.kill()
    until(lambda: ended(mongod) and ended(guard))


def test_the_next_one_waits_for_the_mongod_of_a_killed_parent(data_dir: Path) -> None:
    with parent(data_dir) as process:
        old = start(process)
        process.kill()
    with embedded_blocking(data_dir) as server:
        assert ended(old)
        assert not ended(server.members[0].pid)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent's end")
def test_killing_the_guard_ends_its_mongod(data_dir: Path) -> None:
    with parent(data_dir) as process:
        mongod = start(process)
        os.kill(parent_of(mongod), signal.SIGKILL)
        until(lambda: ended(mongod))


def test_the_mongod_outlives_the_interrupt_that_its_parent_is_still_working_on(data_dir: Path) -> None:
    with parent(data_dir) as process:
        mongod = start(process)
        os.killpg(process.pid, signal.SIGINT)
        assert line(process) == "True"
        assert process.wait(SECONDS) == 0
        assert ended(mongod)


def test_three_members_elect_another_primary_and_take_the_killed_one_back(data_dir: Path) -> None:
    async def lose_and_regain() -> None:
        first = await server.primary()
        await server.kill(first)
        assert await server.primary() != first
        await server.restart(first)
        await server.settled()

    with embedded_blocking(data_dir, EmbeddedOptions(members=3, throwaway=True)) as server:
        asyncio.run(lose_and_regain())
