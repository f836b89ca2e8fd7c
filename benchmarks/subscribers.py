"""Subscribers: how fast one event reaches all of them, what each costs, and what they cost writes.

`python -m benchmarks.subscribers --count 10000`: one served bank, its subscribers in two other processes, each on a
WebSocket of its own and all on one account; an event is a deposit to it. The writes go to fifty other accounts.
"""

import argparse
import asyncio
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from benchmarks import http
from gateway.mongo.embedded import embedded
from gateway.web.server import new_event_loop

_PROCESSES = 2
_FOLLOWED = "Account:b0x"
_SUBSCRIPTION = f'subscription {{ events(stream: "{_FOLLOWED}") {{ cursor node {{ id position at version }} }} }}'
_LONGEST_LINE = 2**24


@dataclass(frozen=True, slots=True)
class Crowd:
    """Subscribers in processes of their own."""

    processes: Sequence[asyncio.subprocess.Process]

    async def arrivals(self, number: int) -> list[float]:
        """When that message reached each of them, by the monotonic clock."""
        for each in self.processes:
            _told(each, str(number))
        return [when for each in self.processes for when in orjson.loads(await _line(each))]


@asynccontextmanager
async def crowd(port: int, count: int) -> AsyncGenerator[Crowd]:
    """So many subscribers, each of which has been told the account's first event."""
    payload = orjson.dumps({"query": _SUBSCRIPTION}).decode()
    async with AsyncExitStack() as stack:
        processes = [
            await stack.enter_async_context(_process(port, count // _PROCESSES)) for _ in range(_PROCESSES)
        ]
        for each in processes:
            _told(each, payload)
        for each in processes:
            assert await _line(each) == b"ready\n"
        yield Crowd(processes)


@dataclass(frozen=True, slots=True)
class Found:
    """Milliseconds from a command to all subscribers, one figure an event; bytes; writes a second."""

    count: int
    p50: Sequence[float]
    p99: Sequence[float]
    memory: float
    alone: float
    beside: float
    again: float

    @property
    def left(self) -> float:
        """The share of the writes that the subscribers leave."""
        return self.beside / statistics.mean((self.alone, self.again))


async def measure(address: str, count: int, events: int, seconds: int) -> Found:
    """The figures of a gateway that has served nobody yet."""
    port, pid = int(address.rpartition(":")[2]), _listening(int(address.rpartition(":")[2]))
    await asyncio.to_thread(http.open_account, address, _FOLLOWED)
    await http.load(address, 2)
    alone, before = (await http.load(address, seconds)).rate, _resident(pid)
    async with crowd(port, count) as subscribers:
        each = (_resident(pid) - before) / count
        delays = [await _delays(subscribers, address, number) for number in range(1, events + 1)]
        beside = (await http.load(address, seconds)).rate
    again = (await http.load(address, seconds)).rate
    p50, p99 = ([1000 * statistics.quantiles(found, n=100)[at] for found in delays] for at in (49, 98))
    return Found(count, p50, p99, each, alone, beside, again)


async def _measure(count: int, events: int, seconds: int) -> Found:
    with tempfile.TemporaryDirectory(prefix="tidegate-bench-") as folder:
        async with embedded(Path(folder)) as server, http.gateway(server.uri, "bench_subscribers") as address:
            return await measure(address, count, events, seconds)


def _lines(found: Found) -> list[str]:
    p50, p99 = statistics.median(found.p50), statistics.median(found.p99)
    return [
        f"subscribers                     {found.count:>10,}",
        f"one event to all, p50           {p50:>10,.0f} ms",
        f"one event to all, p99           {p99:>10,.0f} ms   (worst {max(found.p99):,.0f})",
        f"memory of the process, each     {found.memory / 1000:>10,.1f} kB",
        f"writes without subscribers      {found.alone:>10,.0f} /s   (afterwards {found.again:,.0f})",
        f"writes beside them              {found.beside:>10,.0f} /s   ({found.left:.2f})",
    ]


async def _delays(subscribers: Crowd, address: str, number: int) -> list[float]:
    """How long one event took to reach each subscriber, from before its command was sent."""
    begun = time.monotonic()
    await asyncio.to_thread(http.deposit, address, _FOLLOWED)
    return [when - begun for when in await subscribers.arrivals(number)]


@asynccontextmanager
async def _process(port: int, count: int) -> AsyncGenerator[asyncio.subprocess.Process]:
    pipe = asyncio.subprocess.PIPE
    command = [sys.executable, "-m", "benchmarks.sockets", str(port), str(count)]
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, limit=_LONGEST_LINE)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _told(process: asyncio.subprocess.Process, line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{line}\n".encode())


async def _line(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    return await process.stdout.readline()


def _listening(port: int) -> int:
    """The process that listens at a port of this machine."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    inode = next(row[9] for row in rows if row[3] == "0A" and row[1].endswith(f":{port:04X}"))
    for each in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if str(each.readlink()) == f"socket:[{inode}]":
                return int(each.parts[2])
        except OSError:
            continue
    raise SystemExit("The gateway is not to be found.")


def _resident(pid: int) -> int:
    """Bytes of memory that a process holds."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) * 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--events", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    given = parser.parse_args()
    os.environ["TIDEGATE_MONGODB_TIMEOUT"] = "60"  # a crowd that comes at once, all on one machine
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        print("\n".join(_lines(runner.run(_measure(given.count, given.events, given.seconds)))))  # noqa: T201


if __name__ == "__main__":
    main()
