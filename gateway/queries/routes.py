"""Which declared access path serves what a connection is asked for."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gateway.application.model import AccessPath, ReadModel
from gateway.application.naming import camel
from gateway.application.types import fields_of
from gateway.errors import BadInput
from gateway.mongo.paths import index_keys, stored_name
from gateway.queries.pages import PageRequest, Range
from gateway.queries.values import stored
from gateway.queries.windows import Window, window

BY_KEY = AccessPath((), None)
"""The path that every read model has."""


@dataclass(frozen=True, slots=True)
class Route:
    """An index on its way to be walked: `equal` fields are held fixed, along `rest` it goes."""

    equal: tuple[str, ...]
    rest: tuple[str, ...]

    @property
    def fields(self) -> tuple[str, ...]:
        return (*self.equal, *self.rest)


def route_for(read_model: ReadModel, wanted: PageRequest) -> Route:
    """The index that holds what is wanted in the order wanted. Raises BadInput where none is declared."""
    fixed = {held_name(read_model, name) for name in wanted.equal_fields}
    order = None if wanted.order is None else held_name(read_model, wanted.order)
    for route in routes(read_model, len(fixed)):
        if set(route.equal) == fixed and order in (None, route.rest[0]):
            return route
    raise BadInput(_not_declared(read_model, wanted))


def routes(read_model: ReadModel, fixed: int) -> Iterator[Route]:
    """The ways to walk the indexes with so many fields fixed, those declared just so first."""
    paths = [BY_KEY, *read_model.paths]
    for path in sorted(paths, key=lambda path: len(path.equal) != fixed):
        keys = index_keys(path, read_model.key_field, read_model.journal)
        names = tuple(name for name, _ in keys)
        if "_id" in names[fixed:]:
            yield Route(names[:fixed], names[fixed:])


def every_route(read_model: ReadModel) -> Iterator[Route]:
    """All ways in which a connection of this read model can be walked."""
    for fixed in range(1 + max(len((*path.equal, path.order)) for path in [BY_KEY, *read_model.paths])):
        yield from routes(read_model, fixed)


def given(read_model: ReadModel, wanted: PageRequest) -> dict[str, Any]:
    """The values that are held fixed, by the names under which they are stored."""
    return {held_name(read_model, name): value for name, value in wanted.where_equal.items()}


def held(read_model: ReadModel, name: str, value: Any) -> Any:
    """What a value of a stored field is stored as. Raises BadInput for one that the field can't have."""
    return stored(type_of(read_model, name), value, "id" if name == "_id" else name)


def type_of(read_model: ReadModel, name: str) -> Any:
    """The type of a stored field."""
    return key_type(read_model) if name == "_id" else fields_of(read_model.view)[name]


def key_type(read_model: ReadModel) -> Any:
    """The type of a view's key; a journal's views are numbered by the gateway."""
    return int if read_model.journal else read_model.key_type


def whole(read_model: ReadModel, route: Route, range_: Range) -> Window:
    """The stretch of a route's index that a range on its order field leaves."""
    return window(range_, len(route.rest), lambda value: held(read_model, route.rest[0], value))


def held_name(read_model: ReadModel, name: str) -> str:
    """The name under which a view's field is stored."""
    return stored_name(name, read_model.key_field, read_model.journal)


def _not_declared(read_model: ReadModel, wanted: PageRequest) -> str:
    asked = _named(wanted.equal_fields, wanted.order)
    declared = "; ".join(_named(path.equal, path.order) for path in [BY_KEY, *read_model.paths])
    return f"{camel(read_model.many)} can't be asked for {asked}. There is: {declared}."


def _named(equal: tuple[str, ...], order: str | None) -> str:
    fields = f"by {' and '.join(map(camel, equal))} " if equal else ""
    return f"{fields}in the order of {camel(order) if order else 'the key'}"
