"""Read models from the signatures of their folds."""

import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

from gateway.application.declarations import Index, Journal, View
from gateway.application.model import AccessPath, EventType, ReadModel
from gateway.application.reading.findings import Findings
from gateway.application.types import fields_of, is_data, members, optional

RECORDED = ("at", "position", "version", "actor")
"""The names by which a fold may ask for the recorded event's own data."""


def read_model(findings: Findings, entry: Any) -> ReadModel | None:
    """A read model; None, and a problem, for what is none. Streams and events have been read before."""
    if not isinstance(entry, View | Journal):
        return findings.problem(entry, "is neither a View nor a Journal")
    declared = cast("View[Any, Any] | Journal[Any, Any]", entry)
    journal = isinstance(declared, Journal)
    fold: Callable[..., Any] = declared.append if isinstance(declared, Journal) else declared.project
    before, union, *_ = findings.parameters(fold)
    view, _ = optional(before)
    if not is_data(view):
        return findings.problem(fold, "the first parameter of a fold is its view or None")
    if not (fields := findings.fields(view)):
        return findings.problem(view, "has no key: a view's first field is its key")
    (key_field, key_type), *_ = fields.items()
    links = {name: each for name, each in findings.ids_in(view).items() if journal or name != key_field}
    events = tuple(_followed(findings, fold, members(union)))
    key = None if isinstance(declared, Journal) else declared.key
    others = dict.fromkeys(event.id for event in events if event.id.type is not key_type)
    fan_out = () if key else tuple(others)
    for other in fan_out:
        if journal or other not in links.values():
            findings.problem(fold, f"events of {other.category} streams reach no field of {view.__name__}")
    stands_for = None if journal or key else findings.kinds.get(key_type)
    if stands_for and "version" in fields:
        findings.problem(view, "field version: the view of a stream has a version of the gateway's own")
    return ReadModel(
        name=declared.many,
        view=view,
        fold=fold,
        recorded=_recorded(findings, fold, 2),
        journal=journal,
        one=None if isinstance(declared, Journal) else declared.one,
        many=declared.many,
        key_field=key_field,
        key_type=key_type,
        key=key,
        key_recorded=_recorded(findings, key, 1) if key else (),
        events=events,
        stream=stands_for.id if stands_for else None,
        links=links,
        fan_out=fan_out,
        paths=tuple(_paths(findings, view, declared.indexes)),
        version=declared.version,
        history=isinstance(declared, View) and declared.history,
    )


def _followed(findings: Findings, fold: Any, union: tuple[Any, ...]) -> Iterator[EventType]:
    for each in union:
        name = getattr(each, "__name__", each)
        if each not in findings.events:
            findings.problem(fold, f"{name} is no event of a declared stream")
        elif findings.events[each].id.normalise:
            findings.problem(fold, f"{name} tells of a unique value, in whose place the log holds a digest")
        else:
            yield findings.events[each]


def _recorded(findings: Findings, function: Callable[..., Any], skip: int) -> tuple[str, ...]:
    names = tuple(inspect.signature(function).parameters)[skip:]
    for name in names:
        if name not in RECORDED:
            findings.problem(function, f"parameter {name} is none of {', '.join(RECORDED)}")
    return names


def _paths(findings: Findings, view: type, indexes: Iterable[Index]) -> Iterator[AccessPath]:
    names = fields_of(view)
    for index in indexes:
        for name in (*index.equal, *([index.order] if index.order else [])):
            if name not in names:
                findings.problem(view, f"an index names the field {name}, which is not there")
        yield AccessPath(index.equal, index.order)
