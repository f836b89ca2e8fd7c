"""The GraphQL types of an application's values, made beside its dataclasses and never by changing them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from typing import Any

import strawberry

from gateway.api.ids import global_id
from gateway.api.scalars import STANDARD, new_type_scalar
from gateway.api.schema.making import Argument, Field, enum_type, input_type, interface_type, object_type
from gateway.application.descriptions import deprecated_fields, describe, describe_fields
from gateway.application.model import IdType, Model
from gateway.application.naming import id_field
from gateway.application.types import fields_of, is_data, is_enum, is_id, is_new_type, item_of, optional
from gateway.mongo.codec import value_decoder
from gateway.queries.fields import Fields


@dataclass(frozen=True, slots=True)
class Attribute:
    """Resolves a field by the attribute `name` of its parent, or of what its parent holds as `held`.

    With a `kind` the value is the local id of such a thing, and is shown as its global one. `annotation` is the
    value's type. With `stored` the parent is a view whose document has the value under this name; the view itself
    is not asked, for only a part of it may be there.
    """

    held: str | None
    name: str
    kind: str | None
    annotation: Any = None
    stored: str | None = None

    def __call__(self, root: Any, _info: strawberry.Info, _arguments: Any) -> Any:
        value = self.value(root)
        return value if value is None or self.kind is None else global_id(self.kind, value)

    def value(self, root: Any) -> Any:
        """What the parent has, a local id as it is."""
        if self.stored:
            return _reader(self.annotation, self.stored)(root)
        return getattr(getattr(root, self.held) if self.held else root, self.name)

    @property
    def reads(self) -> Fields:
        """Which part of a view it needs."""
        return frozenset([self.stored]) if self.stored else None


@cache
def _reader(annotation: Any, stored: str) -> Callable[[Any], Any]:
    """What reads a field of a view; an id is a text."""
    if is_id(optional(annotation)[0]):
        return lambda root: root.text(stored)
    decode = value_decoder(annotation)
    return lambda root: decode(root.document[stored])


@dataclass
class Types:
    """One type for each class and NewType of the application, made when it is first needed."""

    model: Model
    scalars: dict[object, Any] = field(default_factory=lambda: dict(STANDARD))
    _outputs: dict[type, type] = field(default_factory=dict[type, type])
    _inputs: dict[type, type] = field(default_factory=dict[type, type])
    _enums: dict[type, Any] = field(default_factory=dict[type, Any])

    def __post_init__(self) -> None:
        self.node = interface_type("Node", {"id": Field(strawberry.ID)}, "Something with a global id.")

    def id_type(self, annotation: Any) -> IdType:
        kind = annotation.__name__.removesuffix("Id")
        return self.model.ids.get(annotation) or IdType(annotation, kind, kind)

    def output(self, annotation: Any) -> Any:
        """The type of a value in an answer."""
        return self._converted(annotation, self.output, self._output_data)

    def input(self, annotation: Any) -> Any:
        """The type of a value in an input."""
        return self._converted(annotation, self.input, self._input_data)

    def _converted(self, annotation: Any, again: Callable[[Any], Any], data: Callable[[type], Any]) -> Any:
        inner, nullable = optional(annotation)
        if nullable:
            return again(inner) | None
        if (item := item_of(inner)) is not None:
            return list[again(item)]
        if is_id(inner):
            return strawberry.ID
        if is_new_type(inner):
            self.scalars.setdefault(inner, new_type_scalar(inner))
            return inner
        if is_enum(inner):
            return self._enum(inner)
        return data(inner) if is_data(inner) else inner

    def _enum(self, type_: type[Enum]) -> Any:
        """An enum of the same names whose values are the application's own members."""
        if type_ not in self._enums:
            described, deprecated = describe_fields(type_), deprecated_fields(type_)
            members = {
                each.name: strawberry.enum_value(
                    each, description=described.get(each.name), deprecation_reason=deprecated.get(each.name)
                )
                for each in type_
            }
            self._enums[type_] = enum_type(type_.__name__, members, describe(type_))
        return self._enums[type_]

    def _output_data(self, type_: type) -> type:
        if type_ not in self._outputs:
            self._outputs[type_] = object_type(type_.__name__, self.fields(type_, None), describe(type_))
        return self._outputs[type_]

    def _input_data(self, type_: type) -> type:
        if type_ not in self._inputs:
            self._inputs[type_] = self.made_input(type_, self.arguments(type_), self.descriptions(type_))
        return self._inputs[type_]

    def made_input(self, type_: type, arguments: Mapping[str, Argument], described: Mapping[str, str]) -> type:
        return input_type(f"{type_.__name__}Input", arguments, describe(type_), described)

    def arguments(self, type_: type) -> dict[str, Argument]:
        """The input fields of a dataclass; what may be None may be left out."""
        deprecated = deprecated_fields(type_)
        return {
            self.input_name(name, each): self._argument(each, deprecated.get(name))
            for name, each in fields_of(type_).items()
        }

    def _argument(self, annotation: Any, deprecated: str | None) -> Argument:
        inner, nullable = optional(annotation)
        return Argument.left_out(self.input(inner), deprecated) if nullable else Argument(self.input(annotation))

    def input_name(self, name: str, annotation: Any) -> str:
        """A field's name in inputs, events and rejections: an id says that it is one."""
        return id_field(name) if is_id(optional(annotation)[0]) else name

    def descriptions(self, type_: type) -> dict[str, str]:
        annotations, described = fields_of(type_), describe_fields(type_)
        return {self.input_name(name, annotations[name]): text for name, text in described.items()}

    def fields(self, type_: type, held: str | None) -> dict[str, Field]:
        """The output fields of a dataclass whose instance is the parent, or what it holds as `held`; ids as global
        ids."""
        return {
            self.input_name(name, annotation): self.field(held, type_, name)
            for name, annotation in fields_of(type_).items()
        }

    def field(self, held: str | None, type_: type, name: str, stored: str | None = None) -> Field:
        """The output field of this name of a dataclass; a view's document has it as `stored`."""
        annotation = fields_of(type_)[name]
        inner, _ = optional(annotation)
        kind = self.id_type(inner).kind if is_id(inner) else None
        described, deprecated = describe_fields(type_).get(name), deprecated_fields(type_).get(name)
        resolve = Attribute(held, name, kind, annotation, stored)
        return Field(self.output(annotation), described, resolve, deprecated=deprecated, reads=resolve.reads)
