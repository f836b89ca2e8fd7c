"""From an acknowledged mutation to its being visible in a query, against a watcher written by hand.

Mutations come at a fixed rate, whatever becomes of those before them, and every one of them is counted. Writer,
watcher and reader are one process. Ours reads with the receipt's token, which waits for all five read models on the
change stream, as it would in any other process; the other one is told by its own watcher, and reads then.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

from bank import application
from benchmarks.by_hand import ByHand
from domain.account.cash import DepositMoney
from domain.account.events import AccountId
from domain.account.opening import OpenAccount
from domain.customer.events import CustomerId, Email
from domain.customer.registration import RegisterCustomer
from domain.money import Currency, Money
from domain.transfer import TransferMoney
from gateway.application.reading import read
from gateway.cli.garbage import begin_collecting
from gateway.commands.snapshots import Snapshots
from gateway.commands.writer import Writer
from gateway.eventlog.storage import EventLog
from gateway.messages import Envelope, Receipt
from gateway.mongo.client import connect
from gateway.mongo.collections import prepare
from gateway.mongo.embedded import embedded
from gateway.mongo.tasks import end
from gateway.queries.freshness import Freshness
from gateway.queries.gather import Gather
from gateway.runtime import opened, serving, watching
from gateway.settings import Settings, load_settings
from gateway.signing import Signer
from gateway.web.server import new_event_loop

ACCOUNTS = [AccountId(f"a{number}") for number in range(1_000)]
EUR = Currency("EUR")
PATIENCE = 30.0
WARMING = 2
"""Seconds at the beginning that are not counted."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """`execute` answers when a mutation is acknowledged, `see` when a query has shown an account after it."""

    execute: Callable[[Envelope], Awaitable[object]]
    see: Callable[[AccountId, int], Awaitable[None]]


Make = Callable[[Settings, str], AbstractAsyncContextManager[Contestant]]


@dataclass(frozen=True, slots=True)
class Delays:
    """Milliseconds from acknowledged to visible."""

    p50: float
    p99: float


@asynccontextmanager
async def tidegate(settings: Settings, uri: str) -> AsyncGenerator[Contestant]:
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(opened(application, settings, uri))
        await stack.enter_async_context(watching(store, settings))
        services = await stack.enter_async_context(serving(store, settings))
        by_name = {each.name: each for each in store.model.read_models}

        async def see(account: AccountId, position: int) -> None:
            for name in by_name:
                await services.positions.wait(name, position, PATIENCE)
            assert await services.queries.one(by_name["accounts"], account, Freshness(position, PATIENCE))

        yield Contestant(services.execute, see)


@asynccontextmanager
async def by_hand(settings: Settings, uri: str) -> AsyncGenerator[Contestant]:
    model, mongo = read(application), connect(uri, settings)
    identity = await prepare(mongo.database)
    log = EventLog(mongo.database, model)
    hand = ByHand(mongo.database, log)
    await hand.prepare(model.read_models)
    gather = Gather[str, str, Any](hand.accounts)

    async def see(account: AccountId, position: int) -> None:
        await hand.passed(position)
        assert await gather.get("accounts", account)

    signer = Signer(identity.secret, identity.log)
    async with (
        Snapshots(mongo.database, model, signer, settings.snapshot_events) as snapshots,
        Writer(model, log, snapshots, signer, settings) as writer,
    ):
        following = asyncio.create_task(hand.follow())
        yield Contestant(writer.execute, see)
        await end(following)
    await mongo.close()


async def measure(make: Make, uri: str, rate: int, seconds: int) -> Delays:
    """One round of one contestant, in a database of its own."""
    settings = load_settings(mongodb_uri=uri, database=f"fresh_{uuid4().hex[:8]}", audit_days=0)
    async with make(settings, uri) as contestant:
        await asyncio.gather(*(_delay(contestant, *each) for each in opening()))
        begin_collecting()  # as `tidegate serve` does
        found = await _load(contestant, rate, rate * (WARMING + seconds))
    cuts = statistics.quantiles(found[rate * WARMING :], n=100)
    return Delays(cuts[49] * 1_000, cuts[98] * 1_000)


async def _load(contestant: Contestant, rate: int, count: int) -> Sequence[float]:
    """The delays of all mutations, sent at their times."""
    clock, running = asyncio.get_running_loop().time, list[asyncio.Task[float]]()
    began = clock()
    for number, each in enumerate(islice(movements(), count)):
        await asyncio.sleep(max(0.0, began + number / rate - clock()))
        running.append(asyncio.create_task(_delay(contestant, *each)))
    return await asyncio.gather(*running)


async def _delay(contestant: Contestant, command: object, account: AccountId) -> float:
    """Seconds from the receipt until a query has shown it."""
    receipt = await contestant.execute(Envelope(command, uuid4()))
    acknowledged = time.perf_counter()
    assert isinstance(receipt, Receipt), receipt
    async with asyncio.timeout(PATIENCE):
        await contestant.see(account, receipt.position)
    return time.perf_counter() - acknowledged


def opening() -> Iterator[tuple[object, AccountId]]:
    owner = CustomerId("owner")
    yield RegisterCustomer(owner, "Ada Harbour", Email("ada@example.com")), ACCOUNTS[0]
    for each in ACCOUNTS:
        yield OpenAccount(each, owner, EUR), each
        yield DepositMoney(each, Money(Decimal(1_000_000), EUR)), each


def movements() -> Iterator[tuple[object, AccountId]]:
    """Deposits and transfers in turns, the same ones every time."""
    chance = Random("tidegate")
    while True:
        account, other = chance.sample(ACCOUNTS, 2)
        yield DepositMoney(account, Money(Decimal(1), EUR)), account
        yield TransferMoney(account, other, Money(Decimal(1), EUR)), other


def _say(ours: Mapping[str, list[float]], theirs: Mapping[str, list[float]]) -> None:
    for name in ("p50", "p99"):
        ratios = [a / b for a, b in zip(ours[name], theirs[name], strict=True)]
        figures = f"{statistics.median(ours[name]):.1f} ms, by hand {statistics.median(theirs[name]):.1f} ms"
        print(f"{name}: {figures}, ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")  # noqa: T201


async def _rounds(rounds: int, rate: int, seconds: int) -> None:
    found: dict[str, dict[str, list[float]]] = {}
    with tempfile.TemporaryDirectory(prefix="tidegate-bench-") as folder:
        async with embedded(Path(folder)) as server:
            for _ in range(rounds):
                for make in (by_hand, tidegate):
                    delays = await measure(make, server.uri, rate, seconds)
                    print(f"{make.__name__:<10} p50 {delays.p50:>7.1f} ms   p99 {delays.p99:>7.1f} ms")  # noqa: T201
                    figures = found.setdefault(make.__name__, {"p50": [], "p99": []})
                    figures["p50"].append(delays.p50)
                    figures["p99"].append(delays.p99)
    _say(found["tidegate"], found["by_hand"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rate", type=int, default=500)
    parser.add_argument("--seconds", type=int, default=10)
    given = parser.parse_args()
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(_rounds(given.rounds, given.rate, given.seconds))


if __name__ == "__main__":
    main()
