"""How fast `tidegate verify` walks a log, against reading the same raw documents with the bare driver."""

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from bson.raw_bson import RawBSONDocument

from bank import application
from benchmarks.bare import Bench
from gateway.application.reading import read
from gateway.eventlog.storage import EventLog
from gateway.eventlog.verification import Verification, verify
from gateway.mongo.client import collection, connect
from gateway.mongo.collections import EVENTS
from gateway.mongo.embedded import embedded
from gateway.settings import load_settings


async def _measure(commits: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="tidegate-bench-") as folder:
        async with embedded(Path(folder)) as server:
            mongo = connect(server.uri, load_settings(database="bench"))
            bench = Bench(mongo, read(application))
            await bench.log(commits, 1_000)
            ratios = [await _round(bench, commits) for _ in range(rounds)]
            await mongo.close()
    print(f"verify : bare driver = {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")  # noqa: T201


async def _round(bench: Bench, commits: int) -> float:
    bare, ours = await bare_driver(bench, commits), await verified(bench, commits)
    print(f"bare driver {bare:>9,.0f} commits/s   verify {ours:>9,.0f} commits/s")  # noqa: T201
    return ours / bare


async def bare_driver(bench: Bench, commits: int) -> float:
    """`find` of raw documents in the order of positions, nothing done with them."""
    events = collection(bench.mongo.database, EVENTS)
    raw: Any = events.with_options(codec_options=events.codec_options.with_options(document_class=RawBSONDocument))
    began, count = time.perf_counter(), 0
    async for _ in raw.find({}, sort=[("_id", 1)]):
        count += 1
    assert count == commits
    return commits / (time.perf_counter() - began)


async def verified(bench: Bench, commits: int) -> float:
    """`tidegate verify`, without the command line around it."""
    log, verification = EventLog(bench.mongo.database, bench.model), Verification(bench.model)
    began = time.perf_counter()
    found = await verify(log, verification, lambda _: None)
    assert (found.head.position, found.problem) == (commits, None)
    return commits / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commits", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    asyncio.run(_measure(given.commits, given.rounds))


if __name__ == "__main__":
    main()
