"""The arguments of a field, as its resolver takes them: read by graphql-core, converted by Strawberry.

What is a leaf by itself or in a variable needs neither of them at each request: it is already what it will be.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import strawberry
from graphql import (
    FieldNode,
    GraphQLField,
    Undefined,
    VariableNode,
    get_argument_values,
    is_leaf_type,
)
from graphql.execution.values import VariableValues
from strawberry.types.arguments import convert_arguments

from gateway.api.inputs import given as unless_unset
from gateway.api.plans.kinds import coerced_literal, is_non_null, type_of
from gateway.api.plans.source import NotPlanned
from gateway.api.schema.making import Argument


class Variables(Protocol):
    """The variables of one request: their coerced values, and on demand all that graphql-core knows of them."""

    coerced: Mapping[str, Any]

    def full(self) -> VariableValues: ...


Given = Callable[[Variables], dict[str, Any]]
"""The arguments of a field for the variables of a request. Raises GraphQLError for a value that is none."""


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
    nodes = {each.name.value: each.value for each in node.arguments or ()}
    if not all(_is_leaf(definition.args[name]) for name in nodes) or any(
        map(_has_default, definition.args.values())
    ):
        return slow.read
    variables = {name: each.name.value for name, each in nodes.items() if isinstance(each, VariableNode)}
    return _Quick(slow, variables).read


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
    """Reads leaves, which both of them leave as they are."""

    def __init__(self, slow: _Slow, variables: Mapping[str, str]) -> None:
        self._slow = slow
        args, names = slow.definition.args, slow.python_names
        self._fixed = self._literals(variables)
        self._optional = [
            (names[name], each) for name, each in variables.items() if not is_non_null(type_of(args[name]))
        ]
        self._required = [
            (names[name], each) for name, each in variables.items() if is_non_null(type_of(args[name]))
        ]

    def read(self, variables: Variables) -> dict[str, Any]:
        found, coerced = self._fixed.copy(), variables.coerced
        for name, variable in self._optional:
            found[name] = coerced.get(variable)
        for name, variable in self._required:
            value = coerced.get(variable)
            if value is None:
                return self._slow.read(variables)
            found[name] = value
        return found

    def _literals(self, variables: Mapping[str, str]) -> dict[str, Any]:
        """All arguments with the values of those that stand in the document."""
        slow, found = self._slow, dict[str, Any].fromkeys(self._slow.taken)
        for each in slow.node.arguments or ():
            name = each.name.value
            if name not in variables:
                value = coerced_literal(each.value, type_of(slow.definition.args[name]))
                if value is Undefined:
                    raise NotPlanned
                found[slow.python_names[name]] = value
        return found


def _is_leaf(argument: Any) -> bool:
    type_ = type_of(argument)
    return is_leaf_type(type_.of_type if is_non_null(type_) else type_)


def _has_default(argument: Any) -> bool:
    return argument.default is not None or argument.default_value is not Undefined
