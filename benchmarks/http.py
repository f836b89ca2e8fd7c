"""Mutations over HTTP: a real gateway in a process of its own, loaded by wrk with 64 connections."""

import asyncio
import os
import re
import shutil
import signal
import sys
import urllib.request
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

_ADDRESS = re.compile(r"GraphQL +(http://\S+)/graphql")
_RESULT = re.compile(r"requests=(\d+) seconds=([\d.]+) wrong=(\d+) p50=([\d.]+) p99=([\d.]+)")
_SCRIPT = Path(__file__).with_name("mutations.lua")


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk saw; latencies in milliseconds."""

    rate: float
    p50: float
    p99: float


@asynccontextmanager
async def gateway(uri: str, database: str, behind: Sequence[str] = ()) -> AsyncGenerator[str]:
    """A served bank with fifty accounts to pay into; its address. Its command line begins with `behind`."""
    environment = os.environ | {"TIDEGATE_MONGODB_URI": uri, "TIDEGATE_DATABASE": database}
    command = [*behind, str(Path(sys.executable).with_name("tidegate")), "serve", "--port", "0"]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, env=environment)
    try:
        address = await _address(process)
        await asyncio.to_thread(_open_accounts, address)
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()


async def load(address: str, seconds: int) -> Load:
    """The rate and latencies of deposits; every answer was an accepted one."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise SystemExit("wrk is not installed: `apt-get install wrk` brings it.")
    arguments = ["-t1", "-c64", f"-d{seconds}s", "-s", str(_SCRIPT), f"{address}/graphql"]
    process = await asyncio.create_subprocess_exec(wrk, *arguments, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    found = _RESULT.search(output.decode())
    if found is None or found.group(3) != "0":
        raise SystemExit(f"wrk saw a wrong answer:\n{output.decode()}")
    requests, duration, _, p50, p99 = map(float, found.groups())
    return Load(requests / duration, p50, p99)


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async for line in process.stdout:
        if found := _ADDRESS.search(line.decode()):
            return found.group(1)
    raise SystemExit("The gateway ended before it served.")


def _open_accounts(address: str) -> None:
    _ask(address, 'registerCustomer(input: {customerId: "Customer:b", name: "Bench", email: "b@example.com"})')
    for number in range(50):
        open_account(address, f"Account:b{number}")


def open_account(address: str, account: str) -> None:
    """One more account of the benchmark's customer."""
    _ask(address, f'openAccount(input: {{accountId: "{account}", customerId: "Customer:b", currency: "EUR"}})')


def deposit(address: str, account: str) -> None:
    """Returns when it is acknowledged."""
    money = '{amount: "1.00", currency: "EUR"}'
    _ask(address, f'depositMoney(input: {{accountId: "{account}", amount: {money}}})')


def _ask(address: str, mutation: str) -> None:
    body = orjson.dumps({"query": f"mutation {{ {mutation} {{ __typename }} }}"})
    request = urllib.request.Request(f"{address}/graphql", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        found = orjson.loads(answer.read())
    if "errors" in found:
        raise SystemExit(f"The gateway refused a command of the benchmark: {found['errors']}")
