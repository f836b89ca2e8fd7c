"""How fast `tidegate verify` walks a log, against reading the same raw documents with the bare driver."""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bson.raw_bson import RawBSONDocument

from bank import application
from benchmarks.bare import Bench
from gateway.application.model import Model
from gateway.application.reading import read
from gateway.eventlog.segments import processes, verify_in
from gateway.eventlog.storage import EventLog
from gateway.eventlog.verification import Verification
from gateway.mongo.client import collection, connect
from gateway.mongo.collections import EVENTS
from gateway.mongo.embedded import embedded
from gateway.settings import load_settings

_DATABASE = "bench_verify"


def ours(uri: str) -> tuple[int, float]:
    """`tidegate verify`, without the command line around it: commits, and seconds."""
    with processes(_open) as walkers:
        assert walkers, "this machine has one core"

        async def verified() -> tuple[int, float]:
            async with _open(uri) as (log, model):
                verification, began = Verification(model), time.perf_counter()
                found = await verify_in(walkers, uri, log, verification, lambda _: None)
                assert found.problem is None
                return found.head.position, time.perf_counter() - began

        return asyncio.run(verified())


def bare_driver(uri: str) -> tuple[int, float]:
    """`find` of raw documents in the order of positions, nothing done with them."""

    async def found() -> tuple[int, float]:
        async with _open(uri) as (log, _):
            events = collection(log.database, EVENTS)
            options = events.codec_options.with_options(document_class=RawBSONDocument)
            raw: Any = events.with_options(codec_options=options)
            count, began = 0, time.perf_counter()
            async for _ in raw.find({}, sort=[("_id", 1)]):
                count += 1
            return count, time.perf_counter() - began

    return asyncio.run(found())


OURS, BARE = "tidegate verify", "bare driver"
CONTESTANTS = {OURS: ours, BARE: bare_driver}


async def filled(uri: str, commits: int) -> None:
    """Writes the log that is walked."""
    mongo = connect(uri, load_settings(database=_DATABASE))
    await Bench(mongo, read(application)).log(commits, 1_000)
    await mongo.close()


def alone(contestant: str, uri: str, commits: int) -> float:
    """Commits a second of a contestant, in a process of its own."""
    words = [sys.executable, "-m", "benchmarks.verify", "--alone", contestant, "--uri", uri]
    found, seconds = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
    assert found == commits
    return commits / seconds


@asynccontextmanager
async def _open(uri: str) -> AsyncGenerator[tuple[EventLog, Model]]:
    mongo, model = connect(uri, load_settings(database=_DATABASE)), read(application)
    yield EventLog(mongo.database, model), model
    await mongo.close()


async def _measure(commits: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="tidegate-bench-") as folder:
        async with embedded(Path(folder)) as server:
            await filled(server.uri, commits)
            ratios = [_round(server.uri, commits) for _ in range(rounds)]
    print(f"verify : bare driver = {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")  # noqa: T201


def _round(uri: str, commits: int) -> float:
    bare, mine = alone(BARE, uri, commits), alone(OURS, uri, commits)
    print(f"bare driver {bare:>9,.0f} commits/s   verify {mine:>9,.0f} commits/s")  # noqa: T201
    return mine / bare


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commits", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--alone", choices=CONTESTANTS, help=argparse.SUPPRESS)
    parser.add_argument("--uri", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.alone:
        print(json.dumps(CONTESTANTS[given.alone](given.uri)))  # noqa: T201 # for who started it
    else:
        asyncio.run(_measure(given.commits, given.rounds))


if __name__ == "__main__":
    main()
