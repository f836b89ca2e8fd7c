"""Reads an application's signatures into a model, and reports every mistake at once."""

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast, get_type_hints

from gateway.application.declarations import Application, Command, Index, Journal, Stream, View
from gateway.application.model import (
    AccessPath,
    CommandType,
    EventType,
    IdType,
    Model,
    ReadModel,
    StateParameter,
    StreamKind,
)
from gateway.application.naming import snake
from gateway.application.types import (
    NOTHING,
    fields_of,
    is_data,
    is_id,
    item_of,
    members,
    optional,
    problem_with,
)
from gateway.errors import InvalidApplication

RECORDED = ("at", "position", "version", "actor")
"""The names by which a fold may ask for the recorded event's own data."""


def read(application: Application) -> Model:
    """The model of an application. Raises InvalidApplication with every mistake found."""
    reading = _Reading()
    streams = tuple(
        reading.stream(cast("Stream[Any, Any]", each))
        for each in application.streams
        if isinstance(each, Stream)
    )
    reading.kinds = {each.id.type: each for each in streams}
    reading.events = {event.type: event for kind in streams for event in kind.events}
    commands = tuple(each for entry in application.commands if (each := reading.command(entry)))
    views = tuple(each for entry in application.views if (each := reading.read_model(entry)))
    reading.unique("event", (each.name for each in reading.events.values()))
    reading.unique("command", (each.name for each in commands))
    reading.unique("API name", (name for each in views for name in (each.one, each.many) if name))
    reading.unique("view", (each.view.__name__ for each in views))
    if reading.problems:
        raise InvalidApplication(reading.problems)
    events = {each.name: each for each in reading.events.values()}
    return Model(reading.ids, streams, commands, events, views, application.demo)


