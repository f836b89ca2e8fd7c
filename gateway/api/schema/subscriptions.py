"""The type Subscription: events of the log, views as they change, lines as they are added."""

from collections.abc import AsyncGenerator
from typing import Any

import strawberry

from gateway.api.ids import local_id, split_id
from gateway.api.live.changed import Change
from gateway.api.live.events import EventFeed, Followed
from gateway.api.live.feed import Opened
from gateway.api.live.lines import LineFeed
from gateway.api.live.many import ManyFeed
from gateway.api.live.noticing import Noticing
from gateway.api.live.places import event_place, line_place
from gateway.api.live.views import ViewFeed
from gateway.api.scalars import Int64
from gateway.api.schema.events import EventTypes
from gateway.api.schema.filters import PAGE, Filters
from gateway.api.schema.making import Argument, Field, by, enum_type, object_type
from gateway.api.schema.queries import key_of
from gateway.api.schema.types import Types
from gateway.api.schema.values import context_of
from gateway.api.schema.views import ViewTypes
from gateway.application.descriptions import deprecation
from gateway.application.model import ReadModel
from gateway.application.naming import id_field, snake
from gateway.errors import BadInput
from gateway.projections.folding.reach import plan
from gateway.queries.matching import matcher

_PLACES = {
    "stream": Argument.left_out(strawberry.ID),
    "category": Argument.left_out(str),
    "after": Argument.left_out(str),
    "until": Argument.left_out(str),
}
_AFTER = {"after": Argument.left_out(str)}


class SubscriptionFields:
    """The fields of Subscription: `events`; for each read model `xChanged` and `xsChanged`, or `xAdded`."""

    def __init__(self, types: Types, events: EventTypes, views: ViewTypes, filters: Filters) -> None:
        self._types, self._events, self._views, self._filters = types, events, views, filters
        self._kinds = {each.id.kind: each.id for each in types.model.streams}
        self._categories = {each.id.category for each in types.model.streams}
        described = "What became of a view, as seen by who follows it."
        self._change = enum_type("Change", {each.name: each for each in Change}, described)

    def made(self) -> type:
        found = {"events": self._followed()}
        for read_model in self._types.model.read_models:
            if read_model.one is not None:
                change = self._changes(read_model)
                found[f"{read_model.one}_changed"] = self._changed(read_model, change)
                found[f"{read_model.many}_changed"] = self._many_changed(read_model, change)
            elif read_model.journal:
                found[f"{snake(read_model.view.__name__)}_added"] = self._added(read_model)
        return object_type("Subscription", found)

    def _followed(self) -> Field:
        async def follow(
            _root: Any, info: strawberry.Info, arguments: dict[str, Any]
        ) -> AsyncGenerator[Opened | Followed]:
            services = context_of(info).services
            after = event_place(services.signer, _after(info, arguments), "after")
            until = event_place(services.signer, arguments["until"], "until")
            feed = EventFeed(services.feeds, services.signer, self._follows(arguments))
            if until is None:
                yield Opened(feed, after)
                return
            async for each in feed.until(after, until):
                yield each

        described = (
            "Events of a stream, of a category such as `account`, or all: history from `after`, a cursor or a "
            "token, then live; completes by itself at `until`."
        )
        return Field(self._events.edge, described, follow, _PLACES)

    def _follows(self, arguments: dict[str, Any]) -> str | None:
        """What to follow: a stream, a category, or everything. Raises BadInput."""
        stream, category = arguments["stream"], arguments["category"]
        if stream is not None and category is not None:
            raise BadInput("Follow a stream or a category, not both.", ("category",))
        if category is not None and category not in self._categories:
            known = ", ".join(sorted(self._categories))
            raise BadInput(f"There is no such category of streams here. There is: {known}.", ("category",))
        if stream is None:
            return category
        kind, local = split_id(stream, ("stream",))
        if kind not in self._kinds:
            raise BadInput(f"There are no streams of kind {kind[:64]} here.", ("stream",))
        return self._kinds[kind].stream(local)

    def _changes(self, read_model: ReadModel) -> type:
        view = Field(self._views.of(read_model) | None, "Null once it left.", by(lambda root: root.view))
        fields = {
            "cursor": Field(str, "Where to go on from, as `after`, once this is known."),
            "change": Field(self._change),
            "id": Field(strawberry.ID),
            "position": Field(Int64, "The position that the read model had reached, at least."),
            read_model.one or "view": view,
        }
        return object_type(f"{read_model.view.__name__}Change", fields)

    def _changed(self, read_model: ReadModel, change: type) -> Field:
        name = read_model.view.__name__

        async def follow(_root: Any, info: strawberry.Info, arguments: dict[str, Any]) -> AsyncGenerator[Opened]:
            context = context_of(info)
            local = local_id(name, arguments["id"], ("id",))
            feed = ViewFeed(context.services, read_model, key_of(read_model, local, ("id",)))
            place = feed.place(_after(info, arguments))
            if context.freshness.after:  # what follows is as fresh as is asked for
                await context.services.queries.one(read_model, feed.key, context.freshness)
            yield Opened(feed, place)

        described = f"The {name} now, then as it changes: always the latest, not every one in between."
        taken = {"id": Argument(strawberry.ID), **_AFTER}
        return Field(change, described, follow, taken, deprecated=deprecation(read_model.view))

    def _many_changed(self, read_model: ReadModel, change: type) -> Field:
        filters = self._filters.arguments(read_model)
        taken = {name: each for name, each in filters.items() if name == "where"} | _AFTER
        routes = plan(read_model)

        async def follow(_root: Any, info: strawberry.Info, arguments: dict[str, Any]) -> AsyncGenerator[Opened]:
            services = context_of(info).services
            asked = dict.fromkeys(PAGE) | {"where": arguments.get("where")}
            wanted = self._filters.request(read_model, asked, services.settings.text_limit)
            noticing = Noticing(routes, matcher(read_model, wanted), services.feeds, services.queries)
            feed = ManyFeed(services, read_model, wanted, noticing)
            yield Opened(feed, feed.place(_after(info, arguments)))

        name = read_model.view.__name__
        described = (
            f"Each {name} that enters, changes in or leaves what is asked for, from now on or behind `after`."
        )
        return Field(change, described, follow, taken, deprecated=deprecation(read_model.view))

    def _added(self, read_model: ReadModel) -> Field:
        key, owner = id_field(read_model.key_field), read_model.events[0].id

        async def follow(_root: Any, info: strawberry.Info, arguments: dict[str, Any]) -> AsyncGenerator[Opened]:
            services = context_of(info).services
            local = local_id(owner.kind, arguments[key], (key,))
            feed = LineFeed(services, read_model, owner.stream(local))
            yield Opened(feed, line_place(services.signer, read_model, _after(info, arguments)))

        name = read_model.view.__name__
        described = f"Each {name} once and in order, from now on or behind `after`: a cursor or a token."
        taken = {key: Argument(strawberry.ID), **_AFTER}
        deprecated = deprecation(read_model.view)
        return Field(self._views.edge(read_model), described, follow, taken, deprecated=deprecated)


def _after(info: strawberry.Info, arguments: dict[str, Any]) -> str | None:
    """The cursor to go on from: that of the last message which the client got, else the one that it gives."""
    return context_of(info).resume or arguments["after"]
