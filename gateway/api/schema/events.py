"""The types of events: what receipts list and what subscriptions follow."""

from datetime import datetime
from typing import Any

import strawberry

from gateway.api.ids import global_id
from gateway.api.scalars import Int64
from gateway.api.schema.making import Field, by, declared, define, interface_type, object_type
from gateway.api.schema.types import Types
from gateway.application.descriptions import describe
from gateway.application.model import EventType
from gateway.messages import RecordedEvent


def _id(root: RecordedEvent, _info: strawberry.Info, _arguments: Any) -> str:
    return global_id("Event", f"{root.position}.{root.index}")


def _correlation(root: RecordedEvent) -> str | None:
    return root.correlation


def _causation(root: RecordedEvent) -> str | None:
    return root.causation


class EventTypes:
    """The interface Event, and one type for each event of the application."""

    def __init__(self, types: Types) -> None:
        self._types = types
        self._kinds = {each.id.category: each.id.kind for each in types.model.streams}
        self.interface = interface_type("Event", self._recorded(), "A fact, as the log holds it.")
        self.edge = object_type("EventEdge", {"cursor": Field(str), "node": Field(self.interface)})
        self.all = [self._made(each) for each in types.model.events.values()]

    def _recorded(self) -> dict[str, Field]:
        origin = {
            "correlation_id": Field(str | None, "The conversation that its command belonged to.", by(_correlation)),
            "causation_id": Field(str | None, "What caused its command, as the client named it.", by(_causation)),
        }
        return self._placed() | (origin if self._types.model.history else {})

    def _placed(self) -> dict[str, Field]:
        return {
            "id": Field(strawberry.ID, resolve=_id),
            "position": Field(Int64, "The position of its commit in the log."),
            "at": Field(datetime, "When it was committed."),
            "stream": Field(strawberry.ID, "What it happened to.", self._stream),
            "version": Field(int, "Its number in its stream, from 1."),
        }

    def _stream(self, root: RecordedEvent, _info: strawberry.Info, _arguments: Any) -> str:
        category, local = root.stream.split("-", maxsplit=1)
        return global_id(self._kinds[category], local)

    def _made(self, event: EventType) -> type:
        own = self._types.fields(event.type, "event")
        if event.id.normalise:  # the log has a digest in its place, and `stream` shows that
            del own[event.id_field]
        return define(
            declared(event.name, [self.interface]),
            own,
            describe(event.type),
            lambda value: isinstance(value, RecordedEvent) and type(value.event) is event.type,
        )
