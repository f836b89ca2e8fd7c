"""What was found, and its arithmetic: medians, spread, ratios round by round, goals."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Measure(StrEnum):
    """What two contestants are compared by."""

    RATE = "rate"
    "Per second: more is better."
    P50 = "p50"
    "Milliseconds, median: less is better."
    P99 = "p99"
    "Milliseconds that 99 of 100 take at most: less is better."


@dataclass(frozen=True, slots=True)
class Sample:
    """What one contestant did in one round: per second; milliseconds; CPU milliseconds a piece; MB of memory."""

    rate: float | None = None
    p50: float | None = None
    p99: float | None = None
    cpu: float | None = None
    memory: float | None = None
    notes: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound on the ratio of `ours` to `against`: a floor for rates, a ceiling for times; None for no bound.

    `missed` says why it is missed today and what would be needed.
    """

    against: str
    bound: float | None
    measure: Measure = Measure.RATE
    ours: str = "Tidegate"
    missed: str = ""

    @property
    def is_floor(self) -> bool:
        return self.measure is Measure.RATE

    def met(self, ratio: float) -> bool:
        return self.bound is None or (ratio >= self.bound if self.is_floor else ratio <= self.bound)


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure's median, and the least and the most that was seen."""

    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a goal."""

    goal: Goal
    ratio: Spread

    @property
    def met(self) -> bool:
        return self.goal.met(self.ratio.median)


Rounds = Mapping[str, Sequence[Sample]]
"""The samples of each contestant, one a round."""


def spread(figures: Sequence[float]) -> Spread:
    return Spread(statistics.median(figures), min(figures), max(figures))


def figures(samples: Sequence[Sample], name: str) -> list[float]:
    """One figure of all rounds; empty where it was not taken."""
    found = [getattr(each, name) for each in samples]
    return [each for each in found if each is not None]


def ratio(rounds: Rounds, ours: str, against: str, measure: Measure) -> Spread | None:
    """Round by round, so that it holds when the machine's speed drifts; None where one of them did not run."""
    mine, theirs = figures(rounds.get(ours, ()), measure), figures(rounds.get(against, ()), measure)
    if not mine or not theirs or not all(theirs):
        return None
    return spread([a / b for a, b in zip(mine, theirs, strict=True)])


def verdict(rounds: Rounds, goal: Goal) -> Verdict | None:
    """Whether a goal is met; None where a contestant did not run."""
    found = ratio(rounds, goal.ours, goal.against, goal.measure)
    return None if found is None else Verdict(goal, found)


def slower_tail(rounds: Rounds, goal: Goal) -> float | None:
    """How many times the contestant's p99 ours is, where it is more than once."""
    found = ratio(rounds, goal.ours, goal.against, Measure.P99)
    return None if found is None or found.median <= 1 else found.median
