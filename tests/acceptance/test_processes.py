"""Processes: they end when they are told to, leave nothing behind, give way to each other, and work together."""

import os
import re
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import rmtree
from threading import Event
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from pymongo import MongoClient

from gateway.cli.stopping import PATIENCE
from gateway.mongo.embedded import EmbeddedOptions, embedded_blocking
from gateway.mongo.embedded.lock import DirectoryLock
from tests.acceptance.asking import Asker
from tests.acceptance.books import Books
from tests.acceptance.conftest import Serve
from tests.acceptance.customers import BALANCE, Counter
from tests.acceptance.serving import Gateway, eventually, running, runs, serving, started

LONGEST_END = 10.0
"""Seconds that a gateway may take to end."""


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where embedded MongoDBs keep their data, one after the other."""
    folder = tmp_path_factory.mktemp("embedded") / "data"
    yield folder
    DirectoryLock(folder).close()
    rmtree(folder)  # 330 MB that pytest would keep


def _mongod(data_dir: Path) -> int:
    """The process id of the running embedded server."""
    with MongoClient[dict[str, Any]]((data_dir / "mongodb.uri").read_text()) as client:
        return client.admin.command("serverStatus")["pid"]


def test_ctrl_c_ends_the_gateway_and_its_mongodb(data_dir: Path) -> None:
    with started(data_dir=str(data_dir)) as gateway:
        with Asker(gateway.url) as asker:
            Counter(asker).open().deposited()
        mongod = _mongod(data_dir)
        gateway.interrupt()
        assert gateway.wait(LONGEST_END) == 0
        assert not runs(mongod)
        assert "Traceback" not in gateway.output


def test_it_ends_also_while_mongodb_hangs(tmp_path: Path) -> None:
    with (
        embedded_blocking(tmp_path, EmbeddedOptions(throwaway=True)) as server,
        started(mongodb_uri=server.uri) as gateway,
    ):
        (member,) = server.members
        os.kill(member.pid, signal.SIGSTOP)
        try:
            gateway.send(signal.SIGTERM)
            assert gateway.wait(PATIENCE + LONGEST_END) == 1
        finally:
            os.kill(member.pid, signal.SIGCONT)
        assert "tidegate: not everything could be closed within 15 s; ended all the same." in gateway.output
        assert "Traceback" not in gateway.output


def test_ctrl_c_ends_it_also_while_somebody_follows(data_dir: Path) -> None:
    with (
        started(data_dir=str(data_dir)) as gateway,
        Asker(gateway.url) as asker,
        asker.follow("subscription { events { cursor } }") as events,
    ):
        events.next()
        gateway.interrupt()
        assert gateway.wait(LONGEST_END) == 0


def test_a_killed_gateway_leaves_no_orphan_and_loses_nothing(data_dir: Path) -> None:
    with started(data_dir=str(data_dir)) as gateway:
        with Asker(gateway.url) as asker:
            counter = Counter(asker).open()
            counter.deposited("7.00")
        mongod = _mongod(data_dir)
        gateway.send(signal.SIGKILL)
        eventually(lambda: not runs(mongod), "the mongod of a killed gateway ends", LONGEST_END)
        gateway.wait()
    with serving(data_dir=str(data_dir)) as gateway, Asker(gateway.url) as asker:
        assert Counter(asker, counter.account).deposited("1.00")["account"]["balance"]["amount"] == "8.00"


def test_a_second_gateway_on_the_same_data_is_refused(data_dir: Path) -> None:
    with serving(data_dir=str(data_dir)) as gateway:
        with running("serve", data_dir=str(data_dir), port=0) as second:
            assert second.wait() == 1
            (sentence,) = second.output.splitlines()
        assert sentence == (
            f"tidegate: The data directory {data_dir} is in use by another Tidegate (process {gateway.pid}): "
            "stop that one, or set TIDEGATE_DATA_DIR to another folder."
        )
        with running("status", data_dir=str(data_dir)) as status:
            assert status.wait() == 0
            assert "Head of the log: " in status.output


def test_a_taken_port_is_given_way_to(serve: Serve) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        gateway = serve(port=port)
    assert f"Port {port} is taken: this is the next free one." in gateway.output
    assert int(gateway.url.rpartition(":")[2]) > port
    assert httpx2.get(f"{gateway.url}/healthz").json() == {"alive": True}


def test_a_watcher_of_its_own_serves_gateways_that_have_none(serve: Serve, mongo_uri: str, database: str) -> None:
    gateway = serve("--no-watch")
    with running("watch", mongodb_uri=mongo_uri, database=database) as watcher, Asker(gateway.url) as asker:
        watcher.said("Watching the log; builds customers, accounts, statement, ledgers, daily_activities")
        counter = Counter(asker).open()
        assert counter.deposited("3.00")["account"]["balance"]["amount"] == "3.00"
        assert watcher.end(signal.SIGINT) == 0


def test_two_gateways_with_a_watcher_each_show_each_others_writes(serve: Serve) -> None:
    with Asker(serve().url) as one, Asker(serve().url) as other:
        counter = Counter(one).open()
        for number in range(1, 21):
            writer, reader = (one, other) if number % 2 else (other, one)
            reader.after = Counter(writer, counter.account).deposited()["token"]
            balance = reader.ask(BALANCE, {"id": counter.account}).data["account"]["balance"]
            assert balance["amount"] == f"{number}.00"


def test_status_shows_the_head_and_how_far_each_read_model_is(fresh: Asker, mongo_uri: str, database: str) -> None:
    Counter(fresh).open().deposited()
    with running("status", mongodb_uri=mongo_uri, database=database) as status:
        assert status.wait() == 0
    assert "Head of the log: 3" in status.output
    rows = re.findall(r"(\w+) +│ +1 +│ +3 +│ +0 +│ +[\d.]+ s ago +│ +follows", status.output)
    assert rows == ["accounts", "customers", "daily_activities", "ledgers", "statement"]


@pytest.mark.parametrize(
    ("command", "app", "sentence"),
    [
        ("schema", "nothing:application", "nothing:application can't be loaded: No module named 'nothing'"),
        ("schema", "bank", "bank is not of the form module:attribute"),
        *(
            (each, "bank:nothing", "bank:nothing is no Application")
            for each in ("serve", "watch", "status", "schema")
        ),
    ],
)
def test_an_application_that_is_none_gets_one_sentence(command: str, app: str, sentence: str) -> None:
    with running(command, "--app", app, mongodb_uri="mongodb://127.0.0.1:9/?replicaSet=none") as process:
        assert process.wait() == 1
    assert "Traceback" not in process.output
    assert sentence in process.output


def test_a_setting_that_makes_no_sense_gets_one_sentence() -> None:
    with running("serve", port="eighty") as process:
        assert process.wait() == 1
    (sentence,) = process.output.splitlines()
    assert sentence.startswith("tidegate: ")
    assert "port" in sentence


def test_what_was_acknowledged_under_load_before_the_end_is_in_the_log(
    serve: Serve, mongo: MongoClient[dict[str, Any]], database: str
) -> None:
    gateway = serve()
    with Asker(gateway.url) as asker:
        account = Counter(asker).open().account
    many = Event()
    with ThreadPoolExecutor(16) as pool:
        senders = [pool.submit(_deposit_until_it_ends, gateway, account, many) for _ in range(16)]
        assert many.wait(30)
        assert gateway.end() == 0
        acknowledged = {id_ for sender in senders for id_ in sender.result()}
    books = Books(mongo, database).read()
    assert len(acknowledged) >= 16
    assert acknowledged <= books.commits.keys()
    assert books.accounts[account.partition(":")[2]].balance >= len(acknowledged)


def _deposit_until_it_ends(gateway: Gateway, account: str, many: Event) -> list[UUID]:
    """The ids of the commands whose receipts came back."""
    acknowledged: list[UUID] = []
    with Asker(gateway.url) as asker:
        while True:
            id_ = uuid4()
            try:
                answer = Counter(asker, account).deposit("1.00", str(id_))
            except httpx2.TransportError:
                return acknowledged
            if '"token"' not in answer.text:
                return acknowledged
            acknowledged.append(id_)
            if len(acknowledged) == 10:
                many.set()
