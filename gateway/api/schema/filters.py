"""What a connection may be asked for: `where` and `orderBy` offer what the declared access paths serve, no more."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from gateway.api.ids import local_id
from gateway.api.inputs import checked_text, given
from gateway.api.schema.making import Argument, enum_type, input_type
from gateway.api.schema.types import Types
from gateway.application.descriptions import deprecated_fields
from gateway.application.model import ReadModel
from gateway.application.naming import camel, screaming
from gateway.application.types import fields_of, is_data, is_enum, is_id, optional
from gateway.errors import BadInput
from gateway.queries.pages import EVERYTHING, PageRequest, Range

_BOUNDS = ("gt", "gte", "lt", "lte")
_ASKED = ("eq", *_BOUNDS, "starts_with")


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

    def arguments(self, read_model: ReadModel) -> dict[str, Argument]:
        """`where` and `orderBy`, where the read model declares any access path."""
        found: dict[str, Argument] = {}
        if (where := self._where(read_model)) is not None:
            found["where"] = Argument.left_out(where)
        if (order := self._order(read_model)) is not None:
            found["order_by"] = Argument.left_out(order)
        return found

    def request(self, read_model: ReadModel, arguments: dict[str, Any], text_limit: int) -> PageRequest:
        """The page that the arguments ask for. Raises BadInput for a bad value."""
        where, order_by = arguments.get("where"), arguments.get("order_by")
        order = order_by.field.value if order_by else None
        equal, bounds, ordered = dict[str, Any](), EVERYTHING, _ordered(read_model)
        for name, annotation in self._fields(read_model).items():
            shown = self.types.input_name(name, annotation)
            asked = given(getattr(where, shown, None))
            if asked is None:
                continue
            path = ("where", camel(shown))
            wanted = {each: value for each in _ASKED if (value := given(getattr(asked, each, None))) is not None}
            if "eq" in wanted and len(wanted) > 1:
                raise BadInput("`eq` stands alone: nothing else can be asked of the same field beside it.", path)
            if wanted and name in ordered and (order or name) == name:
                bounds, order = self._range(wanted, text_limit, path), name
            elif "eq" in wanted:
                equal[name] = self._value(annotation, wanted["eq"], text_limit, path)
            elif wanted:
                raise BadInput("Bounds are for the one field that the connection is ordered by.", path)
        direction = given(order_by.direction) if order_by else None
        descending = direction.value is Direction.DESC if direction else read_model.newest_first and not order_by
        return PageRequest(equal, bounds, order, descending, *(arguments[each] for each in PAGE))

    def _range(self, wanted: dict[str, Any], text_limit: int, path: tuple[str, ...]) -> Range:
        for name, value in wanted.items():
            if isinstance(value, str):
                checked_text(value, text_limit, (*path, camel(name)))
        if "eq" in wanted:
            return Range(gte=wanted["eq"], lte=wanted["eq"])
        return Range(**{each: wanted.get(each) for each in _BOUNDS}, prefix=wanted.get("starts_with"))

    def _value(self, annotation: Any, value: Any, text_limit: int, path: tuple[str, ...]) -> Any:
        inner, _ = optional(annotation)
        if is_id(inner):
            return local_id(self.types.id_type(inner).kind, value, path)
        if is_enum(inner):
            return value.value
        return checked_text(value, text_limit, path) if isinstance(value, str) else value

    def _fields(self, read_model: ReadModel) -> dict[str, Any]:
        """The fields that some access path names, in the view's order."""
        named = {name for path in read_model.paths for name in (*path.equal, path.order)}
        return {name: each for name, each in fields_of(read_model.view).items() if name in named}

    def _where(self, read_model: ReadModel) -> type | None:
        arguments: dict[str, Argument] = {}
        deprecated = deprecated_fields(read_model.view)
        for name, annotation in self._fields(read_model).items():
            inner, _ = optional(annotation)
            if not is_data(inner):
                filter_ = self._filter(inner, name in _ordered(read_model))
                argument = Argument.left_out(filter_, deprecated.get(name))
                arguments[self.types.input_name(name, annotation)] = argument
        if not arguments:
            return None
        return input_type(f"{read_model.view.__name__}Where", arguments, "Joined by and.", {})

    def _filter(self, inner: Any, ordered: bool) -> type:
        """The input that filters one field: by equality, and by bounds where the views are ordered by it."""
        converted = self.types.input(inner)
        arguments = {"eq": Argument.left_out(converted)}
        if ordered and inner in _COMPARED:
            arguments |= {each: Argument.left_out(converted) for each in _BOUNDS}
        if ordered and inner is str:
            arguments["starts_with"] = Argument.left_out(str)
        kind = "ID" if is_id(inner) else _NAMES.get(inner, inner.__name__)
        name = f"{kind}Filter" if len(arguments) > 1 or inner not in _COMPARED_OR_TEXT else f"{kind}EqualFilter"
        if name not in self._made:
            self._made[name] = input_type(name, arguments, None, {})
        return self._made[name]

    def _order(self, read_model: ReadModel) -> type | None:
        names = dict.fromkeys(path.order for path in read_model.paths if path.order)
        if not names:
            return None
        view = read_model.view.__name__
        fields = enum_type(f"{view}OrderField", {screaming(each): each for each in names})
        arguments = {"field": Argument(fields), "direction": Argument.left_out(self.direction)}
        return input_type(f"{view}Order", arguments, None, {})


def _ordered(read_model: ReadModel) -> set[str]:
    return {path.order for path in read_model.paths if path.order}


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
