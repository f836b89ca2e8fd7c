"""The read model `history`: every event of the log as a view, for an application that switches it on.

It is built by the watcher like any other, so a query of events never reads the log.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NewType

from gateway.application.model import AccessPath, Model, ReadModel
from gateway.mongo.codec import decoder, encoder

NAME = "history"

StreamName = NewType("StreamName", str)


@dataclass(frozen=True, slots=True)
class Entry:
    """An event as the log has it; `data` is what its fields are stored as."""

    stream: StreamName
    category: str
    type: str
    position: int
    index: int
    at: datetime
    version: int
    actor: str
    correlation: str | None
    causation: str | None
    data: Any


_RECORDED = ("stream", "position", "index", "at", "version", "actor", "correlation", "causation")
_PATHS = (("stream",), ("category",), ("type",), ("causation",))
_BY_TIME = AccessPath((), "at")


def history_of(model: Model) -> ReadModel:
    """The read model of all events of an application.

    Its version is raised by everything that becomes of an event's schema: what is kept is the newest one's data.
    """
    return ReadModel(
        name=NAME,
        view=Entry,
        fold=_entry,
        recorded=_RECORDED,
        journal=True,
        one=None,
        many="events",
        key_field="stream",
        key_type=StreamName,
        key=_stream,
        key_recorded=("stream",),
        events=tuple(model.events.values()),
        stream=None,
        links={},
        fan_out=(),
        paths=(*(AccessPath(each, None) for each in _PATHS), _BY_TIME),
        version=1 + len(model.upcasts),
        alone=True,
    )


def with_history(model: Model) -> Model:
    """What the watcher builds: an application's read models, and its history where it keeps one."""
    return replace(model, read_models=(*model.read_models, history_of(model))) if model.history else model


def event_of(model: Model, entry: Entry) -> object:
    """The event that an entry holds."""
    return decoder(model.events[entry.type].type)(entry.data)


def _stream(_event: object, *, stream: str) -> str:
    return stream


def _entry(_last: Entry | None, event: object, **recorded: Any) -> Entry:
    category, _, _ = recorded["stream"].partition("-")
    type_ = type(event)
    return Entry(**recorded, category=category, type=type_.__name__, data=encoder(type_)(event))
