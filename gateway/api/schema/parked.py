"""The field `parkedViews` of Query: which views stay behind, and why."""

from datetime import datetime
from typing import Any

import strawberry

from gateway.api.parked import id_of
from gateway.api.scalars import Int64
from gateway.api.schema.making import Argument, Field, by, object_type
from gateway.api.schema.values import context_of
from gateway.application.model import Model
from gateway.errors import BadInput, BadPage, InvalidApplication
from gateway.queries.parked import ParkedView

FIELD, TYPE = "parked_views", "ParkedView"


def parked_views(model: Model) -> Field:
    """The field. Raises InvalidApplication where a read model has its name, or its type's."""
    taken = [each for each in model.read_models if FIELD in (each.one, each.many) or each.view.__name__ == TYPE]
    if taken:
        raise InvalidApplication([f"{each.many}: the names {FIELD} and {TYPE} are taken" for each in taken])
    return Field(list[_type()], _DESCRIBED, _resolve, _ARGUMENTS, late=True)


async def _resolve(_root: Any, info: strawberry.Info, arguments: dict[str, Any]) -> list[ParkedView]:
    services = context_of(info).services
    asked, first = arguments["read_model"], arguments["first"]
    models = [each for each in services.model.read_models if asked in (None, each.name)]
    if not models:
        raise BadInput("There is no such read model.", ("readModel",))
    limit = services.settings.page_limit
    size = min(services.settings.page_default, limit) if first is None else first
    if not 0 <= size <= limit:
        raise BadPage(f"`first` is from 0 to {limit}; {size} is not.", ("first",))
    return await services.queries.parked.all(models, size)


def _type() -> type:
    fields = {
        "read_model": Field(str, resolve=by(lambda root: root.read_model.name)),
        "key": Field(str, "The id of the view, or of what the journal is about.", by(_id)),
        "position": Field(Int64, "Of the event that was not applied.", by(lambda root: root.parked.place.position)),
        "event": Field(str, "What that event is called.", by(lambda root: root.parked.event)),
        "error": Field(str, "The class of what was raised.", by(lambda root: root.parked.error)),
        "at": Field(datetime, "When that was.", by(lambda root: root.parked.at)),
        "waiting": Field(
            int,
            "How many events of its own wait; those that reach it by a link are not counted.",
            by(lambda root: root.waiting),
        ),
    }
    return object_type(TYPE, fields, "A view that stays behind: its read model could not apply an event.")


def _id(root: ParkedView) -> str:
    return id_of(root.read_model, root.parked.key)


_DESCRIBED = (
    "The views that stay behind as far as is known now, for no token is waited for: "
    "those of each read model in the order of the events that they wait for."
)
_ARGUMENTS = {"read_model": Argument.left_out(str), "first": Argument.left_out(int)}
