"""How rows of queries are measured: the answers are checked, the server warms, then it is loaded."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.contestants.servers import Opened
from benchmarks.harness.arena import Arena
from benchmarks.harness.checks import reads_again, right_answers
from benchmarks.harness.figures import Sample
from benchmarks.harness.load import Answers, Load
from benchmarks.harness.operations import Asked
from benchmarks.harness.processes import Server, Usage

AT_ONCE = 64
DISTINCT = 1_000


@dataclass(frozen=True, slots=True)
class Querying:
    """One contestant's queries; `probe` are those by id that show whether it reads again."""

    opened: Opened
    asked: Sequence[Asked]
    probe: Sequence[Asked]
    connections: int = AT_ONCE

    async def measured(self, arena: Arena) -> Sample:
        """One round, in a process that is new."""
        async with self.opened(arena) as server:
            right = await asyncio.to_thread(right_answers, server.address, self.asked)
            requests = [each.request for each in self.asked]
            warming = asyncio.create_task(
                arena.loader.run(server.address, Load(requests, self.connections), arena.warming)
            )
            await reads_again(server.address, self.probe, arena.dataset)
            await warming
            before = server.usage()
            load = Load(requests, self.connections, expected=right)
            return sampled(await arena.loader.run(server.address, load, arena.seconds), server, before)


def sampled(answers: Answers, server: Server, before: Usage) -> Sample:
    """The load's figures, with what the server used for each request."""
    used = server.usage()
    cpu = 1_000 * (used.cpu - before.cpu) / answers.count
    return Sample(answers.rate, answers.p50, answers.p99, cpu, used.memory / 1e6)
