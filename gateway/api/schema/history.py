"""`events`: the log's events as a connection, where an application keeps its history as a read model."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import strawberry

from gateway.api.ids import split_id
from gateway.api.inputs import checked_text
from gateway.api.live.events import Followed
from gateway.api.live.places import LINES, event_cursor, event_place
from gateway.api.scalars import Moment
from gateway.api.schema.events import EventTypes
from gateway.api.schema.filters import PAGE
from gateway.api.schema.making import Argument, Field, by, object_type
from gateway.api.schema.types import Types
from gateway.api.schema.values import context_of
from gateway.api.schema.views import ViewTypes
from gateway.errors import BadInput
from gateway.history import event_of, history_of
from gateway.messages import RecordedEvent
from gateway.queries.cursors import Cursors
from gateway.queries.pages import AsOf, Page, PageRequest, Range
from gateway.queries.routes import route_for
from gateway.queries.walks import walks_of
from gateway.runtime import Services

_LAST_POSITION = (2**63 - 1) // LINES - 1


@dataclass(frozen=True, slots=True)
class Events:
    """A page of events, and what its count is asked by."""

    edges: tuple[Followed, ...]
    page: Page
    wanted: PageRequest

    @property
    def has_next(self) -> bool:
        return self.page.has_next

    @property
    def has_previous(self) -> bool:
        return self.page.has_previous

    @property
    def start_cursor(self) -> str | None:
        return self.edges[0].cursor if self.edges else None

    @property
    def end_cursor(self) -> str | None:
        return self.edges[-1].cursor if self.edges else None


class HistoryField:
    """The field `events` of Query: oldest first, by one of stream, category, type and cause, between two moments.

    Its cursors are those of the subscription `events`, and go on there.
    """

    def __init__(self, types: Types, events: EventTypes, views: ViewTypes) -> None:
        self._model, self._events, self._page_info = types.model, events, views.page_info
        self._history = history_of(types.model)
        self._streams = {each.id.kind: each.id for each in types.model.streams}
        categories = {each.category for each in self._streams.values()}
        self._equal: Mapping[str, tuple[str, Callable[[str], str]]] = {
            "stream": ("stream", self._stream),
            "category": ("category", lambda text: _known(text, categories, "category")),
            "type": ("type", lambda text: _known(text, self._model.events, "type")),
            "caused_by": ("causation", lambda text: text),
        }

    def made(self) -> Field:
        connection = object_type(
            "EventConnection",
            {
                "edges": Field(list[self._events.edge], resolve=by(lambda root: root.edges)),
                "nodes": Field(
                    list[self._events.interface], resolve=by(lambda root: [each.node for each in root.edges])
                ),
                "page_info": Field(self._page_info, resolve=by(lambda root: root)),
                "total_count": Field(int | None, "Exact, or null where there are too many to count.", self._total),
            },
        )
        return Field(connection, _DESCRIPTION, self._resolve, {**PAGE, **_FILTERS}, late=True)

    async def _resolve(self, _root: Any, info: strawberry.Info, arguments: dict[str, Any]) -> Events:
        context = context_of(info)
        services, limit = context.services, context.services.settings.text_limit
        equal = {
            field: read(checked_text(arguments[name], limit, (name,)))
            for name, (field, read) in self._equal.items()
            if arguments[name] is not None
        }
        range_ = Range(
            gte=await self._first_line(info, arguments["start"]), lte=await self._last_line(info, arguments["end"])
        )
        after, before = (self._sealed(services, equal, arguments[name], name) for name in ("after", "before"))
        wanted = PageRequest(
            equal, range_, first=arguments["first"], after=after, last=arguments["last"], before=before
        )
        page = await services.queries.page(self._history, wanted, context.freshness)
        events = [self._recorded(each.view) for each in page.edges]
        edges = tuple(Followed(event_cursor(services.signer, each), each) for each in events)
        return Events(edges, page, wanted)

    async def _total(self, root: Events, info: strawberry.Info, _arguments: Any) -> int | None:
        context = context_of(info)
        return await context.services.queries.count(self._history, root.wanted, context.freshness)

    def _recorded(self, entry: Any) -> RecordedEvent:
        return RecordedEvent(
            entry.position,
            entry.index,
            entry.at,
            entry.stream,
            entry.version,
            entry.actor,
            event_of(self._model, entry),
            entry.correlation,
            entry.causation,
        )

    def _sealed(self, services: Services, equal: Mapping[str, str], text: str | None, name: str) -> str | None:
        """The read model's own cursor for the place of an event. Raises BadCursor."""
        place = event_place(services.signer, text, name)
        if place is None:
            return None
        position, index = place
        route = route_for(self._history, PageRequest(equal))
        walks = walks_of(self._history, route, PageRequest(equal), 0)
        cursors = Cursors(services.signer, self._history, route, [walk for _, walk in walks])
        return cursors.seal({"_id": position * LINES + min(index, LINES - 1)})

    async def _first_line(self, info: strawberry.Info, moment: AsOf | None) -> int:
        """The number of the first event at a moment or after it."""
        if isinstance(moment, datetime):
            found = await self._one(info, PageRequest(range=Range(gte=moment), order="at", first=1))
            moment = _LAST_POSITION if found is None else found
        return min(moment or 0, _LAST_POSITION) * LINES

    async def _last_line(self, info: strawberry.Info, moment: AsOf | None) -> int | None:
        """The number of the last event at a moment or before it."""
        if isinstance(moment, datetime):
            moment = await self._one(info, PageRequest(range=Range(lte=moment), order="at", last=1)) or 0
        return None if moment is None else min(moment, _LAST_POSITION) * LINES + LINES - 1

    async def _one(self, info: strawberry.Info, wanted: PageRequest) -> int | None:
        context = context_of(info)
        page = await context.services.queries.page(self._history, wanted, context.freshness)
        return page.edges[0].view.position if page.edges else None

    def _stream(self, text: str) -> str:
        kind, local = split_id(text, ("stream",))
        return self._streams[_known(kind, self._streams, "stream")].stream(local)


def _known(text: str, names: Any, argument: str) -> str:
    if text not in names:
        raise BadInput(f"There is no {argument} {text[:64]} here.", (argument,))
    return text


def _moment(name: str) -> Argument:
    return Argument(Annotated[Moment | None, strawberry.argument(name=name)], required=False)


_DESCRIPTION = """What has happened, oldest first, as far as the read model `history` has it.

By one of `stream`, `category` ("account"), `type` ("MoneyDeposited") and `causedBy` (a causation id), or by none;
`from` and `to` bound it, both inclusively. The cursors are those of the subscription `events`."""

_FILTERS = {
    "stream": Argument.left_out(strawberry.ID),
    "category": Argument.left_out(str),
    "type": Argument.left_out(str),
    "caused_by": Argument.left_out(str),
    "start": _moment("from"),
    "end": _moment("to"),
}
