"""Streams, and the events in them, from the signature of `evolve`."""

from collections.abc import Callable, Iterator
from typing import Any, cast

from gateway.application.declarations import Dropped, Renamed, Split, Step, Stream, Unique, Upcaster
from gateway.application.model import EventType, IdType, StreamKind
from gateway.application.naming import snake
from gateway.application.reading.findings import Findings
from gateway.application.types import is_data, is_id, is_new_type, members
from gateway.application.upcasting import Declared, drops, passing_over, schema_of


def stream(findings: Findings, entry: Any) -> StreamKind | None:
    """A kind of stream; None, and a problem, for what is none."""
    if not isinstance(entry, Stream | Unique):
        return findings.problem(entry, "is no Stream")
    declared = cast("Stream[Any, Any] | Unique[Any, Any, Any]", entry)
    id_type = _value_type(findings, declared) if isinstance(declared, Unique) else _stream_id(findings, declared.id)
    if id_type is None:
        return None
    steps = tuple(_steps_of(findings, declared))
    state, union, *_ = findings.parameters(declared.evolve)
    events = tuple(_event(findings, each, id_type, steps) for each in _events_of(findings, declared.evolve, union))
    evolve = passing_over(declared.evolve) if any(map(drops, steps)) else declared.evolve
    kind = StreamKind(id_type, declared.initial, evolve, events, state)
    findings.steps += [Declared(each, kind) for each in steps]
    return kind


def _stream_id(findings: Findings, type_: Any) -> IdType | None:
    if not is_id(type_):
        return findings.problem(type_, "is no id: an id is a NewType over str whose name ends in Id")
    return findings.id_type(type_)


def _value_type(findings: Findings, declared: Unique[Any, Any, Any]) -> IdType | None:
    type_: Any = declared.value
    if is_id(type_) or not is_new_type(type_) or type_.__supertype__ is not str:
        return findings.problem(type_, "is no value: a unique value is a NewType over str that is no id")
    return IdType(type_, type_.__name__, snake(type_.__name__), declared.normalise)


def _steps_of(findings: Findings, declared: Stream[Any, Any] | Unique[Any, Any, Any]) -> Iterator[Step]:
    for each in declared.upcasters:
        if isinstance(each, Upcaster | Renamed | Split | Dropped):  # pyright: ignore[reportUnnecessaryIsInstance] # an application may be untyped
            yield each
        else:
            findings.problem(each, "is no Upcaster, Renamed, Split or Dropped")


def _events_of(findings: Findings, evolve: Callable[..., Any], union: Any) -> Iterator[type]:
    for each in members(union):
        if is_data(each):
            yield each
        elif each is not None:
            findings.problem(evolve, f"{getattr(each, '__name__', each)} is no event: an event is a dataclass")


def _event(findings: Findings, type_: type, id_type: IdType, steps: tuple[Step, ...]) -> EventType:
    first, *_ = [*findings.fields(type_).items(), ("", None)]
    if first[0] and first[1] is not id_type.type:
        findings.problem(
            type_, f"the first field of an event of {id_type.category} streams is its {id_type.type.__name__}"
        )
    return EventType(type_, type_.__name__, schema_of(type_.__name__, steps), id_type, first[0])
