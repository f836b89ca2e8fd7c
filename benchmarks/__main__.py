"""Runs every benchmark in alternating rounds and writes benchmarks/RESULTS.md."""

import argparse
import asyncio
import os
import platform
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bank import application
from benchmarks import http
from benchmarks.contestants import Bench
from gateway.application.reading import read
from gateway.mongo.client import connect
from gateway.mongo.embedded import embedded
from gateway.settings import load_settings
from gateway.web.server import new_event_loop

_RESULTS = Path(__file__).with_name("RESULTS.md")
_BATCHES = (100, 500, 1_000)
_COMMITS = 20_000
_SECONDS = 5
_READS = 5_000


@dataclass
class Rounds:
    """The figures of all rounds, by contestant."""

    figures: dict[str, list[float]] = field(default_factory=dict[str, list[float]])

    def add(self, contestant: str, figure: float) -> None:
        self.figures.setdefault(contestant, []).append(figure)
        print(f"  {contestant:<34}{figure:>12,.1f}")  # noqa: T201 # progress, for who waits

    def median(self, contestant: str) -> float:
        return statistics.median(self.figures[contestant])

    def ratio(self, ours: str, theirs: str) -> float:
        """The median of the ratios round by round: it holds when the machine's speed drifts."""
        return statistics.median(a / b for a, b in zip(self.figures[ours], self.figures[theirs], strict=True))


async def _measure(rounds: int) -> Rounds:
    found, model = Rounds(), read(application)
    with tempfile.TemporaryDirectory(prefix="tidegate-bench-") as folder:
        async with embedded(Path(folder)) as server:
            mongo = connect(server.uri, load_settings(database="bench"))
            motor = connect(server.uri, load_settings(database="bench", driver="motor"))
            for number in range(rounds):
                print(f"Round {number + 1} of {rounds}")  # noqa: T201
                await _round(Bench(mongo, model), Bench(motor, model), server.uri, number, found)
            await motor.close()
            await mongo.close()
    return found


async def _round(bench: Bench, motor: Bench, uri: str, number: int, found: Rounds) -> None:
    best = max([await bench.bare_batches(_COMMITS, size) for size in _BATCHES])
    found.add("insert_many, encoded already", best)
    found.add("the log", max([await bench.log(_COMMITS, size) for size in _BATCHES]))
    found.add("look-ups, on PyMongo", await bench.lookups(_READS))
    found.add("look-ups, on Motor", await motor.lookups(_READS))
    found.add("insert_one, 64 at once", await bench.bare_singles(_SECONDS))
    async with http.gateway(uri, f"bench_http_{number}") as address:
        load = await http.load(address, _SECONDS)
    found.add("mutations over HTTP", load.rate)
    found.add("mutations: p50 ms", load.p50)
    found.add("mutations: p99 ms", load.p99)


def _report(found: Rounds, rounds: int) -> str:
    rows = [
        ("insert_many of encoded documents, its best of 100, 500, 1,000", "insert_many, encoded already", None),
        ("the log: from dataclasses to acknowledged, chained", "the log", "insert_many, encoded already"),
        ("look-ups by command id, 64 at once, on PyMongo", "look-ups, on PyMongo", None),
        ("the same on Motor, against PyMongo", "look-ups, on Motor", "look-ups, on PyMongo"),
        ("one insert_one each, 64 at once", "insert_one, 64 at once", None),
        ("mutations over HTTP, 64 connections, 50 accounts", "mutations over HTTP", "insert_one, 64 at once"),
    ]
    lines = [_row(found, *each) for each in rows]
    p50, p99 = found.median("mutations: p50 ms"), found.median("mutations: p99 ms")
    return "\n".join(
        [
            "# Results",
            "",
            f"Written by `make bench`: {rounds} alternating rounds, medians; one embedded MongoDB, {_machine()}.",
            "Every contestant writes with `w: majority, j: true` into a log with its indexes and validator.",
            "The mutations run through GraphQL, the bank's rules, chain and writer; the watcher builds all five",
            "read models in the same process meanwhile, and wrk shares the machine.",
            "",
            "| work | per second, median (min to max) | ratio to the bare driver |",
            "|---|---|---|",
            *lines,
            "",
            f"Latency of the mutations: p50 {p50:.1f} ms, p99 {p99:.1f} ms.",
            "",
        ]
    )


def _row(found: Rounds, title: str, name: str, against: str | None) -> str:
    figures: Sequence[float] = found.figures[name]
    ratio = "1" if against is None else f"**{found.ratio(name, against):.2f}**"
    return f"| {title} | {found.median(name):,.0f} ({min(figures):,.0f} to {max(figures):,.0f}) | {ratio} |"


def _machine() -> str:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cores} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds: int = parser.parse_args().rounds
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        found = runner.run(_measure(rounds))
    _RESULTS.write_text(_report(found, rounds))


if __name__ == "__main__":
    main()
