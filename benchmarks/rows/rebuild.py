"""`tidegate rebuild --all`, from cold to after compare and switch, against a hand-written loop."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from benchmarks.harness.arena import Arena, Contest, Row
from benchmarks.harness.figures import Goal, Sample
from benchmarks.harness.placement import pinned
from benchmarks.rebuild import BY_HAND, OURS, alone, filled

_EVENT_BY_EVENT = (
    "Both are bound by one core of Python. Event by event ours checks the view's key, keeps its stream's version "
    "and is ready to park it; batch by batch it says how views changed, and moves a checkpoint in the same "
    "transaction; in the end it counts and compares. By hand there is none of it. What would be needed is a fold "
    "compiled for each read model."
)


def _row(name: str, commits: int) -> Row:
    @asynccontextmanager
    async def contest(arena: Arena) -> AsyncGenerator[Contest]:
        with pinned(arena.placement.server):
            await filled(arena.uri, commits)
        contestants = {"Tidegate": OURS, "by hand": BY_HAND}
        yield {name: lambda each=each: _measured(arena, each, commits) for name, each in contestants.items()}

    return Row(
        name,
        f"`tidegate rebuild --all`, of {commits:,} commits",
        contest,
        (Goal("by hand", 0.5, missed=_EVENT_BY_EVENT),),
    )


async def _measured(arena: Arena, contestant: str, commits: int) -> Sample:
    with pinned(arena.placement.server):
        found = alone(contestant, arena.uri)
    return Sample(commits / found.seconds, memory=found.memory / 1e6)


ROW, MILLION = _row("rebuild", 100_000), _row("rebuild_million", 1_000_000)
