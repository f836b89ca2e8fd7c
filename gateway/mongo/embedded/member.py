"""One `mongod`, under a guard that ends it with this process."""

import asyncio
import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from pymongo import AsyncMongoClient

from gateway.mongo.embedded import guard
from gateway.mongo.embedded.failures import AddressInUse, ended_at_once, too_slow

HOST = "127.0.0.1"
PORTS = range(20_000, 32_000)  # below those that outgoing connections take
SECONDS_TO_OPEN = 60.0
SECONDS_TO_END = guard.SECONDS_TO_END + 10.0
POLL_SECONDS = 0.005
FORCED_END = signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL  # there SIGTERM is forced

Client = AsyncMongoClient[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Running:
    """A live guard and the process id of its `mongod`."""

    guard: subprocess.Popen[bytes]
    pid: int


class Member:
    """One member of the embedded replica set: a folder, a port and, while it runs, a process."""

    def __init__(self, folder: Path, command: tuple[str, ...], held: int) -> None:
        """`command` says all but folder and port; `held` is the descriptor of the folder's lock."""
        self.folder = folder
        self.port = _remembered_port(folder)
        self._command = command
        self._held = held
        self._running: Running | None = None

    @property
    def host(self) -> str:
        return f"{HOST}:{self.port}"

    @property
    def uri(self) -> str:
        """Leads to this member alone, whatever its part in the set."""
        return f"mongodb://{self.host}/?directConnection=true"

    @property
    def pid(self) -> int:
        """The `mongod`'s process id, 0 while it does not run."""
        return self._running.pid if self._running else 0

    async def start(self) -> None:
        """Returns when the port answers. Takes the port of the last time, or another if that is taken."""
        for _ in range(3):
            try:
                await self._start_on(self.port)
            except AddressInUse:
                self.port = _free_port()
            else:
                return
        await self._start_on(self.port)

    async def stop(self) -> None:
        """Ends the `mongod` in order: its guard asks it to end and, after 20 seconds, kills it."""
        if self._running:
            await _end(self._running.guard)
            self._running = None

    async def kill(self) -> None:
        """Ends the `mongod` at once, as a crash would."""
        if self._running:
            if self._running.guard.poll() is None:
                _force_end(self._running.pid)
            await _end(self._running.guard)
            self._running = None

    async def _start_on(self, port: int) -> None:
        if not _is_free(port):
            raise AddressInUse
        self.folder.joinpath("db").mkdir(parents=True, exist_ok=True)
        _keep_one_old_log(self.folder / "mongod.log")
        self._running = await self._launch()
        try:
            await self._answers(self._running)
        except BaseException:
            await self.kill()
            raise
        self.folder.joinpath("port").write_text(str(port))

    async def _launch(self) -> Running:
        with self.folder.joinpath("start.log").open("wb") as errors:
            process = _under_guard(self._full_command(), errors, self._held)
        try:
            first_line = await asyncio.to_thread(_first_line, process)
        except BaseException:
            await _end(process)
            raise
        if not first_line:
            raise ended_at_once(await _end(process), self.folder)
        return Running(process, int(first_line))

    def _full_command(self) -> list[str]:
        data, log = self.folder / "db", self.folder / "mongod.log"
        return [*self._command, "--dbpath", str(data), "--logpath", str(log), "--port", str(self.port)]

    async def _answers(self, running: Running) -> None:
        deadline = time.monotonic() + SECONDS_TO_OPEN
        while not await _is_open(self.port):
            if running.guard.poll() is not None:
                raise ended_at_once(running.guard.returncode, self.folder)
            if time.monotonic() > deadline:
                raise too_slow(SECONDS_TO_OPEN, self.folder / "mongod.log")
            await asyncio.sleep(POLL_SECONDS)
        if await self._pid_that_answers() != running.pid:
            raise AddressInUse

    async def _pid_that_answers(self) -> int:
        async with connected(self) as client:
            return int((await client.admin.command("serverStatus"))["pid"])


def connected(member: Member) -> Client:
    """A client of this member alone, for a few questions; gives up after 2 seconds."""
    return AsyncMongoClient(member.uri, serverSelectionTimeoutMS=2000)


def _under_guard(command: list[str], errors: IO[bytes], held: int) -> subprocess.Popen[bytes]:
    """In a session of its own, or Ctrl-C in a terminal would end the `mongod` before its gateway."""
    return subprocess.Popen(
        [sys.executable, "-I", "-S", guard.__file__, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        start_new_session=True,
        pass_fds=() if sys.platform == "win32" else (held,),
        creationflags=subprocess.CREATE_NEW_PROCESS_GROUP if sys.platform == "win32" else 0,
    )


def _first_line(process: subprocess.Popen[bytes]) -> bytes:
    return process.stdout.readline().strip() if process.stdout else b""


async def _end(guard_process: subprocess.Popen[bytes]) -> int:
    """Closes the guard's input, at which it ends its program and then itself; returns the exit code."""
    if guard_process.stdin:
        guard_process.stdin.close()
    code = await asyncio.to_thread(guard_process.wait, SECONDS_TO_END)
    if guard_process.stdout:
        guard_process.stdout.close()
    return code


def _force_end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, FORCED_END)


def _remembered_port(folder: Path) -> int:
    try:
        return int((folder / "port").read_text())
    except (OSError, ValueError):
        return _free_port()


def _free_port() -> int:
    return next(port for port in random.sample(PORTS, len(PORTS)) if _is_free(port))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        if sys.platform != "win32":  # where this would let two programs share a port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


async def _is_open(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    writer.close()
    return True


def _keep_one_old_log(path: Path) -> None:
    if path.exists():
        path.replace(path.with_suffix(".old.log"))
