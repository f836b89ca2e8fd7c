"""Appends, without HTTP: against Emmett on the same MongoDB, and against eventsourcing on its own databases."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from benchmarks.contestants import npm, python
from benchmarks.contestants.postgres import postgres
from benchmarks.harness.arena import Arena, Contest, Row
from benchmarks.harness.figures import Goal, Sample
from benchmarks.harness.processes import PYTHON, program
from benchmarks.rows.log import bench, counted
from benchmarks.rows.querying import AT_ONCE

_BATCHES = (1, 100, 500, 1_000)
_ALL_OR_NONE = (
    "A `save()` of many aggregates is one transaction, which stands or falls as one, without a chain and without "
    "MongoDB's majority; what a `save()` of each size does is below."
)

_IN_TURN = (
    "Each batch of commits waits for the one before it, which a majority must hold in its journal: with 64 "
    "commands at once that is a batch or two, and for a third of the time the writer only waits. The rest is "
    "spent on what Emmett leaves out: states, decisions, the chain, command ids. Deciding while an insert is "
    "under way was tried and won too little. What would be needed is a compiled way from a command to its commit, "
    "and more commands at once."
)


async def _sampled(arena: Arena, command: Sequence[str], environment: Mapping[str, str]) -> Sample:
    """What a program says of itself, on the core of the server that is measured."""
    found = await program(command, arena.placement.server, environment)
    if found.pop("missing"):
        raise SystemExit(f"Acknowledged events are missing: {' '.join(command)}")
    return Sample(**found)


@asynccontextmanager
async def _emmett(arena: Arena) -> AsyncGenerator[Contest]:
    how = [str(arena.seconds), str(AT_ONCE)]
    ours = [PYTHON, "-m", "benchmarks.contestants.appending", *how]
    theirs = [*npm.program("emmett", "append.mjs"), arena.uri, "bench_emmett", *how]
    environment = arena.environment("bench_append")
    yield {
        "Tidegate": lambda: _sampled(arena, ours, environment),
        "Emmett": lambda: _sampled(arena, theirs, {}),
    }


@asynccontextmanager
async def _eventsourcing(arena: Arena) -> AsyncGenerator[Contest]:
    commits = round(2_000 * arena.seconds)
    command = [*python.program("eventsourcing", "append.py"), str(commits), *map(str, _BATCHES)]
    async with AsyncExitStack() as stack:
        ours = await stack.enter_async_context(bench(arena))
        folder = arena.loader.folder
        database = await stack.enter_async_context(postgres(folder / "postgres", arena.placement.mongodb))

        async def best() -> Sample:
            runs = [
                await counted(arena, lambda size=size: ours.log(commits, size), commits) for size in _BATCHES[1:]
            ]
            return max(runs, key=lambda each: each.rate or 0)

        contest: Contest = {
            "Tidegate": best,
            "eventsourcing on SQLite": lambda: _sampled(arena, command, _sqlite(folder)),
        }
        if database is not None:
            contest = {
                **contest,
                "eventsourcing on PostgreSQL": lambda: _sampled(arena, command, _postgres(database)),
            }
        yield contest


def _sqlite(folder: Path) -> dict[str, str]:
    return {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(folder / "eventsourcing.db")}


def _postgres(port: int) -> dict[str, str]:
    named = {"HOST": "127.0.0.1", "PORT": str(port), "DBNAME": "postgres", "USER": "postgres", "PASSWORD": "none"}
    faster = {"ENABLE_DB_FUNCTIONS": "y"}
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        **{f"POSTGRES_{name}": value for name, value in (named | faster).items()},
    }


EMMETT = Row(
    "append-emmett",
    "Append, one event a stream, 64 at once",
    _emmett,
    (Goal("Emmett", 12.0, missed=_IN_TURN),),
    "Tidegate's is a whole command, decided on its account's and its customer's state; Emmett decides nothing.",
)
EVENTSOURCING = Row(
    "append-eventsourcing",
    "Append, each in its own best mode",
    _eventsourcing,
    (
        Goal("eventsourcing on SQLite", 4.0, missed=_ALL_OR_NONE),
        Goal("eventsourcing on PostgreSQL", 4.0, missed=_ALL_OR_NONE),
    ),
    "Tidegate's log with its best of 100, 500 and 1,000 at once; `save()` of so many aggregates, its best of 1 to "
    "1,000. All are there after a kill -9. PostgreSQL takes part where its programs are installed.",
)
