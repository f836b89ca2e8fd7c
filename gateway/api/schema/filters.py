"""What a connection may be asked for: `where` and `orderBy` offer what the declared access paths serve, no more."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, TypeAlias, cast
from uuid import UUID

from gateway.api.ids import local_id
from gateway.api.inputs import checked_text, given
from gateway.api.schema.asking import BOUNDS, EQUAL, NULL, ONE_OF, PREFIX, TESTS, Asked, asked, page_request
from gateway.api.schema.making import Argument, enum_type, input_type
from gateway.api.schema.types import Types
from gateway.application.descriptions import deprecated_fields
from gateway.application.model import AccessPath, ReadModel
from gateway.application.naming import camel, pascal, screaming
from gateway.application.types import fields_of, is_data, is_enum, is_id, optional
from gateway.queries.pages import PageRequest

Link: TypeAlias = tuple[str, Any]
"""A field of a view that holds another view's key, and that key."""


class Direction(Enum):
    """Which end comes first."""

    ASC = "ASC"
    DESC = "DESC"


@dataclass
class Filters:
    """The inputs `XWhere` and `XOrder` of each read model, and the page requests that they mean."""

    types: Types
    _made: dict[str, type] = field(default_factory=dict[str, type])

    def __post_init__(self) -> None:
        self.direction = enum_type("OrderDirection", {each.name: each for each in Direction})

    def arguments(self, read_model: ReadModel, link: str | None = None) -> dict[str, Argument]:
        """`where` and `orderBy`, as far as the read model declares access paths; those that begin with `link`."""
        found: dict[str, Argument] = {}
        paths = _paths(read_model, link)
        named = f"{read_model.view.__name__}{'' if link is None else f'By{pascal(link)}'}"
        if (where := self._where(f"{named}Where", read_model, paths)) is not None:
            found["where"] = Argument.left_out(where)
        if (order := self._order(named, paths)) is not None:
            found["order_by"] = Argument.left_out(order)
        return found

    def request(
        self,
        read_model: ReadModel,
        arguments: Mapping[str, Any],
        text_limit: int,
        link: Link | None = None,
    ) -> PageRequest:
        """The page that the arguments ask for, of all views or of those with this link. Raises BadInput."""
        where, order_by = arguments.get("where"), arguments.get("order_by")
        name = link[0] if link else None
        fields = [*self._asked(_fields(read_model, _paths(read_model, name)), where, text_limit)]
        wanted = page_request(
            read_model, fields, order_by.field.value if order_by else None, dict([link] if link else [])
        )
        direction = given(order_by.direction) if order_by else None
        descending = direction.value is Direction.DESC if direction else read_model.newest_first and not order_by
        first, after, last, before = (arguments[each] for each in PAGE)
        return replace(wanted, descending=descending, first=first, after=after, last=last, before=before, link=name)

    def _asked(self, fields: Mapping[str, Any], where: Any, text_limit: int) -> Iterator[Asked]:
        for name, annotation in fields.items():
            shown = self.types.input_name(name, annotation)
            filter_, path = given(getattr(where, shown, None)), ("where", camel(shown))
            tests = {each: value for each in TESTS if (value := given(getattr(filter_, each, None))) is not None}
            for each in tests.keys() - {NULL}:
                below = (*path, camel(each.rstrip("_")))
                tests[each] = self._values(annotation, tests[each], text_limit, below)
            if (found := asked(name, tests, path)) is not None:
                yield found

    def _values(self, annotation: Any, value: Any, text_limit: int, path: tuple[str, ...]) -> Any:
        """What a test compares with: a value of the field's type, or several."""
        if not isinstance(value, list):
            return self._value(annotation, value, text_limit, path)
        listed = enumerate(cast("list[Any]", value))
        return [self._value(annotation, each, text_limit, (*path, str(index))) for index, each in listed]

    def _value(self, annotation: Any, value: Any, text_limit: int, path: tuple[str, ...]) -> Any:
        inner, _ = optional(annotation)
        if is_id(inner):
            return local_id(self.types.id_type(inner).kind, value, path)
        if is_enum(inner):
            return value.value
        return checked_text(value, text_limit, path) if isinstance(value, str) else value

    def _where(self, name: str, read_model: ReadModel, paths: list[AccessPath]) -> type | None:
        arguments: dict[str, Argument] = {}
        deprecated, ordered = deprecated_fields(read_model.view), {path.order for path in paths}
        for each, annotation in _fields(read_model, paths).items():
            if not is_data(optional(annotation)[0]):
                filter_ = self._filter(annotation, each in ordered)
                argument = Argument.left_out(filter_, deprecated.get(each))
                arguments[self.types.input_name(each, annotation)] = argument
        return input_type(name, arguments, "Joined by and.", {}) if arguments else None

    def _filter(self, annotation: Any, ordered: bool) -> type:
        """The input that filters one field: by equality, and by bounds where the views are ordered by it."""
        inner, nullable = optional(annotation)
        converted = self.types.input(inner)
        arguments = {
            EQUAL: Argument.left_out(converted),
            ONE_OF: replace(Argument.left_out(list[converted]), name="in"),
        }
        bounded = ordered and inner in _COMPARED_OR_TEXT
        if ordered and inner in _COMPARED:
            arguments |= {each: Argument.left_out(converted) for each in BOUNDS}
        if ordered and inner is str:
            arguments[PREFIX] = Argument.left_out(str)
        if nullable:
            arguments[NULL] = Argument.left_out(bool)
        kind = "ID" if is_id(inner) else _NAMES.get(inner, inner.__name__)
        equal = "" if bounded or inner not in _COMPARED_OR_TEXT else "Equal"
        name = f"{'Nullable' if nullable else ''}{kind}{equal}Filter"
        if name not in self._made:
            self._made[name] = input_type(name, arguments, None, {})
        return self._made[name]

    def _order(self, named: str, paths: list[AccessPath]) -> type | None:
        names = dict.fromkeys(path.order for path in paths if path.order)
        if not names:
            return None
        fields = enum_type(f"{named}OrderField", {screaming(each): each for each in names})
        arguments = {"field": Argument(fields), "direction": Argument.left_out(self.direction)}
        return input_type(f"{named}Order", arguments, None, {})


def _paths(read_model: ReadModel, link: str | None) -> list[AccessPath]:
    """The access paths of a connection; of one over what has a link, they are what is left behind the link."""
    if link is None:
        return [*read_model.paths]
    linked = [path for path in read_model.paths if path.equal[:1] == (link,)]
    return [replace(path, equal=path.equal[1:]) for path in linked]


def _fields(read_model: ReadModel, paths: list[AccessPath]) -> dict[str, Any]:
    """The fields that some path names, in the view's order."""
    named = {name for path in paths for name in (*path.equal, path.order)}
    return {name: each for name, each in fields_of(read_model.view).items() if name in named}


_COMPARED = (Decimal, datetime, date, int)
_COMPARED_OR_TEXT = (*_COMPARED, str)
_NAMES: dict[Any, str] = {
    str: "Text",
    datetime: "DateTime",
    date: "Date",
    int: "Int",
    bool: "Boolean",
    UUID: "UUID",
}

PAGE: dict[str, Argument] = {
    "first": Argument.left_out(int),
    "after": Argument.left_out(str),
    "last": Argument.left_out(int),
    "before": Argument.left_out(str),
}
