"""Workers: several processes at one address. One may be killed at any time, and none is left behind."""

import os
import signal
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from shutil import rmtree
from threading import Event
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from pymongo import MongoClient

from gateway.mongo.embedded.lock import DirectoryLock
from tests.acceptance.asking import Asker
from tests.acceptance.books import Books
from tests.acceptance.conftest import Serve
from tests.acceptance.customers import BALANCE, Counter
from tests.acceptance.serving import Gateway, eventually, running, runs, started

COUNT = 3
LONGEST_END = 10.0
"""Seconds that all workers together may take to end, as one process may."""

Staff = Mapping[int, Asker]
"""Somebody who asks each worker, by the worker's process id: a connection stays where it was accepted."""


@pytest.fixture
def gateway(serve: Serve) -> Gateway:
    return serve("--workers", str(COUNT))


@pytest.fixture
def staff(gateway: Gateway) -> Iterator[Staff]:
    with ExitStack() as stack:
        yield reach(gateway, stack)


def reach(gateway: Gateway, stack: ExitStack, count: int = COUNT) -> Staff:
    """Connects until there is a connection to each of so many workers."""
    found: dict[int, Asker] = {}

    def one_more() -> bool:
        asker = stack.enter_context(Asker(gateway.url))
        with suppress(httpx2.TransportError):  # a worker that is gone, or not there yet
            found.setdefault(process(asker), asker)
        return len(found) == count

    eventually(one_more, f"connections to {count} workers")
    return found


def process(asker: Asker) -> int:
    """The process id of the worker that this connection leads to."""
    return asker.get("/readyz").json()["process"]


def test_requests_are_answered_by_as_many_processes_as_were_asked_for(gateway: Gateway, staff: Staff) -> None:
    assert gateway.output.count("Tidegate serves") == 1
    assert f"{COUNT} processes" in gateway.output
    assert gateway.pid not in staff
    assert [process(each) for each in staff.values()] == [*staff]


def test_a_token_of_one_worker_is_waited_for_by_all_others(staff: Staff) -> None:
    writer, *_ = staff.values()
    counter = Counter(writer).open()
    for number in range(1, 11):
        token = counter.deposited()["token"]
        for reader in staff.values():
            reader.after = token
            balance = reader.ask(BALANCE, {"id": counter.account}).data["account"]["balance"]
            assert balance["amount"] == f"{number}.00"


def test_a_subscription_in_one_worker_hears_what_others_write(staff: Staff) -> None:
    with ExitStack() as stack:
        account = Counter(next(iter(staff.values()))).open().account
        query = "subscription($of: ID!) { events(stream: $of) { cursor node { __typename } } }"
        follower = Asker(next(iter(staff.values())).url)
        following = stack.enter_context(follower.follow(query, {"of": account}))
        assert "AccountOpened" in str(following.next().data)
        for each in staff.values():
            Counter(each, account).deposited()
            assert "MoneyDeposited" in str(following.next().data)


def test_a_killed_worker_is_replaced_and_the_others_answer_meanwhile(
    gateway: Gateway, staff: Staff, mongo: MongoClient[dict[str, Any]], database: str
) -> None:
    victim, *rest = staff
    account = Counter(staff[victim]).open().account
    with ThreadPoolExecutor(COUNT) as pool:
        stop, many = Event(), Event()
        senders = {pid: pool.submit(_deposit, staff[pid], account, stop, many) for pid in staff}
        assert many.wait(30)
        os.kill(victim, signal.SIGKILL)
        gateway.said(f"Worker [123] ended: process {victim}, killed by SIGKILL. Another one starts in 0.5 s.")
        with ExitStack() as stack:
            there = reach(gateway, stack)
        stop.set()
        acknowledged = _acknowledged(senders)
    assert victim not in there
    assert {*rest} < {*there}
    assert all(senders[pid].result().refused is None for pid in rest)
    assert acknowledged <= Books(mongo, database).read().commits.keys()


def test_when_all_are_killed_all_come_back(gateway: Gateway, staff: Staff) -> None:
    for pid in staff:
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: not any(map(runs, staff)), "all workers are gone")
    with ExitStack() as stack:
        assert not {*reach(gateway, stack)} & {*staff}


