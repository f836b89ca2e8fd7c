"""`tidegate serve --workers`: the process that starts those which serve, replaces what ends, and ends them.

Each worker is this same command once more, and listens at the same port with a socket of its own: the kernel deals
the connections out among them. This process keeps the port, and takes none.
"""

import asyncio
import logging
import os
import signal
import socket
import sys
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Final

from gateway.cli.posts import SERVE
from gateway.cli.stopping import PATIENCE, on_stop
from gateway.errors import Unsuitable, WorkerEnded
from gateway.mongo.address import mongodb
from gateway.mongo.tasks import end
from gateway.settings import Settings
from gateway.web.listening import Address, reserve

_LONG: Final = 60.0
"""A worker that has lived for so many seconds is replaced at once."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
"""Seconds before one that has not is replaced; twice as many each time."""

_log = logging.getLogger(__name__)


def run(settings: Settings, announce: Callable[[Address], None]) -> None:
    """Serve with `settings.workers` processes until it is stopped; `announce` hears when all are ready.

    Raises Unsuitable where there can be no workers, and WorkerEnded when one of them ends before all are ready.
    """
    if sys.platform == "win32":
        raise Unsuitable("On Windows one process serves at an address: leave TIDEGATE_WORKERS at 1.")
    with suppress(asyncio.CancelledError):
        asyncio.run(_serve(settings, announce))


async def _serve(settings: Settings, announce: Callable[[Address], None]) -> None:
    task = asyncio.current_task()
    assert task is not None
    on_stop(task.cancel, 2 * PATIENCE)  # its workers first
    with closing(reserve(settings.host, settings.port)) as kept:
        address = Address.of(kept, settings)
        async with mongodb(settings) as uri:
            start = Start(address.port, os.environ | {"TIDEGATE_MONGODB_URI": uri})
            await Workers(settings.workers, start).serve(lambda: announce(address))


@dataclass(frozen=True, slots=True)
class Start:
    """How a worker is started: the port that it listens at, and its environment."""

    port: int
    environment: Mapping[str, str]

    async def process(self, number: int, line: socket.socket) -> Process:
        """In a session of its own, or Ctrl-C in a terminal would reach it, too, and this process is who ends it."""
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *sys.orig_argv[1:],
            "--as-worker",
            f"{self.port},{line.fileno()},{number}",
            stdin=DEVNULL,
            pass_fds=(line.fileno(),),
            start_new_session=True,
            env=self.environment,
        )


class Workers:
    """As many workers as were asked for, whatever happens to one of them."""

    def __init__(self, count: int, start: Start) -> None:
        self._all_prepared, self._all_serve = asyncio.Event(), asyncio.Event()
        self._workers = [
            Worker(number, start, self._all_prepared, self._all_serve) for number in range(1, count + 1)
        ]

    async def serve(self, ready: Callable[[], None]) -> None:
        """Until it is cancelled. Then all workers end at the same time, each in order.

        The first one goes ahead: what is wrong with the settings it says once, and it makes what is missing.
        """
        ended: Sequence[BaseException] = ()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._workers[0].keep())
                await self._workers[0].prepared.wait()
                for each in self._workers[1:]:
                    group.create_task(each.keep())
                await self._go(ready)
        except* WorkerEnded as found:
            ended = found.exceptions
        for each in ended:
            raise each

    async def _go(self, ready: Callable[[], None]) -> None:
        """All at once: connections stay where they are, so the first one to listen would keep the first of them."""
        for each in self._workers:
            await each.prepared.wait()
        self._all_prepared.set()
        for each in self._workers:
            await each.serving.wait()
        self._all_serve.set()
        ready()


class Worker:
    """A process that serves, and another one in its place when it ends."""

    def __init__(self, number: int, start: Start, all_prepared: asyncio.Event, all_serve: asyncio.Event) -> None:
        self.prepared, self.serving = asyncio.Event(), asyncio.Event()
        self._number, self._start = number, start
        self._all_prepared, self._all_serve = all_prepared, all_serve

    async def keep(self) -> None:
        """Until it is cancelled; then the process ends in order. Raises WorkerEnded before all have come to serve:
        what keeps one from it would keep the next one, too."""
        pause = 0.0
        while True:
            began = time.monotonic()
            how = await self._life()
            if not self._all_serve.is_set():
                raise WorkerEnded(self._number, how)
            lived = time.monotonic() - began
            pause = 0.0 if lived > _LONG else min(max(2 * pause, _FIRST_PAUSE), _LONGEST_PAUSE)
            _log.warning("Worker %d ended: %s. Another one starts in %.1f s.", self._number, how, pause)
            await asyncio.sleep(pause)

    async def _life(self) -> str:
        """How the next process ended."""
        try:
            return await self._live()
        except OSError as error:
            return f"it can't be started: {error.strerror or error}"

    async def _live(self) -> str:
        ours, theirs = socket.socketpair()
        with closing(ours):
            with closing(theirs):
                process = await self._start.process(self._number, theirs)
            leading = asyncio.create_task(self._lead(ours))
            try:
                return f"process {process.pid}, {_how(await process.wait())}"
            finally:
                await end(leading)
                await _end(process)

    async def _lead(self, line: socket.socket) -> None:
        """Has it serve as soon as all are prepared."""
        line.setblocking(False)
        loop = asyncio.get_running_loop()
        with suppress(OSError):
            if await loop.sock_recv(line, 1):
                self.prepared.set()
                await self._all_prepared.wait()
                await loop.sock_sendall(line, SERVE)
            if await loop.sock_recv(line, 1):
                self.serving.set()


async def _end(process: Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.terminate()
    try:
        await asyncio.wait_for(process.wait(), PATIENCE)
    except TimeoutError:
        process.kill()
        await process.wait()


def _how(status: int) -> str:
    if status >= 0:
        return f"exit status {status}"
    named = {each.value: each.name for each in signal.Signals}
    return f"killed by {named.get(-status, f'signal {-status}')}"
