"""The type Query: every field reads projections, none the log."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

import strawberry

from gateway.api.ids import local_id, split_id
from gateway.api.schema.making import Argument, Field, object_type
from gateway.api.schema.parked import FIELD, parked_views
from gateway.api.schema.types import Types
from gateway.api.schema.views import ViewTypes, as_of, shown
from gateway.application.descriptions import deprecation, describe
from gateway.application.model import ReadModel
from gateway.application.types import is_id
from gateway.errors import BadInput
from gateway.queries.viewed import Viewed

_MOST_NODES = 100
_NUMBER = re.compile(r"[1-9][0-9]{0,18}")


class QueryFields:
    """The fields of Query: `node` and `nodes`, and for each read model one view by its key and a connection."""

    def __init__(self, types: Types, views: ViewTypes) -> None:
        self._types, self._views = types, views
        self._kinds = {each.view.__name__: each for each in types.model.read_models}

    def made(self, history: dict[str, Field]) -> type:
        found = {
            "node": Field(self._types.node | None, "Anything by its id.", self._node, _ID),
            "nodes": Field(
                list[self._types.node | None], f"At most {_MOST_NODES} things by their ids.", self._nodes, _IDS
            ),
        }
        for read_model in self._types.model.read_models:
            if read_model.one is not None:
                found[read_model.one] = self._one(read_model)
            found[read_model.many] = self._views.connection(read_model)
        found[FIELD] = parked_views(self._types.model)
        return object_type("Query", found | history, "Reads: every field is answered from read models.")

    async def _node(self, _root: Any, info: strawberry.Info, arguments: dict[str, Any]) -> Viewed | None:
        return await self._find(info, arguments["id"], ("id",))

    async def _nodes(self, _root: Any, info: strawberry.Info, arguments: dict[str, Any]) -> list[Any]:
        ids = arguments["ids"]
        if len(ids) > _MOST_NODES:
            raise BadInput(f"At most {_MOST_NODES} ids are looked up at once.", ("ids",))
        found = [self._find(info, each, ("ids", str(index))) for index, each in enumerate(ids)]
        return await asyncio.gather(*found, return_exceptions=True)  # what is raised belongs to its own place

    async def _find(self, info: strawberry.Info, text: str, path: tuple[str, ...]) -> Viewed | None:
        kind, local = split_id(text, path)
        read_model = self._kinds.get(kind)
        if read_model is None:
            raise BadInput(f"There are no ids of kind {kind[:64]} here.", path)
        return await shown(info, read_model, key_of(read_model, local, path))

    def _one(self, read_model: ReadModel) -> Field:
        name, annotation, parse = self._key_argument(read_model)

        async def resolve(_root: Any, info: strawberry.Info, arguments: dict[str, Any]) -> Viewed | None:
            return await shown(info, read_model, parse(arguments[name]), arguments.get("as_of"))

        found, view = self._views.of(read_model) | None, read_model.view
        taken = {name: Argument(annotation), **as_of(read_model)}
        return Field(found, describe(view), resolve, taken, deprecated=deprecation(view))

    def _key_argument(self, read_model: ReadModel) -> tuple[str, Any, Callable[[Any], Any]]:
        if not is_id(read_model.key_type):
            return read_model.key_field, self._types.input(read_model.key_type), lambda value: value
        kind = read_model.view.__name__
        return "id", strawberry.ID, lambda text: local_id(kind, text, ("id",))


def key_of(read_model: ReadModel, local: str, path: tuple[str, ...]) -> Any:
    """The key of a view from its local id; a journal's is a number."""
    if not read_model.journal:
        return local
    if not _NUMBER.fullmatch(local):
        raise BadInput(f"The id of a {read_model.view.__name__} ends in a number.", path)
    return int(local)


_ID = {"id": Argument(strawberry.ID)}
_IDS = {"ids": Argument(list[strawberry.ID])}
