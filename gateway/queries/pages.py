"""What a connection is asked for and what it answers, as the Relay connection specification has it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from gateway.errors import BadPage
from gateway.mongo.client import Document
from gateway.queries.fields import Fields
from gateway.queries.viewed import Viewed
from gateway.settings import Settings

AsOf: TypeAlias = datetime | int
"""A time, or a position of the log: how everything stood once all commits up to it were made."""


@dataclass(frozen=True, slots=True)
class Range:
    """Which values of the order field are wanted; None is no bound, and a bound leaves nulls out.

    `null` says whether only nulls are wanted, or everything but them.
    """

    gt: Any = None
    gte: Any = None
    lt: Any = None
    lte: Any = None
    prefix: str | None = None
    null: bool | None = None


EVERYTHING = Range()


class ViewRequest(NamedTuple):
    """What a single view is asked for: by its key, as of a moment, and which part of it."""

    key: Any
    as_of: AsOf | None = None
    fields: Fields = None


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A page of a connection: which views, in which order, and which part of them.

    `where_equal`, `where_in` and `order` are fields of the view, `range` bounds the order field; values are of the
    view's own types. Of a field in `where_in` a view has one of the values; the order field may be one of them.
    Without `order` the views come in the order of the first access path declared with these equal fields, and by
    key where nothing must be equal. Cursors are those of the connection's edges. `link` is the equal field by whose
    value pages of one tick are told apart and gathered; without it the path's first field is. With `as_of` the
    views are those of that moment. `fields` says which part of them is read.
    """

    where_equal: Mapping[str, Any] = field(default_factory=dict[str, Any])
    range: Range = EVERYTHING
    order: str | None = None
    descending: bool = False
    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None
    where_in: Mapping[str, Sequence[Any]] = field(default_factory=dict[str, Sequence[Any]])
    link: str | None = None
    as_of: AsOf | None = None
    fields: Fields = None

    @property
    def equal_fields(self) -> tuple[str, ...]:
        """The fields that are held fixed, at one value or at each of some."""
        return (*self.where_equal, *(each for each in self.where_in if each != self.order))

    @property
    def backward(self) -> bool:
        """Whether the page is the end of what is wanted: `last`, or `before` and nothing else."""
        if self.first is None and self.last is None:
            return self.before is not None and self.after is None
        return self.last is not None


@dataclass(frozen=True, slots=True)
class Edge:
    """A view at its place in a connection."""

    viewed: Viewed
    seal: Callable[[], str]

    @property
    def key(self) -> Any:
        return self.viewed.key

    @property
    def view(self) -> Any:
        return self.viewed.view

    @property
    def cursor(self) -> str:
        """The place of this edge; sealed when it is asked for, most clients never do."""
        return self.seal()


@dataclass(frozen=True, slots=True)
class Page:
    """Views in the connection's order, and whether there is more on either side; `as_of` a position, if any.

    `seal` makes the cursor of a view's document.
    """

    viewed: Sequence[Viewed]
    has_next: bool
    has_previous: bool
    seal: Callable[[Document], str]
    as_of: int | None = None

    @property
    def edges(self) -> tuple[Edge, ...]:
        return tuple(Edge(each, partial(self.seal, each.document)) for each in self.viewed)

    @property
    def start_cursor(self) -> str | None:
        return self.seal(self.viewed[0].document) if self.viewed else None

    @property
    def end_cursor(self) -> str | None:
        return self.seal(self.viewed[-1].document) if self.viewed else None


def size_of(wanted: PageRequest, settings: Settings) -> int:
    """How many edges the page may have. Raises BadPage for a size that is not offered."""
    if wanted.first is not None and wanted.last is not None:
        raise BadPage("A page has `first` or `last`, not both.")
    name = "first" if wanted.last is None else "last"
    size = wanted.first if wanted.last is None else wanted.last
    if size is None:
        return min(settings.page_default, settings.page_limit)
    if not 0 <= size <= settings.page_limit:
        raise BadPage(f"`{name}` is from 0 to {settings.page_limit}; {size} is not.", (name,))
    return size
