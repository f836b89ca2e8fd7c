"""Reads an application's signatures into a model, and reports every mistake at once."""

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, cast, get_type_hints

from gateway.application.declarations import (
    Application,
    Command,
    Dropped,
    Index,
    Journal,
    Renamed,
    Split,
    Step,
    Stream,
    Unique,
    Upcaster,
    View,
)
from gateway.application.descriptions import deprecated_fields
from gateway.application.model import (
    AccessPath,
    CommandType,
    EventType,
    IdType,
    Model,
    ReadModel,
    StreamKind,
)
from gateway.application.naming import snake
from gateway.application.parameters import Signature, states
from gateway.application.types import (
    NOTHING,
    fields_of,
    is_data,
    is_id,
    is_new_type,
    members,
    opened,
    optional,
    problem_with,
)
from gateway.application.upcasting import Declared, drops, passing_over, problems_with, schema_of, upcasts_of
from gateway.errors import InvalidApplication

RECORDED = ("at", "position", "version", "actor")
"""The names by which a fold may ask for the recorded event's own data."""


def read(application: Application) -> Model:
    """The model of an application. Raises InvalidApplication with every mistake found."""
    reading = _Reading()
    streams = tuple(each for entry in application.streams if (each := reading.stream(entry)))
    reading.kinds = {each.id.type: each for each in streams}
    reading.events = {event.type: event for kind in streams for event in kind.events}
    for problem in problems_with(reading.steps, {each.name: each for each in reading.events.values()}):
        reading.add(problem)
    commands = tuple(each for entry in application.commands if (each := reading.command(entry)))
    views = tuple(each for entry in application.views if (each := reading.read_model(entry)))
    reading.unique("stream category", (each.id.category for each in streams))
    reading.unique("event", (each.name for each in reading.events.values()))
    reading.unique("command", (each.name for each in commands))
    reading.unique("rejection", (each.__name__ for each in {one for each in commands for one in each.rejections}))
    reading.unique("API name", (name for each in views for name in (each.one, each.many) if name))
    reading.unique("view", (each.view.__name__ for each in views))
    if application.history:
        reading.unique("name of the history", ("history", "events", *(each.many for each in views)))
    if reading.problems:
        raise InvalidApplication(reading.problems)
    events = {each.name: each for each in reading.events.values()}
    upcasts = upcasts_of(reading.steps)
    return Model(reading.ids, streams, commands, events, views, application.demo, upcasts, application.history)


