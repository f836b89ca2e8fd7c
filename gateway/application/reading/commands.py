"""Commands from the signatures of the functions that decide."""

import inspect
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Any, get_type_hints

from gateway.application.declarations import Command
from gateway.application.descriptions import deprecated_fields
from gateway.application.model import CommandType, EventType, StateParameter, StreamKind
from gateway.application.parameters import Signature, states
from gateway.application.reading.findings import Findings
from gateway.application.types import NOTHING, fields_of, is_data, opened, optional


def command(findings: Findings, entry: Any) -> CommandType | None:
    """A command; None, and a problem, for what is none. Streams and events have been read before."""
    declared = entry if isinstance(entry, Command) else Command(entry)
    function = declared.function
    if not inspect.isroutine(function):
        return findings.problem(function, "is no command function")
    hints = findings.resolved(get_type_hints, function)
    names = list(inspect.signature(function).parameters)
    type_ = hints.get(names[0]) if names else None
    if not (isinstance(type_, type) and is_data(type_)):
        return findings.problem(function, "the first parameter of a command function is its command, a dataclass")
    findings.fields(type_)
    ids = findings.ids_in(type_)
    taken = {name: hints.get(name) for name in names[1:] if hints.get(name) is not datetime}
    signature = Signature(taken, _named_in(findings, type_), declared.also)
    parameters = tuple(states(signature, findings.kinds, partial(findings.problem, function)))
    answers = tuple(_answers(findings, function, hints.get("return")))
    events, rejections = _events(findings, function, answers, parameters), _rejections(findings, answers)
    _deprecated_fields_of(findings, type_, declared.new)
    if declared.new is not None and declared.new not in ids:
        findings.problem(function, f"new={declared.new!r} is no id field of {type_.__name__}")
    clock = next((name for name in names[1:] if hints.get(name) is datetime), None)
    name = type_.__name__
    return CommandType(name, function, parameters, clock, declared.new, ids, events, rejections, type_)


def _events(
    findings: Findings, function: Any, answers: Iterable[type], parameters: Iterable[StateParameter]
) -> tuple[EventType, ...]:
    """The events among its answers; each belongs to a stream that it decides on."""
    events = tuple(findings.events[each] for each in answers if each in findings.events)
    decided = [each.kind.id for each in parameters]
    for event in events:
        if event.id not in decided:
            findings.problem(function, f"adds {event.name} to a stream whose state it does not take")
    return events


def _rejections(findings: Findings, answers: Iterable[type]) -> tuple[type, ...]:
    rejections = tuple(each for each in answers if is_data(each) and each not in findings.events)
    for each in rejections:
        findings.fields(each)
        findings.ids_in(each)
    return rejections


def _deprecated_fields_of(findings: Findings, command: type, new: str | None) -> None:
    """GraphQL has no deprecated field of an input that a client must give."""
    for name in deprecated_fields(command):
        if name != new and not optional(fields_of(command)[name])[1]:
            findings.problem(command, f"field {name}: is deprecated and can't be left out: make it optional first")


def _named_in(findings: Findings, type_: type) -> dict[str, StreamKind]:
    """The fields that name a stream of a declared kind."""
    inner = {name: optional(each)[0] for name, each in findings.resolved(fields_of, type_).items()}
    return {name: findings.kinds[each] for name, each in inner.items() if each in findings.kinds}


def _answers(findings: Findings, function: Any, annotation: Any) -> Iterator[type]:
    """The classes of a return annotation, tuples and unions opened; each once."""
    for each in dict.fromkeys(opened(annotation)):
        if is_data(each):
            yield each
        elif each is None:
            findings.problem(function, "does not say what it answers")
        elif each is not NOTHING:
            findings.problem(function, f"answers {getattr(each, '__name__', each)}, no event and no rejection")
