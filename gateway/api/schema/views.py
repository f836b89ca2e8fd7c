"""The types of views: objects with links to each other, and connections over them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import strawberry

from gateway.api.asking import part_asked
from gateway.api.scalars import Moment, Version
from gateway.api.schema.filters import PAGE, Filters
from gateway.api.schema.making import Argument, Field, Resolve, by, declared, define, object_type
from gateway.api.schema.types import Attribute, Types
from gateway.api.schema.values import context_of
from gateway.application.descriptions import deprecated_fields, deprecation, describe
from gateway.application.model import IdType, ReadModel
from gateway.application.naming import id_field
from gateway.application.types import fields_of, is_id, optional
from gateway.mongo.paths import VERSION, stored_name
from gateway.queries.fields import KEY_ALONE
from gateway.queries.pages import AsOf, Page, PageRequest, ViewRequest
from gateway.queries.viewed import Viewed


@dataclass(frozen=True, slots=True)
class Connected:
    """A page together with what its count is asked by."""

    read_model: ReadModel
    wanted: PageRequest
    page: Page


class ViewTypes:
    """The object type, the edge and the connection of each read model."""

    def __init__(self, types: Types, filters: Filters) -> None:
        self._types, self._filters = types, filters
        models = types.model.read_models
        self._declared = {each.name: declared(each.view.__name__, [types.node]) for each in models}
        self.page_info = object_type("PageInfo", _page_info())
        self._edges = {each.name: self._edge(each) for each in models}
        self._connections = {each.name: self._connection(each) for each in models}
        for each in models:
            define(self._declared[each.name], self._fields(each), describe(each.view), self._telling(each))

    def of(self, read_model: ReadModel) -> type:
        return self._declared[read_model.name]

    def linked(self, read_model: ReadModel, key: Callable[[Any], Any], *, may_be_absent: bool = False) -> Field:
        """A field that shows the view of the key found in its parent."""

        async def resolve(root: Any, info: strawberry.Info, _arguments: Any) -> Viewed | None:
            found = key(root)
            return None if found is None else await shown(info, read_model, found, getattr(root, "as_of", None))

        annotation = self.of(read_model)
        return Field(annotation | None if may_be_absent else annotation, resolve=resolve, late=not may_be_absent)

    def connection(self, read_model: ReadModel) -> Field:
        """A field of Query: a connection over all views, filtered and ordered by the declared access paths."""

        async def resolve(_root: Any, info: strawberry.Info, arguments: dict[str, Any]) -> Connected:
            limit = context_of(info).services.settings.text_limit
            wanted = self._filters.request(read_model, arguments, limit)
            return await self._connected(read_model, replace(wanted, as_of=arguments.get("as_of")), info)

        taken = {**PAGE, **self._filters.arguments(read_model), **as_of(read_model)}
        return self._connecting(read_model, resolve, taken)

    def _nested(self, read_model: ReadModel, link: str) -> Field:
        """A field of a view: the connection over what links to it, by the access paths that begin with the link."""

        async def resolve(root: Viewed, info: strawberry.Info, arguments: dict[str, Any]) -> Connected:
            limit = context_of(info).services.settings.text_limit
            wanted = self._filters.request(read_model, arguments, limit, (link, root.key))
            return await self._connected(read_model, replace(wanted, as_of=root.as_of), info)

        found = self._connecting(read_model, resolve, {**PAGE, **self._filters.arguments(read_model, link)})
        return replace(found, reads=KEY_ALONE)

    def _connecting(self, read_model: ReadModel, resolve: Resolve, arguments: Mapping[str, Argument]) -> Field:
        made, view = self._connections[read_model.name], read_model.view
        return Field(made, describe(view), resolve, arguments, late=True, deprecated=deprecation(view))

    async def _connected(self, read_model: ReadModel, wanted: PageRequest, info: strawberry.Info) -> Connected:
        context = context_of(info)
        part = replace(wanted, fields=part_asked(info, read_model))
        page = await context.services.queries.page(read_model, part, context.freshness)
        return Connected(read_model, replace(wanted, as_of=page.as_of), page)

    def _fields(self, read_model: ReadModel) -> dict[str, Field]:
        found = {"id": Field(strawberry.ID, resolve=_id_of(read_model), reads=KEY_ALONE)}
        if read_model.stream is not None:
            version = _version_of(read_model.stream)
            found["version"] = Field(Version, resolve=version, reads=frozenset([VERSION]))
        deprecated = deprecated_fields(read_model.view)
        for name, annotation in fields_of(read_model.view).items():
            if name == read_model.key_field and not read_model.journal and is_id(annotation):
                continue
            target = self._target(read_model, name)
            if target is not None:
                link = Attribute("view", name, None, annotation, _stored(read_model, name))
                linked = self.linked(target, link.value, may_be_absent=optional(annotation)[1])
                found[name] = replace(linked, deprecated=deprecated.get(name), reads=link.reads)
            else:
                shown_as = self._types.input_name(name, annotation)
                found[shown_as] = self._types.field("view", read_model.view, name, _stored(read_model, name))
        return found | self._links_to(read_model)

    def _target(self, read_model: ReadModel, name: str) -> ReadModel | None:
        id_type = read_model.links.get(name)
        return self._types.model.viewing(id_type) if id_type else None

    def _links_to(self, owner: ReadModel) -> dict[str, Field]:
        """The connections over what links to a view: where a declared access path begins with the link."""
        found: dict[str, Field] = {}
        for read_model in self._types.model.read_models:
            paths = dict.fromkeys(path.equal[0] for path in read_model.paths if len(path.equal) == 1)
            links = [link for link in paths if self._target(read_model, link) is owner]
            for link in links:
                name = read_model.many if len(links) == 1 else f"{read_model.many}_by_{id_field(link)}"
                found[name] = self._nested(read_model, link)
        return found

    def _connection(self, read_model: ReadModel) -> type:
        name, node = read_model.view.__name__, self._declared[read_model.name]

        async def total(root: Connected, info: strawberry.Info, _arguments: Any) -> int | None:
            context = context_of(info)
            return await context.services.queries.count(root.read_model, root.wanted, context.freshness)

        fields = {
            "edges": Field(list[self.edge(read_model)], resolve=by(lambda root: root.page.edges)),
            "nodes": Field(list[node], resolve=by(lambda root: root.page.viewed)),
            "page_info": Field(self.page_info, resolve=by(lambda root: root.page)),
            "total_count": Field(int | None, "Exact, or null where there are too many to count.", total),
        }
        return object_type(f"{name}Connection", fields)

    def edge(self, read_model: ReadModel) -> type:
        return self._edges[read_model.name]

    def _edge(self, read_model: ReadModel) -> type:
        fields = {
            "cursor": Field(str, resolve=by(lambda root: root.cursor)),
            "node": Field(self._declared[read_model.name], resolve=by(lambda root: root.viewed)),
        }
        return object_type(f"{read_model.view.__name__}Edge", fields)

    def _telling(self, read_model: ReadModel) -> Callable[[Any], bool]:
        return lambda value: isinstance(value, Viewed) and value.kind is read_model.view


async def shown(info: strawberry.Info, read_model: ReadModel, key: Any, as_of: AsOf | None = None) -> Viewed | None:
    """The view of a key, as fresh as the request asks for, or as of a moment."""
    context = context_of(info)
    wanted = ViewRequest(key, as_of, part_asked(info, read_model))
    return await context.services.queries.view(read_model, wanted, context.freshness)


def as_of(read_model: ReadModel) -> dict[str, Argument]:
    """`asOf`, where the past is kept; everything below such an answer is as of the same moment."""
    return {"as_of": Argument.left_out(Moment)} if read_model.history else {}


def _stored(read_model: ReadModel, name: str) -> str | None:
    """Under which name a view's document has a field; None where only the view itself can tell its value."""
    if hasattr(read_model.view, "__post_init__"):
        return None
    return stored_name(name, read_model.key_field, read_model.journal)


def _id_of(read_model: ReadModel) -> Resolve:
    return Attribute(None, "key", read_model.view.__name__)


def _version_of(stream: IdType) -> Resolve:
    def resolve(root: Viewed, info: strawberry.Info, _arguments: Any) -> str:
        return context_of(info).services.signer.version(stream.stream(root.key), root.version)

    return resolve


def _page_info() -> dict[str, Field]:
    return {
        "has_next_page": Field(bool, resolve=by(lambda root: root.has_next)),
        "has_previous_page": Field(bool, resolve=by(lambda root: root.has_previous)),
        "start_cursor": Field(str | None, resolve=by(lambda root: root.start_cursor)),
        "end_cursor": Field(str | None, resolve=by(lambda root: root.end_cursor)),
    }
