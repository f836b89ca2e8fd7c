"""What the gateway knows about an application once its signatures are read."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class IdType:
    """A NewType over str that names things: `AccountId`, of kind `Account`, of category `account`."""

    type: Any
    kind: str
    category: str

    def stream(self, local: str) -> str:
        return f"{self.category}-{local}"


@dataclass(frozen=True, slots=True)
class EventType:
    """An event's class, its stored name and schema number, and the field that names its stream."""

    type: type
    name: str
    schema: int
    id: IdType
    id_field: str

    def stream(self, event: object) -> str:
        return self.id.stream(getattr(event, self.id_field))


@dataclass(frozen=True, slots=True)
class StreamKind:
    """How the events of one category are folded into a state."""

    id: IdType
    initial: Any
    evolve: Callable[[Any, Any], Any]
    events: tuple[EventType, ...]


@dataclass(frozen=True, slots=True)
class StateParameter:
    """A parameter of a command function: the state of the stream that the command's `field` names."""

    field: str
    kind: StreamKind


@dataclass(frozen=True, slots=True)
class CommandType:
    """A command, its function, the states it is decided on, and what it may answer.

    `clock` is the parameter that takes the time, `new` the id field that may be derived.
    """

    name: str
    function: Callable[..., Any]
    states: tuple[StateParameter, ...]
    clock: str | None
    new: str | None
    ids: Mapping[str, IdType]
    events: tuple[EventType, ...]
    rejections: tuple[type, ...]
    type: type


@dataclass(frozen=True, slots=True)
class AccessPath:
    """A declared way to find views: equal in some fields, ordered by one (None: by key)."""

    equal: tuple[str, ...]
    order: str | None


@dataclass(frozen=True, slots=True)
class ReadModel:
    """A fold of events into views, and the names under which they are asked for.

    `links` names the view's fields that hold other things' ids. `fan_out` are the id types whose events reach
    every view that links to them. `recorded` are the fold's parameters that come from the recorded event.
    """

    name: str
    view: type
    fold: Callable[..., Any]
    recorded: tuple[str, ...]
    journal: bool
    one: str | None
    many: str
    key_field: str
    key_type: Any
    key: Callable[..., Any] | None
    key_recorded: tuple[str, ...]
    events: tuple[EventType, ...]
    links: Mapping[str, IdType]
    fan_out: tuple[IdType, ...]
    paths: tuple[AccessPath, ...]
    version: int


@dataclass(frozen=True, slots=True)
class Model:
    """An application, read and checked."""

    ids: Mapping[Any, IdType]
    streams: tuple[StreamKind, ...]
    commands: tuple[CommandType, ...]
    events: Mapping[str, EventType]
    read_models: tuple[ReadModel, ...]
    demo: Callable[[], Iterator[object]] | None

    def command_of(self, command: object) -> CommandType:
        return self._by_class()[type(command)]

    def _by_class(self) -> Mapping[type, CommandType]:
        return {each.type: each for each in self.commands}

    def event_of(self, event: object) -> EventType:
        return self.events[type(event).__name__]

    def viewing(self, id_type: IdType) -> ReadModel | None:
        """The read model whose views stand for an id type's things: named like its kind, else the first."""
        keyed: Sequence[ReadModel] = [
            each for each in self.read_models if not each.journal and each.key_type is id_type.type
        ]
        named = [each for each in keyed if each.view.__name__ == id_type.kind]
        return next(iter([*named, *keyed]), None)