@dataclass
class _Reading:
    problems: list[str] = field(default_factory=list[str])
    ids: dict[Any, IdType] = field(default_factory=dict[Any, IdType])
    kinds: dict[Any, StreamKind] = field(default_factory=dict[Any, StreamKind])
    events: dict[type, EventType] = field(default_factory=dict[type, EventType])

    def problem(self, where: Any, what: str) -> None:
        name = getattr(where, "__qualname__", str(where))
        self.problems.append(f"{getattr(where, '__module__', '?')}.{name}: {what}")

    def unique(self, what: str, names: Iterable[str]) -> None:
        seen: set[str] = set()
        for name in names:
            if name in seen:
                self.problems.append(f"two parts have the {what} {name}")
            seen.add(name)

    def id_type(self, annotation: Any) -> IdType:
        if annotation not in self.ids:
            kind = annotation.__name__.removesuffix("Id")
            self.ids[annotation] = IdType(annotation, kind, snake(kind))
        return self.ids[annotation]

    def ids_in(self, type_: type) -> dict[str, IdType]:
        inner = {name: optional(each)[0] for name, each in fields_of(type_).items()}
        return {name: self.id_type(each) for name, each in inner.items() if is_id(each)}

    def fields(self, type_: type) -> dict[str, Any]:
        found = fields_of(type_)
        for name, annotation in found.items():
            if problem := problem_with(annotation):
                self.problem(type_, f"field {name}: {problem}")
        return found

    def stream(self, entry: Stream[Any, Any]) -> StreamKind:
        id_type = self.id_type(entry.id)
        types = [each for each in members(self.parameters(entry.evolve)[1]) if is_data(each)]
        events = tuple(self.event(each, id_type) for each in types)
        return StreamKind(id_type, entry.initial, entry.evolve, events)

    def event(self, type_: type, id_type: IdType) -> EventType:
        first, *_ = [*self.fields(type_).items(), ("", None)]
        if first[1] is not id_type.type:
            self.problem(
                type_, f"the first field of an event of {id_type.category} streams is its {id_type.kind}Id"
            )
        return EventType(type_, type_.__name__, 1, id_type, first[0])

    def parameters(self, function: Callable[..., Any]) -> list[Any]:
        """The annotations of a function's parameters, in order; at least two."""
        hints = get_type_hints(function)
        found = [hints.get(name) for name in inspect.signature(function).parameters]
        if len(found) < 2 or None in found:
            self.problem(function, "takes two annotated parameters at least")
        return [*found, None, None]

    def command(self, entry: Any) -> CommandType | None:
        declared = entry if isinstance(entry, Command) else Command(entry)
        function, hints = declared.function, get_type_hints(declared.function)
        names = list(inspect.signature(function).parameters)
        type_ = hints.get(names[0]) if names else None
        if not (isinstance(type_, type) and is_data(type_)):
            return self.problem(
                function, "the first parameter of a command function is its command, a dataclass"
            )
        self.fields(type_)
        ids = self.ids_in(type_)
        states = tuple(self.states(function, names[1:], hints, ids))
        answers = tuple(self.answers(hints.get("return")))
        events = tuple(self.events[each] for each in answers if each in self.events)
        rejections = tuple(each for each in answers if is_data(each) and each not in self.events)
        for event in events:
            if event.id not in [state.kind.id for state in states]:
                self.problem(function, f"adds {event.name} to a stream whose state it does not take")
        for rejection in rejections:
            self.fields(rejection)
            self.ids_in(rejection)
        if declared.new is not None and declared.new not in ids:
            self.problem(function, f"new={declared.new!r} is no id field of {type_.__name__}")
        clock = next((name for name in names[1:] if hints.get(name) is datetime), None)
        return CommandType(
            type_.__name__, function, states, clock, declared.new, ids, events, rejections, type_
        )

    def states(
        self, function: Any, names: list[str], hints: dict[str, Any], ids: dict[str, IdType]
    ) -> Iterator[StateParameter]:
        for name in names:
            if hints.get(name) is datetime:
                continue
            if name in ids and ids[name].type in self.kinds:
                yield StateParameter(name, self.kinds[ids[name].type])
            else:
                self.problem(function, f"parameter {name} is neither the time nor an id field of the command")

    def answers(self, annotation: Any) -> Iterator[Any]:
        """The classes of a return annotation, tuples opened; each once."""
        seen: list[Any] = []
        for member in members(annotation):
            inner = member.__args__ if getattr(member, "__origin__", None) is tuple else (member,)
            for each in inner:
                if each not in (*seen, NOTHING, Ellipsis) and item_of(each) is None:
                    seen.append(each)
                    yield each

    def read_model(self, entry: Any) -> ReadModel | None:
        if not isinstance(entry, View | Journal):
            return self.problem(entry, "is neither a View nor a Journal")
        declared = cast("View[Any, Any] | Journal[Any, Any]", entry)
        journal = isinstance(declared, Journal)
        fold: Callable[..., Any] = declared.append if isinstance(declared, Journal) else declared.project
        before, union, *_ = self.parameters(fold)
        view, _ = optional(before)
        if not is_data(view):
            return self.problem(fold, "the first parameter of a fold is its view or None")
        (key_field, key_type), *_ = self.fields(view).items()
        links = {name: each for name, each in self.ids_in(view).items() if journal or name != key_field}
        events = tuple(self.followed(fold, members(union)))
        key = None if isinstance(declared, Journal) else declared.key
        others = dict.fromkeys(event.id for event in events if event.id.type is not key_type)
        fan_out = () if key else tuple(others)
        for other in fan_out:
            if journal or other not in links.values():
                self.problem(fold, f"events of {other.category} streams reach no field of {view.__name__}")
        return ReadModel(
            name=declared.many,
            view=view,
            fold=fold,
            recorded=self.recorded(fold, 2),
            journal=journal,
            one=None if isinstance(declared, Journal) else declared.one,
            many=declared.many,
            key_field=key_field,
            key_type=key_type,
            key=key,
            key_recorded=self.recorded(key, 1) if key else (),
            events=events,
            links=links,
            fan_out=fan_out,
            paths=tuple(self.paths(view, declared.indexes)),
            version=declared.version,
        )

    def followed(self, fold: Any, union: tuple[Any, ...]) -> Iterator[EventType]:
        for each in union:
            if each in self.events:
                yield self.events[each]
            else:
                self.problem(fold, f"{getattr(each, '__name__', each)} is no event of a declared stream")

    def recorded(self, function: Callable[..., Any], skip: int) -> tuple[str, ...]:
        names = tuple(inspect.signature(function).parameters)[skip:]
        for name in names:
            if name not in RECORDED:
                self.problem(function, f"parameter {name} is none of {', '.join(RECORDED)}")
        return names

    def paths(self, view: type, indexes: Iterable[Index]) -> Iterator[AccessPath]:
        names = fields_of(view)
        for index in indexes:
            for name in (*index.equal, *([index.order] if index.order else [])):
                if name not in names:
                    self.problem(view, f"an index names the field {name}, which is not there")
            yield AccessPath(index.equal, index.order)
