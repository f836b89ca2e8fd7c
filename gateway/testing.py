"""Given, when, then: an application's rules and read models tried out in memory, in its own words.

    bank = scenario(application)
    assert bank.given(opened, deposited("50")).when(withdraw("20")) == (withdrawn("20"),)
    assert bank.given(opened, deposited("50")).views(accounts.project)["1"].balance == eur("50")

The same routing as the real one: events go to streams and views by their first field, states to rules by name.
A unique value's events are folded as the log has them, with a digest in the place of the value.

    check_contract(application, Path("domain/contract.json"))

One test with this line, and no event changes unnoticed.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path
from typing import Any, Concatenate, TypeVar, cast

from gateway.application import Application
from gateway.application.contract import compare, load
from gateway.application.model import Model, ReadModel, StateParameter
from gateway.application.reading import read

E = TypeVar("E")
V = TypeVar("V")

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
"""When everything happens, unless a test says otherwise."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event, and under the names by which a fold asks for it, what the log says about it."""

    event: object
    at: datetime
    position: int
    version: int
    actor: str = "tester"

    def told(self, names: Iterable[str]) -> dict[str, Any]:
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class Scenario:
    """What has happened so far. A step changes nothing: it gives another scenario."""

    model: Model
    history: tuple[Recorded, ...]
    streams: Mapping[str, tuple[object, ...]]

    def given(self, *events: object, at: datetime = NOON) -> "Scenario":
        """The scenario with one more commit of these events."""
        history, streams = [*self.history], {**self.streams}
        position = history[-1].position + 1 if history else 1
        for event in events:
            type_ = self.model.event_of(event)
            logged = type_.sealed(event, _digest)
            stream = type_.stream(logged)
            streams[stream] = (*streams.get(stream, ()), logged)
            history.append(Recorded(event, at, position, len(streams[stream])))
        return replace(self, history=tuple(history), streams=streams)

    def when(self, command: object, now: datetime = NOON) -> object:
        """The answer: a tuple of events, empty where there is nothing to do; or a rejection."""
        type_ = self.model.command_of(command)
        states: dict[str, object] = {}
        for each in sorted(type_.states, key=lambda each: each.follow is not None):
            states[each.field] = self._state(each, command, states)
        answer = type_.function(command, **states, **({type_.clock: now} if type_.clock else {}))
        if answer is None or isinstance(answer, tuple):
            return cast("tuple[object, ...]", answer or ())
        return answer if isinstance(answer, type_.rejections) else (answer,)

    def after(self, command: object, now: datetime = NOON) -> "Scenario":
        """The scenario once this command was answered; the same one if that changed nothing."""
        answer = self.when(command, now)
        events = cast("tuple[object, ...]", answer) if isinstance(answer, tuple) else ()
        return self.given(*events, at=now) if events else self

    def views(self, project: Callable[Concatenate[V | None, E, ...], V | None]) -> dict[Any, V]:
        """The views of a read model, by key."""
        latest = dict(self._fold(project))
        return {key: view for key, view in latest.items() if view is not None}

    def lines(self, append: Callable[Concatenate[V | None, E, ...], V | None]) -> list[V]:
        """The views of a journal, in their order."""
        return [line for _, line in self._fold(append) if line is not None]

    def _state(self, parameter: StateParameter, command: object, states: Mapping[str, object]) -> object:
        if parameter.follow is None:
            value = getattr(command, parameter.field)
        else:
            value = parameter.follow(**{name: states[name] for name in parameter.needs})
        if value is None:
            return None
        stream = parameter.kind.id.stream(parameter.kind.id.local(value, _digest))
        return reduce(parameter.kind.evolve, self.streams.get(stream, ()), parameter.kind.initial)

    def _fold(self, fold: Callable[..., V | None]) -> Iterator[tuple[Any, V | None]]:
        """Each view that an event touches, by its key, as it is after that event."""
        (model,) = [each for each in self.model.read_models if each.fold is fold]
        followed = {each.type for each in model.events}
        views: dict[Any, V | None] = {}
        for recorded in self.history:
            for key in self._keys(model, views, recorded) if type(recorded.event) in followed else ():
                views[key] = fold(views.get(key), recorded.event, **recorded.told(model.recorded))
                yield key, views[key]

    def _keys(self, model: ReadModel, views: Mapping[Any, object], recorded: Recorded) -> list[Any]:
        """The keys that an event goes to: its own, or those of all views that link to its stream."""
        if model.key:
            return [model.key(recorded.event, **recorded.told(model.key_recorded))]
        type_ = self.model.event_of(recorded.event)
        own = getattr(recorded.event, type_.id_field)
        if type_.id.type is model.key_type:
            return [own]
        links = [name for name, id_type in model.links.items() if id_type == type_.id]
        return [key for key, view in views.items() if any(getattr(view, name, None) == own for name in links)]


def _digest(category: str, value: str) -> str:
    return hashlib.sha256(f"{category}\0{value}".encode(errors="surrogatepass")).hexdigest()


def scenario(application: Application) -> Scenario:
    """The application before anything has happened. Raises InvalidApplication with every mistake in it."""
    return Scenario(read(application), (), {})


def check_contract(application: Application, file: Path) -> None:
    """Compare an application's events with the committed contract, and read its samples of every schema.

    Raises AssertionError that says of each difference what to do.
    """
    found = compare(read(application), load(file))
    command = f"write the contract with `tidegate contract {file}` and commit it"
    if found.broken:
        listed = "\n".join(f"- {each}" for each in found.broken)
        raise AssertionError(f"The events do not keep their contract:\n{listed}\nThen {command}.")
    if found.news:
        raise AssertionError(f"The contract is not current ({'; '.join(found.news)}): {command}.")
