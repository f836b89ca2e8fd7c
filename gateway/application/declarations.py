"""The words of a composition root: streams, commands, views, and the names that the API gives them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Concatenate, Generic, TypeAlias, TypeVar

S = TypeVar("S")
E = TypeVar("E")
V = TypeVar("V")
U = TypeVar("U")


class Part:
    """One entry of a composition root.

    Not generic on purpose: lists of `Part` keep the type checker comparing each entry's own functions,
    a list of `Stream[Any, Any]` would silently switch that off.
    """


Data: TypeAlias = dict[str, Any]
"""An event's stored data as plain Python values.

Text, an id and a NewType are a str, an enum the name of its member, a date ISO text, a tuple a list, nested data a
dict; int, bool, Decimal, datetime, UUID and None are themselves.
"""


def unchanged(data: Data) -> Data:
    """The data as it is: where only the number or the name changes."""
    return data


@dataclass(frozen=True)
class Upcaster:
    """The stored data of an event in one schema, made into the next one's when it is read.

    `function` may change and return what it is given, and reads nothing else: no clock, no other event. Nothing is
    ever written back to the log.
    """

    event: str
    schema: int
    function: Callable[[Data], Data] = unchanged


@dataclass(frozen=True)
class Renamed:
    """From a schema on, an event has another name; its data is that of the new name's schema `into_schema`."""

    event: str
    schema: int
    into: str
    into_schema: int = 1


@dataclass(frozen=True)
class Into:
    """One of the events that a stored one is split into; `function` gives its data, or None where there is none."""

    event: str
    function: Callable[[Data], Data | None] = unchanged
    schema: int = 1


@dataclass(frozen=True)
class Split:
    """From a schema on, an event stands for several of its stream, in this order."""

    event: str
    schema: int
    into: Sequence[Into]


@dataclass(frozen=True)
class Dropped:
    """From a schema on, an event means nothing any more; it keeps its version in its stream."""

    event: str
    schema: int


Step: TypeAlias = Upcaster | Renamed | Split | Dropped
"""What became of an event's schema."""


@dataclass(frozen=True)
class Stream(Part, Generic[S, E]):
    """A kind of stream: the id type, the state before any event, and how an event changes it.

    `evolve` gives another state and never changes the one that it is given, nor anything in it: all streams share
    `initial`, commands are decided on states that others still need, and snapshots are written later.

    `upcasters` say what became of each schema that events of these streams were stored in before: one for each
    event and schema. An event's current schema is the one behind its last.
    """

    id: Callable[[str], Any]
    initial: S
    evolve: Callable[[S, E], S]
    upcasters: Sequence[Step] = ()


@dataclass(frozen=True)
class Unique(Part, Generic[U, S, E]):
    """A kind of stream that a value names, one that only one can have: `Email`, a NewType over str.

    `normalise` tells which values are the same one. The stream is named by a keyed digest of it, and in the log
    that digest also stands in the first field of the stream's events: the value itself is nowhere in them.
    """

    value: Callable[[str], U]
    initial: S
    evolve: Callable[[S, E], S]
    normalise: Callable[[U], str]
    upcasters: Sequence[Step] = ()


@dataclass(frozen=True)
class Command(Part):
    """A command function, and what its signature does not tell.

    `new` is an id field that a client may leave out; the command id gives it then. `also` names parameters whose
    stream does not stand in the command: a function of other parameters, by their names, gives its id or value,
    or None where there is none.
    """

    function: Callable[..., object]
    new: str | None = None
    also: Mapping[str, Callable[..., object]] = field(default_factory=dict[str, Callable[..., object]])


class Index:
    """An access path: views that agree in the `equal` fields, in the order of one field."""

    def __init__(self, *equal: str, order: str | None = None) -> None:
        self.equal = equal
        self.order = order


@dataclass(frozen=True)
class View(Part, Generic[V, E]):
    """A read model of one view a key.

    `one` and `many` name its fields in the API. `key` finds the key in events that do not begin with it.
    `version` is raised by hand when `project` gives other views for the same events. With `history` every
    version of a view is kept, and the API takes `asOf`; to switch it on or off, or to change `indexes` then, builds
    it anew.
    """

    project: Callable[Concatenate[V | None, E, ...], V | None]
    one: str
    many: str
    indexes: Sequence[Index] = ()
    key: Callable[..., Any] | None = None
    version: int = 1
    history: bool = False


@dataclass(frozen=True)
class Journal(Part, Generic[V, E]):
    """A read model of one view an event: `append` is given the last view of the same first field."""

    append: Callable[Concatenate[V | None, E, ...], V | None]
    many: str
    indexes: Sequence[Index] = ()
    version: int = 1


@dataclass(frozen=True)
class Application:
    """All that makes an application; what is not listed here does not exist.

    `demo` gives commands for `serve --demo`. With `history` the events themselves can be queried.
    `gateway.application.reading.read` turns this into a model and reports every mistake at once.
    """

    streams: Sequence[Part]
    commands: Sequence[Part | Callable[..., object]]
    views: Sequence[Part]
    demo: Callable[[], Iterator[object]] | None = None
    history: bool = False
