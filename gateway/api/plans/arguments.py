"""The arguments of a field, as its resolver takes them.

How they are made is known when the plan is: of literals, and of variables that are read already. What is not as it
should be is read by graphql-core and converted by Strawberry, who raise what is to be said about it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import strawberry
from graphql import (
    FieldNode,
    GraphQLField,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    Undefined,
    ValueNode,
    VariableNode,
    get_argument_values,
    is_input_object_type,
    is_leaf_type,
)
from graphql.execution.values import VariableValues
from strawberry.types.arguments import convert_arguments

from gateway.api.inputs import given as unless_unset
from gateway.api.plans.inputs import InputObject, NotPlain
from gateway.api.plans.kinds import coerced_literal, is_list, is_non_null, type_of
from gateway.api.plans.source import NotPlanned
from gateway.api.schema.making import Argument


class Variables(Protocol):
    """The variables of one request: as resolvers take them, where they were read so, and as graphql-core does."""

    plain: Mapping[str, Any] | None

    def full(self) -> VariableValues: ...


Given: TypeAlias = Callable[[Variables], dict[str, Any]]
"""The arguments of a field for the variables of a request. Raises GraphQLError for a value that is none."""

_Made: TypeAlias = Callable[[Mapping[str, Any]], Any]
"""A value of a literal with these variables in it; Undefined for a variable alone that has none."""


@dataclass(frozen=True, slots=True)
class Converting:
    """What Strawberry converts arguments with."""

    config: Any
    scalars: Any

    @classmethod
    def of(cls, schema: strawberry.Schema) -> "Converting":
        return cls(schema.config, schema.schema_converter.scalar_registry)


def given(
    definition: GraphQLField, node: FieldNode, taken: Mapping[str, Argument], converting: Converting
) -> Given:
    """What reads a field's arguments. Raises NotPlanned for literals that are refused."""
    if not definition.args:
        return _none
    slow = _Slow(definition, node, tuple(taken), converting)
    if any(map(_has_default, definition.args.values())):
        return slow.read
    return _Quick(slow).read


def _none(_: Variables) -> dict[str, Any]:
    return {}


class _Slow:
    """Asks graphql-core and Strawberry at each request."""

    def __init__(
        self, definition: GraphQLField, node: FieldNode, taken: tuple[str, ...], converting: Converting
    ) -> None:
        self.definition, self.node, self.taken = definition, node, taken
        self._converting = converting
        strawberry_field = definition.extensions["strawberry-definition"]
        self._arguments = strawberry_field.arguments
        name = converting.config.name_converter.from_argument
        self.python_names: dict[str, str] = {name(each): each.python_name for each in self._arguments}

    def read(self, variables: Variables) -> dict[str, Any]:
        found = get_argument_values(self.definition, self.node, variables.full())
        converting = self._converting
        converted = convert_arguments(found, self._arguments, converting.scalars, converting.config)
        return {name: unless_unset(converted.get(name)) for name in self.taken}


class _Quick:
    """Makes them of what is plain."""

    def __init__(self, slow: _Slow) -> None:
        self._slow = slow
        self._absent = dict[str, Any].fromkeys(slow.taken)
        args = slow.definition.args
        self._made = [
            (slow.python_names[each.name.value], _made(each.value, type_of(args[each.name.value])))
            for each in slow.node.arguments or ()
        ]

    def read(self, variables: Variables) -> dict[str, Any]:
        plain = variables.plain
        if plain is None:
            return self._slow.read(variables)
        found = self._absent.copy()
        try:
            for name, made in self._made:
                value = made(plain)
                found[name] = None if value is Undefined else value
        except NotPlain:
            return self._slow.read(variables)
        return found


def _made(node: ValueNode, type_: Any) -> _Made:
    """What makes the value of a literal. Raises NotPlanned for one that is refused."""
    if isinstance(node, VariableNode):
        return _variable(node.name.value, required=is_non_null(type_))
    if isinstance(node, NullValueNode):
        return _constant(coerced_literal(node, type_))
    inner = type_.of_type if is_non_null(type_) else type_
    if is_list(inner):
        nodes = node.values if isinstance(node, ListValueNode) else (node,)
        return _list([_made(each, inner.of_type) for each in nodes])
    if is_input_object_type(inner) and isinstance(node, ObjectValueNode):
        return _object(InputObject.of(inner), {each.name.value: each.value for each in node.fields})
    return _constant(coerced_literal(node, inner) if is_leaf_type(inner) else Undefined)


def _variable(name: str, required: bool) -> _Made:
    if not required:
        return lambda variables: variables.get(name, Undefined)

    def needed(variables: Mapping[str, Any]) -> Any:
        value = variables.get(name)
        if value is None:
            raise NotPlain
        return value

    return needed


def _constant(value: Any) -> _Made:
    if value is Undefined:
        raise NotPlanned
    return lambda _: value


def _list(items: list[_Made]) -> _Made:
    def made(variables: Mapping[str, Any]) -> list[Any]:
        found = [each(variables) for each in items]
        return [None if each is Undefined else each for each in found]

    return made


def _object(input_: InputObject, nodes: Mapping[str, ValueNode]) -> _Made:
    if any(name not in input_.fields for name in nodes):
        raise NotPlanned
    if any(each.required and name not in nodes for name, each in input_.fields.items()):
        raise NotPlanned
    asked = [each for each in input_.fields.values() if each.name in nodes]
    fields = [(each.python_name, _made(nodes[each.name], each.type)) for each in asked]

    make = input_.made

    def made(variables: Mapping[str, Any]) -> Any:
        found = {name: each(variables) for name, each in fields}
        return make(**{name: value for name, value in found.items() if value is not Undefined})

    return made


def _has_default(argument: Any) -> bool:
    return argument.default is not None or argument.default_value is not Undefined
