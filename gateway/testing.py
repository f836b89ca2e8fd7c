"""Given, when, then: a domain and its read models tried out in memory, in their own words, without a database.

    bank = scenario(application)
    assert bank.given(opened, deposited("50")).when(withdraw("20")) == (withdrawn("20"),)
    assert bank.given(opened, deposited("50")).views(accounts.project)["1"].balance == eur("50")
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from gateway.application import Application
from gateway.application.model import Model, ReadModel
from gateway.application.reading import read

V = TypeVar("V")

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
"""The time at which everything happens, unless a test says otherwise."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event with what the log would say about it; the names are those that a fold may ask for."""

    event: object
    at: datetime
    position: int
    version: int
    actor: str = "tester"


@dataclass(frozen=True, slots=True)
class Scenario:
    """What has happened so far. Nothing changes a scenario: every step gives another one."""

    model: Model
    history: tuple[Recorded, ...]
    states: Mapping[str, object]
    "By stream: the folded state."
    versions: Mapping[str, int]
    "By stream: how many events it has."

    def given(self, *events: object, at: datetime = NOON) -> "Scenario":
        """The scenario after one more commit."""
        history, states, versions = [*self.history], {**self.states}, {**self.versions}
        position = history[-1].position + 1 if history else 1
        for event in events:
            stream, kind = self._stream_of(event)
            versions[stream] = versions.get(stream, 0) + 1
            states[stream] = kind.evolve(states.get(stream, kind.initial), event)
            history.append(Recorded(event, at, position, versions[stream]))
        return Scenario(self.model, tuple(history), states, versions)
