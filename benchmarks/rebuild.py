"""How fast `tidegate rebuild --all` is, from cold to after compare and switch, against a hand-written loop."""

import argparse
import asyncio
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bank import application
from benchmarks import handwritten
from benchmarks.zipf import ACCOUNTS, fill
from gateway.application.reading import read
from gateway.eventlog.storage import EventLog
from gateway.mongo.client import connect
from gateway.mongo.collections import prepare
from gateway.mongo.embedded import embedded
from gateway.mongo.identities import known
from gateway.projections.rebuild.candidates import Wish
from gateway.projections.rebuild.rebuilding import Rebuilding
from gateway.settings import load_settings
from gateway.web.server import new_event_loop

_DATABASE = "bench_rebuild"


@dataclass(frozen=True, slots=True)
class Run:
    """One contestant, once, in a process of its own: seconds, and the memory that it had at most, in bytes."""

    seconds: float
    memory: int


def ours(uri: str) -> None:
    async def rebuild() -> None:
        settings, model = load_settings(mongodb_uri=uri, database=_DATABASE), read(application)
        mongo = connect(uri, settings)
        identity = (await known(mongo.database)).identity.log
        found = await Rebuilding(mongo.database, model, identity, settings).run(Wish(every=True))
        assert all(each.switched and not (each.comparison and each.comparison.differing) for each in found)
        await mongo.close()

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(rebuild())


def by_hand(uri: str) -> None:
    handwritten.build(uri, _DATABASE)


OURS, BY_HAND = "tidegate rebuild --all", "by hand"
CONTESTANTS = {OURS: ours, BY_HAND: by_hand}


def alone(contestant: str, uri: str) -> Run:
    """One run of a contestant."""
    words = [sys.executable, "-m", "benchmarks.rebuild", "--alone", contestant, "--uri", uri]
    return Run(**json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout))


def _measured(contestant: str, uri: str) -> None:
    began = time.perf_counter()
    CONTESTANTS[contestant](uri)
    seconds = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "memory": memory}))  # noqa: T201


async def filled(uri: str, commits: int) -> Run:
    """Writes the log; how its read models were built for the first time, which no round does again."""
    mongo = connect(uri, load_settings(database=_DATABASE))
    await mongo.client.drop_database(_DATABASE)
    await prepare(mongo.database)
    model = read(application)
    await fill(EventLog(mongo.database, model), model, commits)
    await mongo.close()
    return alone(OURS, uri)


async def _measure(commits: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="tidegate-bench-") as folder:
        async with embedded(Path(folder)) as server:
            _say("first build", commits, await filled(server.uri, commits))
            _rounds(server.uri, commits, rounds)


def _rounds(uri: str, commits: int, rounds: int) -> None:
    ratios: list[float] = []
    for _ in range(rounds):
        runs = {name: alone(name, uri) for name in CONTESTANTS}
        for name, run in runs.items():
            _say(name, commits, run)
        mine, theirs = runs.values()
        ratios.append(theirs.seconds / mine.seconds)
    found = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    print(f"{commits:,} commits, {ACCOUNTS:,} accounts, rebuild : by hand = {found}")  # noqa: T201


def _say(name: str, commits: int, run: Run) -> None:
    speed, memory = commits / run.seconds, run.memory / 1e6
    print(f"{name:<24}{run.seconds:>8.1f} s {speed:>9,.0f} commits/s {memory:>7,.0f} MB")  # noqa: T201


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commits", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--alone", choices=CONTESTANTS, help=argparse.SUPPRESS)
    parser.add_argument("--uri", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.alone:
        _measured(given.alone, given.uri)
    else:
        asyncio.run(_measure(given.commits, given.rounds))


if __name__ == "__main__":
    main()
