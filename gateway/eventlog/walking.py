"""The log's documents in their order: the next part is fetched while one is worked on."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from gateway.eventlog.storage import EventLog
from gateway.mongo.tasks import end

_PART = 2_000
"""So many commits are asked for at once."""

END = 1 << 62
"""Behind every log's end."""

_PIECE = 100
"""So many are worked on before the part that comes in is looked after again."""


async def walk(log: EventLog, after: int, up_to: int = END) -> AsyncGenerator[Sequence[bytes]]:
    """The documents from position after + 1 to `up_to`, some at a time; fewer where the log ends before.

    Two parts are in memory at most. Whoever leaves before the end closes it. Raises Unavailable.
    """
    coming = asyncio.create_task(_part(log, after, up_to))
    try:
        while part := await coming:
            after += len(part)
            coming = asyncio.create_task(_part(log, after, up_to))
            for start in range(0, len(part), _PIECE):
                await asyncio.sleep(0)
                yield part[start : start + _PIECE]
    finally:
        await end(coming)


async def _part(log: EventLog, after: int, up_to: int) -> list[bytes]:
    return await log.raw(after, min(_PART, up_to - after)) if after < up_to else []
