"""Reads an application's signatures into a model, and reports every mistake at once."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from gateway.application.declarations import Application
from gateway.application.model import CommandType, Model, ReadModel
from gateway.application.reading.commands import command
from gateway.application.reading.findings import Findings
from gateway.application.reading.streams import stream
from gateway.application.reading.views import read_model
from gateway.application.upcasting import problems_with, upcasts_of
from gateway.errors import InvalidApplication

T = TypeVar("T")


def read(application: Application) -> Model:
    """The model of an application. Raises InvalidApplication with every mistake found."""
    findings = Findings()
    streams = _each(stream, findings, application.streams)
    findings.kinds = {each.id.type: each for each in streams}
    findings.events = {event.type: event for kind in streams for event in kind.events}
    events = {each.name: each for each in findings.events.values()}
    for problem in problems_with(findings.steps, events):
        findings.add(problem)
    commands = _each(command, findings, application.commands)
    views = _each(read_model, findings, application.views)
    findings.unique("stream category", (each.id.category for each in streams))
    findings.unique("event", (each.name for each in findings.events.values()))
    _compare_names(findings, commands, views, application.history)
    if findings.problems:
        raise InvalidApplication(findings.problems)
    upcasts = upcasts_of(findings.steps)
    return Model(findings.ids, streams, commands, events, views, application.demo, upcasts, application.history)


def _each(reader: Callable[[Findings, Any], T | None], findings: Findings, entries: Iterable[Any]) -> tuple[T, ...]:
    return tuple(each for entry in entries if (each := reader(findings, entry)) is not None)


def _compare_names(
    findings: Findings, commands: Iterable[CommandType], views: Iterable[ReadModel], history: bool
) -> None:
    """No name stands for two things in the schema."""
    findings.unique("command", (each.name for each in commands))
    findings.unique("rejection", (each.__name__ for each in {one for each in commands for one in each.rejections}))
    findings.unique("API name", (name for each in views for name in (each.one, each.many) if name))
    findings.unique("view", (each.view.__name__ for each in views))
    if history:
        findings.unique("name of the history", ("history", "events", *(each.many for each in views)))
