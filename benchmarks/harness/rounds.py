"""Measures a row: its contestants take turns, round after round, each round beginning with another one."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from benchmarks.harness.arena import Arena, Row
from benchmarks.harness.figures import Sample
from benchmarks.harness.placement import busy, machine
from benchmarks.harness.records import Record

Say = Callable[[str], None]


async def measured(row: Row, arena: Arena, rounds: int, say: Say) -> Record:
    """So many rounds of a row; `say` hears of each sample."""
    samples, load = dict[str, list[Sample]](), busy()
    async with row.contest(arena) as contest:
        samples |= {name: [] for name in contest}
        for number in range(rounds):
            say(f"{row.name}, round {number + 1} of {rounds}")
            for name in turned([*contest], number):
                sample = await contest[name]()
                samples[name].append(sample)
                say(f"  {name:<28}{described(sample)}")
    day = datetime.now(UTC).date().isoformat()
    return Record(row.name, day, machine(), str(arena.placement), load, arena.seconds, samples)


def turned(names: Sequence[str], number: int) -> list[str]:
    """The order of a round: nobody is always the first, whose machine is coolest."""
    start = number % len(names)
    return [*names[start:], *names[:start]]


def described(sample: Sample) -> str:
    """A sample in one line, for who waits."""
    parts = [
        None if sample.rate is None else f"{sample.rate:>10,.0f}/s",
        None if sample.p50 is None else f"p50 {sample.p50:>8,.2f} ms",
        None if sample.p99 is None else f"p99 {sample.p99:>8,.2f} ms",
        None if sample.cpu is None else f"CPU {sample.cpu:>6,.3f} ms",
        None if sample.memory is None else f"{sample.memory:>5,.0f} MB",
        *(f"{name} {figure:,.2f}" for name, figure in sample.notes.items()),
    ]
    return "  ".join(each for each in parts if each is not None)
