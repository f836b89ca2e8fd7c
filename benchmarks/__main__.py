"""Runs the benchmark's rows and writes RESULTS.md: `python -m benchmarks`, or `--only by-id` for one of them."""

import argparse
import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness import records
from benchmarks.harness.arena import Row, arena
from benchmarks.harness.placement import busy
from benchmarks.harness.plots import lines, svg
from benchmarks.harness.report import ROUNDS, picture, report
from benchmarks.harness.rounds import measured
from benchmarks.rows import ROWS
from gateway.web.server import new_event_loop

_NAMES = [row.name for row in ROWS]


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asks for."""

    rows: Sequence[Row]
    rounds: int
    seconds: float
    folder: Path


async def _run(wish: Wish) -> None:
    _say(f"The load average is {busy():.1f}: figures mean something on a quiet machine only.")
    async with arena(wish.seconds) as found:
        for row in wish.rows:
            records.write(wish.folder / "figures", await measured(row, found, wish.rounds, _say))


def _write(folder: Path) -> None:
    found = records.read(folder / "figures", _NAMES)
    for row in ROWS:
        if row.curve and row.name in found:
            (folder / picture(row)).write_text(svg(row.curve, lines(row.curve, found[row.name].samples)), "utf-8")
    (folder / "RESULTS.md").write_text(report(ROWS, found), "utf-8")
    _say(f"Wrote {folder / 'RESULTS.md'}")


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 # progress, for who waits


def _wish() -> Wish:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=_NAMES, default=_NAMES, help="these rows")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often the contestants take turns")
    parser.add_argument("--seconds", type=float, default=10, help="how long each of them is loaded in a round")
    parser.add_argument("--into", type=Path, default=Path(__file__).parent, help="the folder of RESULTS.md")
    given = parser.parse_args()
    return Wish([row for row in ROWS if row.name in given.only], given.rounds, given.seconds, given.into)


def main() -> None:
    wish = _wish()
    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(_run(wish))
    finally:
        _write(wish.folder)  # also where a row ended the run: those before it stand


if __name__ == "__main__":
    main()