@dataclass
class _Reading:
    problems: list[str] = field(default_factory=list[str])
    ids: dict[Any, IdType] = field(default_factory=dict[Any, IdType])
    kinds: dict[Any, StreamKind] = field(default_factory=dict[Any, StreamKind])
    events: dict[type, EventType] = field(default_factory=dict[type, EventType])
    steps: list[Declared] = field(default_factory=list[Declared])

    def problem(self, where: Any, what: str) -> None:
        name = getattr(where, "__qualname__", str(where))
        self.add(f"{getattr(where, '__module__', '?')}.{name}: {what}")

    def add(self, problem: str) -> None:
        """Once: a rejection that many commands answer is read with each of them."""
        if problem not in self.problems:
            self.problems.append(problem)

    def unique(self, what: str, names: Iterable[str]) -> None:
        seen: set[str] = set()
        for name in names:
            if name in seen:
                self.add(f"two parts have the {what} {name}")
            seen.add(name)

    def id_type(self, annotation: Any) -> IdType:
        if annotation not in self.ids:
            kind = annotation.__name__.removesuffix("Id")
            self.ids[annotation] = IdType(annotation, kind, snake(kind))
        return self.ids[annotation]

    def ids_in(self, type_: type) -> dict[str, IdType]:
        inner = {name: optional(each)[0] for name, each in self.resolved(fields_of, type_).items()}
        return {name: self.id_type(each) for name, each in inner.items() if is_id(each)}

    def fields(self, type_: type) -> dict[str, Any]:
        found = self.resolved(fields_of, type_)
        for name, annotation in found.items():
            if problem := problem_with(annotation):
                self.problem(type_, f"field {name}: {problem}")
        return found

    def resolved(self, read: Callable[[Any], dict[str, Any]], where: Any) -> dict[str, Any]:
        """Annotations by name; none, and a problem, where one names what is not there."""
        try:
            return read(where)
        except (NameError, AttributeError, TypeError) as error:
            self.problem(where, f"has an annotation that can't be resolved: {error}")
            return {}

    def stream(self, entry: Any) -> StreamKind | None:
        if not isinstance(entry, Stream | Unique):
            return self.problem(entry, "is no Stream")
        declared = cast("Stream[Any, Any] | Unique[Any, Any, Any]", entry)
        id_type = self.value_type(declared) if isinstance(declared, Unique) else self.stream_id(declared.id)
        if id_type is None:
            return None
        steps = tuple(self.steps_of(declared))
        state, union, *_ = self.parameters(declared.evolve)
        events = tuple(self.event(each, id_type, steps) for each in self.events_of(declared.evolve, union))
        evolve = passing_over(declared.evolve) if any(map(drops, steps)) else declared.evolve
        kind = StreamKind(id_type, declared.initial, evolve, events, state)
        self.steps += [Declared(each, kind) for each in steps]
        return kind

    def stream_id(self, type_: Any) -> IdType | None:
        if not is_id(type_):
            return self.problem(type_, "is no id: an id is a NewType over str whose name ends in Id")
        return self.id_type(type_)

    def value_type(self, declared: Unique[Any, Any, Any]) -> IdType | None:
        type_: Any = declared.value
        if is_id(type_) or not is_new_type(type_) or type_.__supertype__ is not str:
            return self.problem(type_, "is no value: a unique value is a NewType over str that is no id")
        return IdType(type_, type_.__name__, snake(type_.__name__), declared.normalise)

    def steps_of(self, declared: Stream[Any, Any] | Unique[Any, Any, Any]) -> Iterator[Step]:
        for each in declared.upcasters:
            if isinstance(each, Upcaster | Renamed | Split | Dropped):  # pyright: ignore[reportUnnecessaryIsInstance] # an application may be untyped
                yield each
            else:
                self.problem(each, "is no Upcaster, Renamed, Split or Dropped")

    def events_of(self, evolve: Callable[..., Any], union: Any) -> Iterator[type]:
        for each in members(union):
            if is_data(each):
                yield each
            elif each is not None:
                self.problem(evolve, f"{getattr(each, '__name__', each)} is no event: an event is a dataclass")

    def event(self, type_: type, id_type: IdType, steps: tuple[Step, ...]) -> EventType:
        first, *_ = [*self.fields(type_).items(), ("", None)]
        if first[0] and first[1] is not id_type.type:
            self.problem(
                type_, f"the first field of an event of {id_type.category} streams is its {id_type.type.__name__}"
            )
        return EventType(type_, type_.__name__, schema_of(type_.__name__, steps), id_type, first[0])

    def parameters(self, function: Callable[..., Any]) -> list[Any]:
        """The annotations of a function's parameters, in order; at least two."""
        hints = self.resolved(get_type_hints, function)
        found = [hints.get(name) for name in inspect.signature(function).parameters]
        if len(found) < 2 or None in found:
            self.problem(function, "takes two annotated parameters at least")
        return [*found, None, None]

    def command(self, entry: Any) -> CommandType | None:
        declared = entry if isinstance(entry, Command) else Command(entry)
        function = declared.function
        if not inspect.isroutine(function):
            return self.problem(function, "is no command function")
        hints = self.resolved(get_type_hints, function)
        names = list(inspect.signature(function).parameters)
        type_ = hints.get(names[0]) if names else None
        if not (isinstance(type_, type) and is_data(type_)):
            return self.problem(function, "the first parameter of a command function is its command, a dataclass")
        self.fields(type_)
        ids = self.ids_in(type_)
        taken = {name: hints.get(name) for name in names[1:] if hints.get(name) is not datetime}
        signature = Signature(taken, self.named_in(type_), declared.also)
        parameters = tuple(states(signature, self.kinds, partial(self.problem, function)))
        answers = tuple(self.answers(function, hints.get("return")))
        events = tuple(self.events[each] for each in answers if each in self.events)
        rejections = tuple(each for each in answers if is_data(each) and each not in self.events)
        for event in events:
            if event.id not in [each.kind.id for each in parameters]:
                self.problem(function, f"adds {event.name} to a stream whose state it does not take")
        for rejection in rejections:
            self.fields(rejection)
            self.ids_in(rejection)
        self.deprecated_fields_of(type_, declared.new)
        if declared.new is not None and declared.new not in ids:
            self.problem(function, f"new={declared.new!r} is no id field of {type_.__name__}")
        clock = next((name for name in names[1:] if hints.get(name) is datetime), None)
        name = type_.__name__
        return CommandType(name, function, parameters, clock, declared.new, ids, events, rejections, type_)

    def deprecated_fields_of(self, command: type, new: str | None) -> None:
        """GraphQL has no deprecated field of an input that a client must give."""
        for name in deprecated_fields(command):
            if name != new and not optional(fields_of(command)[name])[1]:
                self.problem(command, f"field {name}: is deprecated and can't be left out: make it optional first")

    def named_in(self, type_: type) -> dict[str, StreamKind]:
        """The fields that name a stream of a declared kind."""
        inner = {name: optional(each)[0] for name, each in self.resolved(fields_of, type_).items()}
        return {name: self.kinds[each] for name, each in inner.items() if each in self.kinds}

    def answers(self, function: Any, annotation: Any) -> Iterator[type]:
        """The classes of a return annotation, tuples and unions opened; each once."""
        for each in dict.fromkeys(opened(annotation)):
            if is_data(each):
                yield each
            elif each is None:
                self.problem(function, "does not say what it answers")
            elif each is not NOTHING:
                self.problem(function, f"answers {getattr(each, '__name__', each)}, no event and no rejection")

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
        if not (fields := self.fields(view)):
            return self.problem(view, "has no key: a view's first field is its key")
        (key_field, key_type), *_ = fields.items()
        links = {name: each for name, each in self.ids_in(view).items() if journal or name != key_field}
        events = tuple(self.followed(fold, members(union)))
        key = None if isinstance(declared, Journal) else declared.key
        others = dict.fromkeys(event.id for event in events if event.id.type is not key_type)
        fan_out = () if key else tuple(others)
        for other in fan_out:
            if journal or other not in links.values():
                self.problem(fold, f"events of {other.category} streams reach no field of {view.__name__}")
        stands_for = None if journal or key else self.kinds.get(key_type)
        if stands_for and "version" in fields:
            self.problem(view, "field version: the view of a stream has a version of the gateway's own")
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
            stream=stands_for.id if stands_for else None,
            links=links,
            fan_out=fan_out,
            paths=tuple(self.paths(view, declared.indexes)),
            version=declared.version,
            history=isinstance(declared, View) and declared.history,
        )

    def followed(self, fold: Any, union: tuple[Any, ...]) -> Iterator[EventType]:
        for each in union:
            name = getattr(each, "__name__", each)
            if each not in self.events:
                self.problem(fold, f"{name} is no event of a declared stream")
            elif self.events[each].id.normalise:
                self.problem(fold, f"{name} tells of a unique value, in whose place the log holds a digest")
            else:
                yield self.events[each]

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
