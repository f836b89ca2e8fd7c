"""Which views an event reaches: the one of its key, or all that link to what it is about."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias

from gateway.application.model import EventType, ReadModel
from gateway.messages import RecordedEvent
from gateway.mongo.codec import value_encoder
from gateway.mongo.paths import stored_name

Units: TypeAlias = Sequence[Sequence[RecordedEvent]]
"""Events in groups that are applied together or not at all: the commits of a batch, or a commit's events."""


FanOut: TypeAlias = tuple[tuple[str, ...], Any]
"""Links and the id that they hold."""


class FoldFailed(Exception):
    """A key function raised, or stored views can't be read; says at which event, and nothing of its content.

    Nothing tells then which views would be wrong, so it is the read model that can't go on.
    """

    def __init__(self, recorded: RecordedEvent, unit: int, error: Exception) -> None:
        self.unit = unit
        event = type(recorded.event).__name__
        super().__init__(f"{type(error).__name__} at position {recorded.position}, event {event}.")


class WrongKey(Exception):
    """A fold gave a view of another key than the event's."""


@dataclass(frozen=True, slots=True)
class Route:
    """How events find their views: by key, or by the view's `links` that hold the key.

    `own` says that they are of the stream that the view stands for, `folded` that the fold takes them.
    """

    key: Callable[[RecordedEvent], Any]
    links: tuple[str, ...] = ()
    own: bool = False
    folded: bool = True


class Step(NamedTuple):
    """One event on its way to the view of `key`, or to all views whose `links` hold it."""

    recorded: RecordedEvent
    unit: int
    key: Any
    links: tuple[str, ...]
    own: bool = False
    folded: bool = True


@dataclass(frozen=True, slots=True)
class Plan:
    """A read model, ready to be folded: `routes` by the event's class, `links` all that events fan out by."""

    model: ReadModel
    routes: Mapping[type, Route]
    links: tuple[str, ...]
    fold: Callable[[Any, RecordedEvent], Any]
    store_key: Callable[[Any], Any]

    def stored(self, field: str) -> str:
        return stored_name(field, self.model.key_field, self.model.journal)


@dataclass(frozen=True, slots=True)
class Reached:
    """The steps of the first `units` units; of all of them, unless a key function failed."""

    steps: Sequence[Step]
    units: int
    failure: FoldFailed | None = None

    def first(self, units: int) -> "Reached":
        """The same for fewer units."""
        return Reached([step for step in self.steps if step.unit < units], units)


def plan(model: ReadModel) -> Plan:
    fan_out = set(model.fan_out)
    return Plan(
        model=model,
        routes={each.type: _route(model, each) for each in model.events},
        links=tuple(name for name, id_type in model.links.items() if id_type in fan_out),
        fold=_fold(model.fold, model.recorded),
        store_key=value_encoder(model.key_type),
    )


def reach(plan: Plan, units: Units) -> Reached:
    """The steps of some units in their order, up to the unit in which a key function fails."""
    steps: list[Step] = []
    for number, unit in enumerate(units):
        for recorded in unit:
            route = routed(plan, recorded)
            if route is None:
                continue
            try:
                key = route.key(recorded)
                steps.append(Step(recorded, number, key, route.links, route.own, route.folded))
            except Exception as error:
                before = [step for step in steps if step.unit < number]
                return Reached(before, number, FoldFailed(recorded, number, error))
    return Reached(steps, len(units))


def routed(plan: Plan, recorded: RecordedEvent) -> Route | None:
    """The way of an event to its views; None where it has none."""
    return plan.routes.get(type(recorded.event)) or _beside(plan.model, recorded)


def fan_outs(reached: Reached) -> dict[FanOut, int]:
    """The links and keys by which these steps reach other views, each with the first unit that does."""
    found: dict[FanOut, int] = {}
    for step in reached.steps:
        if step.links:
            found.setdefault((step.links, step.key), step.unit)
    return found


def fitting(reached: Reached, counts: Mapping[FanOut, int], most: int) -> Reached:
    """As many units as reach no more than `most` linked views, where `counts` says how many there are."""
    for fan_out, unit in fan_outs(reached).items():
        most -= counts[fan_out]
        if most < 0:
            return reached.first(unit)
    return reached


def _route(model: ReadModel, event: EventType) -> Route:
    own = attrgetter(f"event.{event.id_field}")
    if model.key is not None:
        return Route(_key(model.key, model.key_recorded))
    if model.journal or event.id.type is model.key_type:
        return Route(own, own=model.stream is not None)
    return Route(own, tuple(name for name, id_type in model.links.items() if id_type == event.id))


def _beside(model: ReadModel, recorded: RecordedEvent) -> Route | None:
    """The way of an event that is not followed to the view of its stream: it changes the view's version alone."""
    category, _, _ = recorded.stream.partition("-")
    return _BESIDE if model.stream and category == model.stream.category else None


_BESIDE = Route(lambda recorded: recorded.stream.partition("-")[2], own=True, folded=False)


def _key(function: Callable[..., Any], names: tuple[str, ...]) -> Callable[[RecordedEvent], Any]:
    given = _called(function, "recorded: function(recorded.event", names)

    def key(recorded: RecordedEvent) -> Any:
        found = given(recorded)
        hash(found)  # raises here, where it is told of which event, for what can be no key
        return found

    return key


def _fold(function: Callable[..., Any], names: tuple[str, ...]) -> Callable[[Any, RecordedEvent], Any]:
    return _called(function, "view, recorded: function(view, recorded.event", names)


def _called(function: Callable[..., Any], call: str, names: tuple[str, ...]) -> Callable[..., Any]:
    """The application's function as it is called, with what else it names of the recorded event.

    Generated: to make keyword arguments for every event anew takes as long as a short fold.
    """
    named = "".join(f", {name}=recorded.{name}" for name in names)
    return eval(f"lambda {call}{named})", {"function": function})  # our own expressions only
