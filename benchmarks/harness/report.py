"""RESULTS.md: the table of goals, what was missed and why, and each row's figures."""

from collections.abc import Iterator, Mapping, Sequence

from benchmarks.harness.arena import Row
from benchmarks.harness.figures import (
    Goal,
    Measure,
    Sample,
    Spread,
    Verdict,
    figures,
    slower_tail,
    spread,
    verdict,
)
from benchmarks.harness.records import Record

ROUNDS = 5
"""Fewer than so many say nothing, and the report says that."""

_HEAD = """# Results

Written by `make bench`. Every figure is a median of rounds in which the contestants took turns on one embedded
MongoDB; in brackets are the least and the most. A ratio is taken round by round, ours to theirs. All write with
`w: majority, j: true` and have the same 10,000 accounts, of which few are used often (Zipf-distributed); requests
are fifty different operations in rotation. Before a load, the answers were compared with what MongoDB holds; under
load, every answer was one of the right ones, and a document that was changed behind a server showed in its next
answer: no data was kept. After a load, every acknowledged write was found in the database. Tidegate runs as it is
installed, with all the bank's rules, its chain, its validator and the audit trail.
[docs/performance.md](../docs/performance.md) has the rules of the comparison.
"""


def picture(row: Row) -> str:
    """Where a row's curve is drawn, from the folder of the page."""
    return f"figures/{row.name}.svg"


def report(rows: Sequence[Row], records: Mapping[str, Record]) -> str:
    """The whole page: what was measured, and what was not."""
    measured = [(row, records[row.name]) for row in rows if row.name in records]
    parts = [_HEAD, *_goals(measured), *_unmeasured(rows, records), *_missed(measured)]
    for row, record in measured:
        parts += _row(row, record)
    return "\n".join(parts)


def _goals(measured: Sequence[tuple[Row, Record]]) -> Iterator[str]:
    yield "| work | against | ratio | goal | |"
    yield "|---|---|---|---|---|"
    for row, record in measured:
        for goal in row.goals:
            yield _goal(row, goal, verdict(record.samples, goal))


def _goal(row: Row, goal: Goal, found: Verdict | None) -> str:
    sign, what = ("≥", "") if goal.is_floor else ("≤", f", {goal.measure} of the time")
    wanted = "" if goal.bound is None else f"{sign} {goal.bound:g}"
    if found is None:
        return f"| {row.title}{what} | {goal.against} | did not run | {wanted} | **not measured** |"
    state = "" if goal.bound is None else "met" if found.met else "**missed**"
    return f"| {row.title}{what} | {goal.against} | {bold(found.ratio)} | {wanted} | {state} |"


def _unmeasured(rows: Sequence[Row], records: Mapping[str, Record]) -> Iterator[str]:
    if missing := [row.title for row in rows if row.name not in records]:
        yield f"\nNot measured yet: {'; '.join(missing)}."


def _missed(measured: Sequence[tuple[Row, Record]]) -> Iterator[str]:
    found = [each for row, record in measured for each in _misses(row, record)]
    if found:
        yield "\n## What was missed\n"
        yield from found


def _misses(row: Row, record: Record) -> Iterator[str]:
    for goal in row.goals:
        decided = verdict(record.samples, goal)
        if decided is not None and not decided.met:
            yield _miss(row, decided, record.samples)
        times = slower_tail(record.samples, goal)
        if times is not None and goal.measure is Measure.RATE and goal.bound is not None:
            yield f"- **{row.title}: p99** is {times:.1f} times that of {goal.against}."


def _miss(row: Row, decided: Verdict, samples: Mapping[str, Sequence[Sample]]) -> str:
    goal = decided.goal
    kind = "at least" if goal.is_floor else "at most"
    ratio = f"{decided.ratio.median:.2f} instead of {kind} {goal.bound:g}."
    said = f"- **{row.title}, against {goal.against}:** {ratio}"
    costs = [_cost(samples, name) for name in (goal.ours, goal.against)]
    reason = goal.missed or "No reason has been found yet."
    return " ".join([said, *(each for each in costs if each), reason])


def _cost(samples: Mapping[str, Sequence[Sample]], name: str) -> str:
    found = figures(samples[name], "cpu")
    return f"{name} takes {spread(found).median:.3g} ms of CPU each." if found else ""


def _row(row: Row, record: Record) -> Iterator[str]:
    yield f"\n## {row.title}\n"
    yield from [f"{row.notes}\n"] if row.notes else []
    yield from [f"![{row.title}]({picture(row)})\n"] if row.curve else []
    yield "| | per second | p50 ms | p99 ms | CPU ms each | memory MB |"
    yield "|---|---|---|---|---|---|"
    for name, samples in record.samples.items():
        yield _contestant(name, samples)
    yield from _notes(record)
    yield f"\n{_circumstances(record)}"


def _contestant(name: str, samples: Sequence[Sample]) -> str:
    cells = [_cell(figures(samples, "rate"), ",.0f"), *(_cell(figures(samples, each), ",.1f") for each in _TIMES)]
    memory = _median(figures(samples, "memory"), ",.0f")
    return f"| {name} | {' | '.join([*cells, _median(figures(samples, 'cpu'), '.3g'), memory])} |"


_TIMES = ("p50", "p99")


def _notes(record: Record) -> Iterator[str]:
    for name, samples in record.samples.items():
        for note in dict.fromkeys(note for each in samples for note in each.notes):
            found = [each.notes[note] for each in samples if note in each.notes]
            yield f"\n{name}, {note}: {_cell(found, ',.2f')}."


def _circumstances(record: Record) -> str:
    few = "" if record.rounds >= ROUNDS else "**Too few rounds to mean anything.** "
    return (
        f"{few}Rounds: {record.rounds}, of {record.seconds:g} s, on {record.day}; {record.machine}; "
        f"{record.placement}. "
        f"Load average at the beginning: {record.busy:.1f}."
    )


def bold(found: Spread) -> str:
    return f"**{found.median:.2f}** ({found.low:.2f} to {found.high:.2f})"


def _cell(found: Sequence[float], form: str) -> str:
    if not found:
        return ""
    each = spread(found)
    return f"{each.median:{form}} ({each.low:{form}} to {each.high:{form}})"


def _median(found: Sequence[float], form: str) -> str:
    return f"{spread(found).median:{form}}" if found else ""
