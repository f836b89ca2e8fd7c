"""The words of a composition root: streams, commands, views, and the names that the API gives them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Concatenate, Generic, TypeVar

S = TypeVar("S")
E = TypeVar("E")
V = TypeVar("V")


class Part:
    """One entry of a composition root.

    Not generic on purpose: lists of `Part` keep the type checker comparing each entry's own functions,
    a list of `Stream[Any, Any]` would silently switch that off.
    """


@dataclass(frozen=True)
class Stream(Part, Generic[S, E]):
    """A kind of stream: the id type, the state before any event, and how an event changes it."""

    id: Callable[[str], Any]
    initial: S
    evolve: Callable[[S, E], S]


@dataclass(frozen=True)
class Command(Part):
    """A command function whose id field `new` a client may leave out; the command id gives it then."""

    function: Callable[..., object]
    new: str | None = None


class Index:
    """An access path: views that agree in the `equal` fields, in the order of one field."""

    def __init__(self, *equal: str, order: str | None = None) -> None:
        self.equal = equal
        self.order = order


@dataclass(frozen=True)
class View(Part, Generic[V, E]):
    """A read model of one view a key.

    `one` and `many` name its fields in the API. `key` finds the key in events that do not begin with it.
    `version` is raised by hand when `project` gives other views for the same events.
    """

    project: Callable[Concatenate[V | None, E, ...], V | None]
    one: str
    many: str
    indexes: Sequence[Index] = ()
    key: Callable[..., Any] | None = None
    version: int = 1


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

    `demo` gives commands for `serve --demo`. `gateway.application.reading.read` turns this into a model
    and reports every mistake at once.
    """

    streams: Sequence[Part]
    commands: Sequence[Part | Callable[..., object]]
    views: Sequence[Part]
    demo: Callable[[], Iterator[object]] | None = None
