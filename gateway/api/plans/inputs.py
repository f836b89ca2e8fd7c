"""Values of variables as resolvers take them, where they are just as they should be.

Everything else is left to graphql-core and Strawberry, who say what is wrong with it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphql import (
    GraphQLBoolean,
    GraphQLID,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLSchema,
    GraphQLString,
    Undefined,
    is_input_object_type,
    is_leaf_type,
)

from gateway.api.plans.kinds import is_list, is_non_null, type_of
from gateway.api.plans.source import NotPlanned

Read: TypeAlias = Callable[[Any], Any]
"""From what a client sent to what resolvers take. Raises for what is not expected."""

_LIMIT = 2**31


class NotPlain(Exception):
    """A value that graphql-core has to have its say about."""


class Inputs:
    """What reads the values of a schema's input types, made once for each of them."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self._known: dict[str, Read] = {}

    def reader(self, type_: Any) -> Read:
        """What reads values of a type. Raises NotPlanned for a type that was not derived here."""
        if is_non_null(type_):
            return self._not_null(type_.of_type)
        found = self._not_null(type_)
        return lambda value: None if value is None else found(value)

    def _not_null(self, type_: Any) -> Read:
        """The same, where null is none of its values; it is refused as anything else is."""
        if is_list(type_):
            return _items(self.reader(type_.of_type))
        if not is_input_object_type(type_):
            return _leaf(type_)
        if type_.name not in self._known:
            self._known[type_.name] = self._object(InputObject.of(type_))
        return self._known[type_.name]

    def _object(self, input_: "InputObject") -> Read:
        fields = [(each.name, each.python_name, self.reader(each.type)) for each in input_.fields.values()]
        required = [each for each in fields if input_.fields[each[0]].required]
        return _object(input_.made, required, [each for each in fields if each not in required])


def _items(read: Read) -> Read:
    def items(values: Any) -> list[Any]:
        if values.__class__ is not list:
            raise NotPlain  # one item may stand for a list of it
        return [read(each) for each in values]

    return items


def _leaf(type_: Any) -> Read:
    if type_ in (GraphQLString, GraphQLID):
        return _text
    if type_ is GraphQLBoolean:
        return _boolean
    if type_ is GraphQLInt:
        return _whole
    if not is_leaf_type(type_):
        raise NotPlanned
    return _own(type_.coerce_input_value)


def _text(value: Any) -> str:
    if type(value) is not str:
        raise NotPlain
    return value


def _boolean(value: Any) -> bool:
    if type(value) is not bool:
        raise NotPlain
    return value


def _whole(value: Any) -> int:
    if type(value) is not int or not -_LIMIT <= value < _LIMIT:
        raise NotPlain
    return value


def _own(coerce: Read) -> Read:
    """A scalar or an enum that was made here: graphql-core calls the same function."""

    def own(value: Any) -> Any:
        found = NotPlain if value is None else coerce(value)
        if found is NotPlain or found is Undefined:
            raise NotPlain
        return found

    return own


@dataclass(frozen=True, slots=True)
class InputField:
    """A field of an input type; `python_name` is what the type's constructor calls it."""

    name: str
    python_name: str
    type: Any

    @property
    def required(self) -> bool:
        return is_non_null(self.type)


@dataclass(frozen=True, slots=True)
class InputObject:
    """An input type that was derived here: no field has a default, and left out ones are the constructor's."""

    made: type
    fields: Mapping[str, InputField]

    @classmethod
    def of(cls, type_: GraphQLInputObjectType) -> "InputObject":
        """Raises NotPlanned for a type that is made in any other way."""
        definition: Any = type_.extensions.get("strawberry-definition")
        if definition is None or definition.from_input is not None or type_.is_one_of:
            raise NotPlanned
        fields = {name: _field(name, each) for name, each in type_.fields.items()}
        return cls(definition.origin, fields)


def _field(name: str, field: Any) -> InputField:
    definition = field.extensions.get("strawberry-definition")
    if definition is None or field.default is not None or field.default_value is not Undefined:
        raise NotPlanned
    return InputField(name, definition.python_name, type_of(field))


_Fields: TypeAlias = list[tuple[str, str, Read]]
"""Names, what the constructor calls them, and what reads their values."""


def _object(made: type, required: _Fields, optional: _Fields) -> Read:
    def read(value: Any) -> Any:
        if value.__class__ is not dict:
            raise NotPlain
        found = {python_name: read(value[name]) for name, python_name, read in required}
        if len(value) > len(found):
            found |= {python_name: read(value[name]) for name, python_name, read in optional if name in value}
        if len(value) != len(found):
            raise NotPlain  # something that the type has not
        return made(**found)

    return read
