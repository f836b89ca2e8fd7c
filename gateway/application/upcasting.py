"""What became of events that were stored in an earlier schema: the declared steps checked, and walked."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import wraps
from typing import Any

from gateway.application.declarations import Data, Dropped, Renamed, Split, Step, Upcaster, unchanged
from gateway.application.model import EventType, Model, StreamKind, Target, Upcasts
from gateway.messages import DroppedEvent


class UpcastFailed(Exception):
    """An upcaster raised, or gave what it may not; says which, and nothing of the data."""

    def __init__(self, event: str, schema: int, error: Exception) -> None:
        super().__init__(f"the upcaster of {event} from schema {schema} failed: {type(error).__name__}")


@dataclass(frozen=True, slots=True)
class Lifted:
    """A stored event as it is understood today: the data of an event's current schema."""

    type: EventType
    data: Data


def lift(model: Model, event: str, schema: int, data: Data) -> list[Lifted | None]:
    """What a stored event means now, in order; None in the place of one that means nothing any more.

    The event is current or has a step (`Model.upcasts`). The data may be changed. Raises UpcastFailed.
    """
    type_ = model.events.get(event)
    if type_ is not None and type_.schema == schema:
        return [Lifted(type_, data)]
    targets = model.upcasts[event, schema]
    found: list[Lifted | None] = []
    for target in targets:
        made = _made(target, event, schema, deepcopy(data) if len(targets) > 1 else data)
        found += [None] if made is None else lift(model, target.event, target.schema, made)
    return found or [None]


def _made(target: Target, event: str, schema: int, data: Data) -> Data | None:
    try:
        made = target.function(data)
        if made is None and not target.optional:
            raise TypeError("gives nothing")
    except Exception as error:
        raise UpcastFailed(event, schema, error) from error
    return made


def targets(step: Step) -> tuple[Target, ...]:
    """What a step makes of an event; nothing where it is dropped."""
    match step:
        case Upcaster(event, schema, function):
            return (Target(event, schema + 1, function),)
        case Renamed(into=event, into_schema=schema):
            return (Target(event, schema, unchanged),)
        case Split(into=into):
            return tuple(Target(each.event, each.schema, each.function, optional=True) for each in into)
        case Dropped():
            return ()


def drops(step: Step) -> bool:
    """Whether an event may mean nothing behind this step."""
    return isinstance(step, Dropped | Split)


def schema_of(event: str, steps: Iterable[Step]) -> int:
    """The current schema of an event: the one behind its last step."""
    return 1 + sum(1 for each in steps if each.event == event)


@dataclass(frozen=True, slots=True)
class Declared:
    """A step and the kind of streams that it was declared with."""

    step: Step
    kind: StreamKind

    def __str__(self) -> str:
        return f"{type(self.step).__name__}({self.step.event!r}, {self.step.schema})"


def problems_with(declared: Iterable[Declared], events: Mapping[str, EventType]) -> Iterator[str]:
    """Why these steps lead nowhere, to other streams, round in circles, or leave a schema out."""
    steps = list(declared)
    upcasts = upcasts_of(steps)
    kinds = {(each.name, each.schema): each.id for each in events.values()}
    kinds = {(each.step.event, each.step.schema): each.kind.id for each in steps} | kinds
    for each in steps:
        if isinstance(each.step, Split) and not each.step.into:
            yield f"{each} is split into nothing: that is Dropped"
        for target in targets(each.step):
            kind = kinds.get((target.event, target.schema))
            if kind is None:
                yield f"{each} leads to schema {target.schema} of {target.event}, which nothing here reads"
            elif kind != each.kind.id:
                yield f"{each} leads to {target.event}, which belongs to {kind.category} streams"
        if _returns(each, upcasts):
            yield f"{each} leads back to itself"
    yield from _left_out(steps)


def _left_out(steps: list[Declared]) -> Iterator[str]:
    for event in dict.fromkeys(each.step.event for each in steps):
        schemas = sorted(each.step.schema for each in steps if each.step.event == event)
        if schemas != list(range(1, len(schemas) + 1)):
            listed = ", ".join(map(str, schemas))
            yield f"the upcasters of {event} read the schemas {listed}: each from 1 on must be read once"


def _returns(declared: Declared, upcasts: Upcasts) -> bool:
    start = declared.step.event, declared.step.schema
    seen, ahead = set[tuple[str, int]](), [start]
    while ahead:
        for each in upcasts.get(ahead.pop(), ()):
            place = each.event, each.schema
            if place == start:
                return True
            if place not in seen:
                seen.add(place)
                ahead.append(place)
    return False


def upcasts_of(declared: Iterable[Declared]) -> Mapping[tuple[str, int], tuple[Target, ...]]:
    return {(each.step.event, each.step.schema): targets(each.step) for each in declared}


def passing_over(evolve: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """The same for streams that may hold dropped events: nothing changes at those."""

    @wraps(evolve)
    def passing(state: Any, event: Any) -> Any:
        return state if isinstance(event, DroppedEvent) else evolve(state, event)

    return passing
