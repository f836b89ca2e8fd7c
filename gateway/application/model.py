"""What the gateway knows about an application once its signatures are read."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

Digest: TypeAlias = Callable[[str, str], str]
"""A hash of a category's value that can be a local id: keyed where the log is, so it is of no use for guessing."""


@dataclass(frozen=True, slots=True)
class IdType:
    """A NewType over str that names things: `AccountId`, of kind `Account`, of category `account`.

    With `normalise` it is a unique value, `Email`: the digest of its normal form names the stream, and stands
    for it in the log.
    """

    type: Any
    kind: str
    category: str
    normalise: Callable[[Any], str] | None = None

    def stream(self, local: str) -> str:
        return f"{self.category}-{local}"

    def local(self, value: Any, digest: Digest) -> str:
        """What stands for a value in a stream's name: an id itself, of a unique value its digest."""
        return value if self.normalise is None else digest(self.category, self.normalise(value))


@dataclass(frozen=True, slots=True)
class EventType:
    """An event's class, its stored name and schema number, and the field that names its stream."""

    type: type
    name: str
    schema: int
    id: IdType
    id_field: str

    def stream(self, event: object) -> str:
        """The stream of an event as the log holds it."""
        return self.id.stream(getattr(event, self.id_field))

    def sealed(self, event: Any, digest: Digest) -> Any:
        """An event as the log holds it: a unique value gives way to its digest."""
        if self.id.normalise is None:
            return event
        return replace(event, **{self.id_field: self.id.local(getattr(event, self.id_field), digest)})


@dataclass(frozen=True, slots=True)
class Target:
    """What an upcaster leads to: the event and schema whose data `function` gives; None only where `optional`."""

    event: str
    schema: int
    function: Callable[[dict[str, Any]], dict[str, Any] | None]
    optional: bool = False


Upcasts: TypeAlias = Mapping[tuple[str, int], tuple[Target, ...]]
"""What becomes of an event of a schema that is not current; nothing where it is dropped."""


@dataclass(frozen=True, slots=True)
class StreamKind:
    """How the events of one category are folded into a state; `evolve` passes over dropped ones."""

    id: IdType
    initial: Any
    evolve: Callable[[Any, Any], Any]
    events: tuple[EventType, ...]
    state: Any


@dataclass(frozen=True, slots=True)
class StateParameter:
    """A parameter of a command function: the state of the stream that the command's `field` names.

    With `follow`, `field` is the parameter's name alone: the stream is named by what `follow` finds in the states
    `needs`, whose streams the command's fields name. Where nothing names a stream the state is None.
    """

    field: str
    kind: StreamKind
    follow: Callable[..., Any] | None = None
    needs: tuple[str, ...] = ()


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
    every view that links to them. `recorded` are the fold's parameters that come from the recorded event. `stream`
    is the kind of stream that a view stands for, None where its key is anything but a stream's id: that stream's
    events, followed or not, give the view its version. `generation` tells apart what is kept of the same version.
    `history` says that the views' past is kept, `alone` that a journal's fold looks at the event and never at the
    last view.
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
    stream: IdType | None
    links: Mapping[str, IdType]
    fan_out: tuple[IdType, ...]
    paths: tuple[AccessPath, ...]
    version: int
    generation: int = 1
    history: bool = False
    alone: bool = False

    @property
    def kept(self) -> bool:
        """Whether the gateway keeps its views beside the log: they follow from no events, nobody waits for them."""
        return not self.events

    @property
    def newest_first(self) -> bool:
        """Whether the latest views come first where no order is asked for."""
        return self.journal or self.kept


@dataclass(frozen=True, slots=True)
class Model:
    """An application, read and checked."""

    ids: Mapping[Any, IdType]
    streams: tuple[StreamKind, ...]
    commands: tuple[CommandType, ...]
    events: Mapping[str, EventType]
    read_models: tuple[ReadModel, ...]
    demo: Callable[[], Iterator[object]] | None
    upcasts: Upcasts = field(default_factory=dict[tuple[str, int], tuple[Target, ...]])
    history: bool = False

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
