"""One event a stream, so many appends at once, through the writer; prints one line of JSON.

Each is a command with everything that it takes: its account's state is loaded, it is decided, chained, and indexed.
"""

import asyncio
import resource
import statistics
import sys
import time
from uuid import uuid4

import orjson

from bank import application
from domain.account.events import AccountId
from domain.account.opening import OpenAccount
from domain.customer.events import CustomerId, Email
from domain.customer.registration import RegisterCustomer
from domain.money import Currency
from gateway.commands.snapshots import Snapshots
from gateway.commands.writer import Writer
from gateway.messages import Envelope, Receipt
from gateway.runtime import opened
from gateway.settings import load_settings
from gateway.web.server import new_event_loop

_OWNER = CustomerId(uuid4().hex)
_EUR = Currency("EUR")


async def _append(writer: Writer, command: object) -> float:
    began = time.perf_counter()
    assert isinstance(await writer.execute(Envelope(command, uuid4())), Receipt)
    return 1_000 * (time.perf_counter() - began)


async def _run(writer: Writer, seconds: float, at_once: int) -> list[float]:
    """The milliseconds of each append."""
    end, found = time.perf_counter() + seconds, list[float]()

    async def client() -> None:
        while time.perf_counter() < end:
            found.append(await _append(writer, OpenAccount(AccountId(uuid4().hex), _OWNER, _EUR)))

    await asyncio.gather(*(client() for _ in range(at_once)))
    return found


async def _main(seconds: float, at_once: int) -> dict[str, float]:
    settings = load_settings()
    assert settings.mongodb_uri
    async with (
        opened(application, settings, settings.mongodb_uri) as store,
        Snapshots(store.mongo.database, store.model, store.signer, settings.snapshot_events) as snapshots,
        Writer(store.model, store.log, snapshots, store.signer, settings) as writer,
    ):
        await _append(writer, RegisterCustomer(_OWNER, "Ada Harbour", Email(f"{_OWNER}@example.com")))
        await _run(writer, max(1, seconds / 3), at_once)
        before, cpu, began = await store.log.end(), time.process_time(), time.perf_counter()
        found = await _run(writer, seconds, at_once)
        took, used = time.perf_counter() - began, time.process_time() - cpu
        missing = len(found) - (await store.log.end() - before)
    cuts = statistics.quantiles(found, n=100)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000
    rate, each = len(found) / took, 1_000 * used / len(found)
    return {"rate": rate, "p50": cuts[49], "p99": cuts[98], "cpu": each, "memory": memory, "missing": missing}


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        print(orjson.dumps(runner.run(_main(float(sys.argv[1]), int(sys.argv[2])))).decode())  # noqa: T201
