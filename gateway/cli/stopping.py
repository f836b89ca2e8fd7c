"""How a command that runs until it is stopped learns that it is, and how long it may take to end."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from threading import Timer
from types import FrameType
from typing import Final

PATIENCE: Final = 15.0
"""Seconds that a process may take to end, which it does in less than 10 while MongoDB answers."""


async def until_stopped() -> None:
    """Returns on Ctrl-C or SIGTERM."""
    stopped = asyncio.Event()
    on_stop(stopped.set)
    await stopped.wait()


def on_stop(stop: Callable[[], object], patience: float = PATIENCE) -> Callable[[], None]:
    """Call `stop` at the first Ctrl-C or SIGTERM, from inside the event loop; more of them change nothing.

    Who has not ended so many seconds later ends as it is, with status 1. Returns what does the same as a signal.
    """
    loop = asyncio.get_running_loop()
    signalled = asyncio.Event()

    def once() -> None:
        if not signalled.is_set():
            signalled.set()
            _end_at_last(patience)
            stop()

    def from_outside(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(once)

    for each in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(each, once)
        except NotImplementedError:  # Windows: its event loop has no signal handlers
            signal.signal(each, from_outside)
    return once


def _end_at_last(seconds: float) -> None:
    """Whatever waits then waits for a MongoDB that does not answer, and what is not committed never was."""

    def end() -> None:
        sys.stderr.write(f"tidegate: not everything could be closed within {seconds:.0f} s; ended all the same.\n")
        sys.stderr.flush()
        os._exit(1)

    timer = Timer(seconds, end)
    timer.daemon = True
    timer.start()