def test_the_port_of_workers_is_taken_for_all_others(gateway: Gateway, serve: Serve) -> None:
    port = int(gateway.url.rpartition(":")[2])
    for others in ("1", "2"):
        assert f"Port {port} is taken" in serve("--workers", others, port=port).output


def test_a_worker_that_is_told_to_end_ends_in_order_and_is_replaced(gateway: Gateway, staff: Staff) -> None:
    victim, *_ = staff
    os.kill(victim, signal.SIGTERM)
    gateway.said(f"process {victim}, exit status 0")
    with ExitStack() as stack:
        assert victim not in reach(gateway, stack)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_end_of_one_is_the_end_of_all_and_nothing_acknowledged_is_lost(
    number: signal.Signals, gateway: Gateway, staff: Staff, mongo: MongoClient[dict[str, Any]], database: str
) -> None:
    account = Counter(next(iter(staff.values()))).open().account
    many = Event()
    with ThreadPoolExecutor(COUNT) as pool:
        senders = {pid: pool.submit(_deposit, staff[pid], account, Event(), many) for pid in staff}
        assert many.wait(30)
        gateway.send(number)
        assert gateway.wait(LONGEST_END) == 0
        acknowledged = _acknowledged(senders)
    assert not any(map(runs, staff))
    assert "Traceback" not in gateway.output
    assert "ended:" not in gateway.output
    assert acknowledged <= Books(mongo, database).read().commits.keys()


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "data"
    DirectoryLock(tmp_path / "data").close()
    rmtree(tmp_path / "data")  # 330 MB that pytest would keep


def test_workers_share_an_embedded_mongodb_and_end_with_a_parent_that_was_killed(data_dir: Path) -> None:
    with started("--workers", "2", data_dir=str(data_dir)) as gateway, ExitStack() as stack:
        staff = reach(gateway, stack, 2)
        with MongoClient[dict[str, Any]]((data_dir / "mongodb.uri").read_text()) as client:
            mongod = client.admin.command("serverStatus")["pid"]
        gateway.send(signal.SIGKILL)
        eventually(lambda: not any(map(runs, [mongod, *staff])), "nothing is left", 2 * LONGEST_END)


def test_workers_and_their_embedded_mongodb_end_with_ctrl_c(data_dir: Path) -> None:
    with started("--workers", "2", data_dir=str(data_dir)) as gateway, ExitStack() as stack:
        staff = reach(gateway, stack, 2)
        gateway.interrupt()
        assert gateway.wait(2 * LONGEST_END) == 0
        assert not any(map(runs, staff))
        assert "Traceback" not in gateway.output


def test_what_keeps_the_first_worker_from_beginning_is_said_once(mongo_uri: str, database: str) -> None:
    with running("serve", "--workers", "2", "--app", "bank:nothing", mongodb_uri=mongo_uri) as process:
        assert process.wait() == 1
    first, second = process.output.splitlines()
    assert "bank:nothing is no Application" in first
    assert "Worker 1 ended before all could serve: process" in second


class _Sent:
    """What became of deposits: the ids of the acknowledged ones, and what broke the row."""

    def __init__(self) -> None:
        self.acknowledged: set[UUID] = set()
        self.refused: str | None = None


def _deposit(asker: Asker, account: str, stop: Event, many: Event) -> _Sent:
    """One after the other over one connection, until that breaks."""
    sent = _Sent()
    while not stop.is_set():
        id_ = uuid4()
        try:
            answer = Counter(asker, account).deposit("1.00", str(id_))
        except httpx2.TransportError as error:
            sent.refused = repr(error)
            break
        if '"token"' not in answer.text:
            sent.refused = answer.text
            break
        sent.acknowledged.add(id_)
        if len(sent.acknowledged) == 10:
            many.set()
    return sent


def _acknowledged(senders: Mapping[int, "Future[_Sent]"]) -> set[UUID]:
    return {id_ for each in senders.values() for id_ in each.result().acknowledged}
