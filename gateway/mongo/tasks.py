"""Ending a task that talks to MongoDB."""

import asyncio
from typing import Any

PATIENCE = 0.2
"""Seconds until a task that did not end is told so again."""


async def end(task: asyncio.Task[Any]) -> None:
    """Cancel a task and return when it has ended, whatever its outcome.

    Told again and again: a cancellation that meets the driver at the moment of a reply can be lost in
    `asyncio.wait_for` (Python 3.11), and the task would go on for ever.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=PATIENCE)
