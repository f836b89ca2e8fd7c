"""A process of its own with a writer: `python -m tests.support.clerk`.

It takes a pickled Job on its input, says `ready`, waits for a line, and gives the pickled history back.
"""

import asyncio
import pickle
import sys
from dataclasses import dataclass

from tests.support.checking import Sent
from tests.support.desks import Opening, desk, run


@dataclass(frozen=True)
class Job:
    """Where the log is, and what to send to it."""

    uri: str
    database: str
    commands: tuple[object, ...]
    clients: int = 16


async def work(job: Job) -> list[Sent]:
    async with desk(Opening(job.uri, job.database)) as one:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.buffer.readline)
        return await run([one], job.commands, job.clients)


if __name__ == "__main__":
    given: Job = pickle.load(sys.stdin.buffer)
    pickle.dump(asyncio.run(work(given)), sys.stdout.buffer)
