"""Servers and programs in processes of their own, each on its core, and what they use."""

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from benchmarks.harness.placement import on_core

ROOT = Path(__file__).parents[2]
PYTHON = sys.executable
TIDEGATE = str(Path(sys.executable).with_name("tidegate"))

_PATIENCE = 60.0
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has used since it began: seconds of CPU; bytes of memory that it holds now."""

    cpu: float
    memory: int


@dataclass(frozen=True, slots=True)
class Server:
    """A process that answers at an address."""

    address: str
    pid: int

    def usage(self) -> Usage:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{self.pid}/status").read_text())
        assert found
        return Usage((int(fields[11]) + int(fields[12])) / _TICKS, int(found[1]) * 1024)


@asynccontextmanager
async def process(
    command: Sequence[str], core: int, environment: Mapping[str, str]
) -> AsyncGenerator[asyncio.subprocess.Process]:
    """A command on a core of its own; told to end when the block is left. What it prints is thrown away."""
    running = await asyncio.create_subprocess_exec(
        *on_core(core, command),
        cwd=ROOT,
        env=_environment(environment),
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        yield running
    finally:
        await _end(running)


@asynccontextmanager
async def server(
    command: Sequence[str], port: int, core: int, environment: Mapping[str, str]
) -> AsyncGenerator[Server]:
    """A server that listens at this port, from when it does."""
    async with process(command, core, environment) as running:
        async with asyncio.timeout(_PATIENCE):
            while not await _answers(port):
                if running.returncode is not None:
                    raise SystemExit(f"A contestant ended before it served: {' '.join(command)}")
                await asyncio.sleep(0.005)  # no contestant tells when it listens
        yield Server(f"http://127.0.0.1:{port}", running.pid)


async def program(command: Sequence[str], core: int, environment: Mapping[str, str]) -> dict[str, Any]:
    """What a program on a core of its own prints as its last line, which is JSON."""
    running = await asyncio.create_subprocess_exec(
        *on_core(core, command), cwd=ROOT, env=_environment(environment), stdout=asyncio.subprocess.PIPE
    )
    try:
        printed, _ = await running.communicate()
    finally:
        await _end(running)
    if running.returncode != 0:
        raise SystemExit(f"A contestant failed: {' '.join(command)}")
    return orjson.loads(printed.splitlines()[-1])


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def _end(running: asyncio.subprocess.Process) -> None:
    if running.returncode is None:
        running.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(running.wait(), 20)
    except TimeoutError:
        running.kill()
        await running.wait()


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "NODE_ENV": "production", **given}
