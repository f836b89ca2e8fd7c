"""What a command costs a new process on a stream of 100,000 events, against one on a stream of 10.

The snapshot of the long stream is at its worst age. Each measurement is a process of its own, which has opened the
log and answered a command on another account before.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

from bank import application
from domain.account.cash import DepositMoney
from domain.account.events import AccountId
from domain.account.opening import OpenAccount
from domain.customer.events import CustomerId, Email
from domain.customer.registration import RegisterCustomer
from domain.money import Currency, Money
from gateway.commands.snapshots import Snapshots
from gateway.commands.writer import Writer
from gateway.messages import Envelope, Receipt
from gateway.mongo.embedded import embedded
from gateway.runtime import opened
from gateway.settings import load_settings

_EUR = Currency("EUR")
_ADA = CustomerId("ada")
_EVERY = 100
_READS_ONLY = 1_000_000_000
_ROUNDS = 9


@asynccontextmanager
async def _writer(uri: str, snapshot_events: int) -> AsyncGenerator[Writer]:
    settings = load_settings(database="bench_snapshots", snapshot_events=snapshot_events)
    async with (
        opened(application, settings, uri) as store,
        Snapshots(store.mongo.database, store.model, store.signer, snapshot_events) as snapshots,
        Writer(store.model, store.log, snapshots, store.signer, settings) as writer,
    ):
        yield writer


async def _send(writer: Writer, command: object) -> None:
    assert isinstance(await writer.execute(Envelope(command, uuid4())), Receipt)


def _deposit(account: str) -> DepositMoney:
    return DepositMoney(AccountId(account), Money(Decimal(1), _EUR))


async def filled(uri: str, events: int) -> None:
    """Writes the accounts `long`, of so many events, and `short`, of ten."""
    async with _writer(uri, _EVERY) as writer:
        await _send(writer, RegisterCustomer(_ADA, "Ada Harbour", Email("ada@example.com")))
        for account in ("long", "short", "other"):
            await _send(writer, OpenAccount(AccountId(account), _ADA, _EUR))
        for done in range(0, events, 1_000):
            await asyncio.gather(*(_send(writer, _deposit("long")) for _ in range(min(1_000, events - done))))
    async with _writer(uri, _READS_ONLY) as writer:
        for account, further in (("long", _EVERY - 1), ("short", 8), ("other", 8)):
            for _ in range(further):
                await _send(writer, _deposit(account))


async def _one(uri: str, account: str, snapshot_events: int) -> None:
    """What a measuring process does: it prints the milliseconds."""
    async with _writer(uri, snapshot_events) as writer:
        await _send(writer, _deposit("other"))
        began = time.perf_counter()
        await _send(writer, _deposit(account))
        sys.stdout.write(f"{(time.perf_counter() - began) * 1_000}\n")


async def measured(uri: str, account: str, snapshot_events: int = _READS_ONLY) -> float:
    """The milliseconds of a new process's first command on an account."""
    arguments = ["-m", "benchmarks.snapshots", "--uri", uri, "--account", account, "--every", str(snapshot_events)]
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    printed, _ = await process.communicate()
    return float(printed)


async def _measure(events: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="tidegate-bench-") as folder:
        async with embedded(Path(folder)) as server:
            await filled(server.uri, events)
            ratios = [await _round(server.uri, events) for _ in range(rounds)]
    low, high = min(ratios), max(ratios)
    print(f"{events:,} events : 10 events = {statistics.median(ratios):.2f} ({low:.2f} to {high:.2f})")  # noqa: T201


async def _round(uri: str, events: int) -> float:
    long, short = await measured(uri, "long"), await measured(uri, "short")
    whole = await measured(uri, "long", snapshot_events=0)
    print(f"10 events {short:6.1f} ms   {events:,} events {long:6.1f} ms, without a snapshot {whole:8.1f} ms")  # noqa: T201
    return long / short


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=_ROUNDS)
    parser.add_argument("--uri")
    parser.add_argument("--account")
    parser.add_argument("--every", type=int)
    given = parser.parse_args()
    if given.account:
        asyncio.run(_one(given.uri, given.account, given.every))
    else:
        asyncio.run(_measure(given.events, given.rounds))


if __name__ == "__main__":
    main()
