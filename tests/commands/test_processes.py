"""Several processes, each with a writer of its own, on one log."""

import pickle
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import IO

import pytest

from domain.account.events import AccountId, AccountOpened
from domain.account.opening import OpenAccount
from domain.customer.blocking import BlockCustomer, UnblockCustomer
from domain.customer.events import CustomerBlocked, CustomerId, CustomerUnblocked, Email
from domain.customer.registration import RegisterCustomer
from gateway.messages import Commit, Receipt
from tests.support.checking import Sent
from tests.support.clerk import Job
from tests.support.desks import Desk, Opening, desk, run
from tests.support.workload import EUR, Workload

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def bank(mongo_uri: str, database: str) -> AsyncIterator[Desk]:
    async with desk(Opening(mongo_uri, database)) as opened:
        yield opened


def at_once(jobs: Sequence[Job]) -> list[Sent]:
    """The histories of processes that begin together, one for each job."""
    command = [sys.executable, "-m", "tests.support.clerk"]
    processes = [subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in jobs]
    try:
        for process, job in zip(processes, jobs, strict=True):
            pickle.dump(job, opened(process.stdin))
            opened(process.stdin).flush()
        assert [opened(each.stdout).readline() for each in processes] == [b"ready\n"] * len(jobs)
        for process in processes:
            opened(process.stdin).write(b"go\n")
            opened(process.stdin).flush()
        return [sent for each in processes for sent in pickle.loads(each.communicate(timeout=60)[0])]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def opened(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe
    return pipe


async def test_two_processes_on_shared_accounts_agree_with_the_log(
    bank: Desk, mongo_uri: str, database: str
) -> None:
    workload = Workload()
    history = await run([bank], workload.beginning(), clients=1)
    jobs = [Job(mongo_uri, database, tuple(workload.commands(seed, 1_000))) for seed in (1, 2)]
    history += at_once(jobs)
    commits = await bank.check(history)
    assert len(commits) > 600
    assert len({type(each.answer) for each in history}) >= 8
    assert mixed([each.command.id for each in commits], history)


def mixed(order: Sequence[object], history: Sequence[Sent]) -> bool:
    """Whether the two processes really worked at the same time: their commits lie among each other's."""
    first = {each.id for each in history[: len(history) // 2]}
    turns = sum((one in first) != (other in first) for one, other in pairwise(order))
    return turns >= 3


CUSTOMERS = [CustomerId(f"customer-{number}") for number in range(8)]


def openings() -> tuple[object, ...]:
    chance = Random(1)
    return tuple(OpenAccount(AccountId(str(number)), chance.choice(CUSTOMERS), EUR) for number in range(400))


def blocks() -> tuple[object, ...]:
    chance = Random(2)
    return tuple(chance.choice([BlockCustomer, UnblockCustomer])(chance.choice(CUSTOMERS)) for _ in range(400))


async def test_no_account_is_opened_behind_the_block_of_its_customer(
    bank: Desk, mongo_uri: str, database: str
) -> None:
    """An opening only reads the customer's stream: no version of it would tell of the block."""
    names = (RegisterCustomer(each, f"Customer {each}", Email(f"{each}@example.com")) for each in CUSTOMERS)
    history = await run([bank], names, clients=1)
    jobs = [Job(mongo_uri, database, openings(), 6), Job(mongo_uri, database, blocks(), 6)]
    history += at_once(jobs)
    commits = await bank.check(history)
    assert opened_while_blocked(commits) == []
    answers = [each.answer for each in history if isinstance(each.command, OpenAccount)]
    assert 50 < sum(isinstance(each, Receipt) for each in answers) < 350


def opened_while_blocked(commits: Sequence[Commit]) -> list[int]:
    """Positions of openings for a customer who is blocked there."""
    blocked, found = set[CustomerId](), list[int]()
    for recorded in (each for commit in commits for each in commit.events):
        match recorded.event:
            case CustomerBlocked(customer):
                blocked.add(customer)
            case CustomerUnblocked(customer):
                blocked.discard(customer)
            case AccountOpened(customer=customer) if customer in blocked:
                found.append(recorded.position)
            case _:
                pass
    return found
