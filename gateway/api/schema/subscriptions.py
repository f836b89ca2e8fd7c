"""The type Subscription: events of the log, and views as they change."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import strawberry

from gateway.api.ids import global_id, split_id
from gateway.api.scalars import Int64
from gateway.api.schema.events import EventTypes
from gateway.api.schema.making import Argument, Field, by, object_type
from gateway.api.schema.queries import key_of
from gateway.api.schema.types import Types
from gateway.api.schema.values import context_of
from gateway.api.schema.views import ViewTypes
from gateway.application.descriptions import deprecation
from gateway.application.model import ReadModel
from gateway.errors import BadCursor, BadInput
from gateway.messages import RecordedEvent
from gateway.queries.freshness import Freshness
from gateway.queries.pages import Viewed
from gateway.signing import Signer

_LAST_INDEX = 2**16 - 1


@dataclass(frozen=True, slots=True)
class Followed:
    """An event and the cursor behind it."""

    cursor: str
    node: RecordedEvent


@dataclass(frozen=True, slots=True)
class Changed:
    """A view as it was at some position, None where there is none."""

    id: str
    position: int
    view: Viewed | None


class SubscriptionFields:
    """The fields of Subscription: `events`, and `xChanged` for each read model of one view a key."""

    def __init__(self, types: Types, events: EventTypes, views: ViewTypes) -> None:
        self._types, self._events, self._views = types, events, views
        self._categories = {each.id.kind: each.id for each in types.model.streams}

    def made(self) -> type:
        found = {"events": self._followed()}
        for read_model in self._types.model.read_models:
            if read_model.one is not None:
                found[f"{read_model.one}_changed"] = self._changed(read_model)
        return object_type("Subscription", found)

    def _followed(self) -> Field:
        async def follow(_root: Any, info: strawberry.Info, arguments: dict[str, Any]) -> AsyncGenerator[Followed]:
            services = context_of(info).services
            after, until = (place_of(services.signer, arguments[name], name) for name in ("after", "until"))
            stream = self._stream(arguments["stream"])
            async for event in services.feeds.events(stream, after, until):
                yield Followed(cursor_of(services.signer, event), event)

        described = "History from `after` (a cursor or a token), then live; completes by itself at `until`."
        return Field(self._events.edge, described, follow, _PLACES)

    def _stream(self, given: str | None) -> str | None:
        if given is None:
            return None
        kind, local = split_id(given, ("stream",))
        if kind not in self._categories:
            raise BadInput(f"There are no streams of kind {kind[:64]} here.", ("stream",))
        return self._categories[kind].stream(local)

    def _changed(self, read_model: ReadModel) -> Field:
        name = read_model.view.__name__
        change = object_type(
            f"{name}Change",
            {
                "id": Field(strawberry.ID),
                "position": Field(Int64, "The position that the read model had reached."),
                read_model.one or "view": self._view_field(read_model),
            },
        )

        async def follow(_root: Any, info: strawberry.Info, arguments: dict[str, Any]) -> AsyncGenerator[Changed]:
            context = context_of(info)
            kind, local = split_id(arguments["id"], ("id",))
            if kind != name:
                raise BadInput(f"This is no id of kind {name}: ids here begin with {name}:.", ("id",))
            key = key_of(read_model, local, ("id",))
            last: Any = _NOTHING_SENT
            async with context.services.feeds.view_changes(read_model.name, key) as moves:
                async for _ in moves:
                    asked = Freshness(context.freshness.after, context.freshness.timeout)
                    viewed = await context.services.queries.one(read_model, key, asked)
                    if viewed != last:
                        last = viewed
                        yield Changed(global_id(name, local), asked.used[read_model.name].position, viewed)

        described = f"The {name} now, then as it changes: always the latest, not every one in between."
        deprecated = deprecation(read_model.view)
        return Field(change, described, follow, {"id": Argument(strawberry.ID)}, deprecated=deprecated)

    def _view_field(self, read_model: ReadModel) -> Field:
        return Field(self._views.of(read_model) | None, resolve=by(lambda root: root.view))


def cursor_of(signer: Signer, event: RecordedEvent) -> str:
    return signer.seal("event", event.position.to_bytes(8) + event.index.to_bytes(2))


def place_of(signer: Signer, text: str | None, argument: str) -> tuple[int, int] | None:
    """The place behind an event's cursor, or behind the commit that a token proves. Raises BadCursor."""
    if text is None:
        return None
    if (cursor := signer.unseal("event", text)) is not None:
        return int.from_bytes(cursor[:8]), int.from_bytes(cursor[8:])
    if (token := signer.unseal("token", text)) is not None:
        return int.from_bytes(token), _LAST_INDEX
    raise BadCursor("This is neither a cursor of an event nor a token of this log.", (argument,))


_NOTHING_SENT = object()
_PLACES = {
    "stream": Argument.left_out(strawberry.ID),
    "after": Argument.left_out(str),
    "until": Argument.left_out(str),
}
