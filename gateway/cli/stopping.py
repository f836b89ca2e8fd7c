"""How a command that runs until it is stopped learns that it is."""

import asyncio
import signal
from collections.abc import Callable
from types import FrameType


async def until_stopped() -> None:
    """Returns on Ctrl-C or SIGTERM."""
    stopped = asyncio.Event()
    on_stop(stopped.set)
    await stopped.wait()


def on_stop(stop: Callable[[], object]) -> Callable[[], None]:
    """Call `stop` at the first Ctrl-C or SIGTERM, from inside the event loop; more of them change nothing.

    Returns what does the same as such a signal.
    """
    loop = asyncio.get_running_loop()
    signalled = asyncio.Event()

    def once() -> None:
        if not signalled.is_set():
            signalled.set()
            stop()

    def from_outside(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(once)

    for each in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(each, once)
        except NotImplementedError:  # Windows: its event loop has no signal handlers
            signal.signal(each, from_outside)
    return once
