"""The variables of an operation, read without graphql-core where their values are just as they should be."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    OperationDefinitionNode,
    SelectionNode,
    Undefined,
    VariableDefinitionNode,
    VariableNode,
    is_leaf_type,
)

from gateway.api.limits import selections
from gateway.api.plans.inputs import Inputs, NotPlain, Read
from gateway.api.plans.kinds import coerced_literal, is_non_null, type_named
from gateway.api.plans.source import NotPlanned


@dataclass(frozen=True, slots=True)
class _Variable:
    """A variable; `left_out` is its value where none is given, Undefined where it has none then."""

    name: str
    read: Read
    left_out: Any


class Plain:
    """Reads the variables of one operation."""

    def __init__(self, inputs: Inputs, operation: OperationDefinitionNode) -> None:
        self._variables = _variables(inputs, operation)

    def read(self, given: Mapping[str, Any]) -> dict[str, Any] | None:
        """The values as resolvers take them; None where graphql-core must have its say."""
        if self._variables is None:
            return None
        try:
            return {name: value for name, value in self._values(self._variables, given) if value is not Undefined}
        except Exception:  # it says in its words what is wrong
            return None

    def _values(self, variables: list[_Variable], given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        for each in variables:
            name = each.name
            value = each.read(given[name]) if name in given else each.left_out
            if value is NotPlain:
                raise NotPlain
            yield name, value


def _variables(inputs: Inputs, operation: OperationDefinitionNode) -> list[_Variable] | None:
    try:
        return [_variable(inputs, each) for each in operation.variable_definitions or ()]
    except NotPlanned:
        return None


def _variable(inputs: Inputs, node: VariableDefinitionNode) -> _Variable:
    type_ = type_named(inputs.schema, node.type)
    if type_ is None:
        raise NotPlanned
    return _Variable(node.variable.name.value, inputs.reader(type_), _left_out(node, type_))


def _left_out(node: VariableDefinitionNode, type_: Any) -> Any:
    """What a variable is where none is given; the class NotPlain where graphql-core is to find that out."""
    if node.default_value is None:
        return NotPlain if is_non_null(type_) else Undefined
    inner = type_.of_type if is_non_null(type_) else type_
    found = coerced_literal(node.default_value, type_) if is_leaf_type(inner) else Undefined
    return NotPlain if found is Undefined else found


def choosing(document: DocumentNode, operation: OperationDefinitionNode) -> tuple[str, ...]:
    """The variables of an operation that `@skip` and `@include` ask. Raises NotPlanned for other directives."""
    if operation.directives:
        raise NotPlanned
    defined = {each.variable.name.value for each in operation.variable_definitions or ()}
    asked = dict.fromkeys(name for each in selections(document) for name in _asked(each))
    return tuple(name for name in asked if name in defined)


def _asked(node: SelectionNode) -> Iterator[str]:
    for directive in node.directives or ():
        if directive.name.value not in ("skip", "include"):
            raise NotPlanned
        for each in directive.arguments or ():
            if isinstance(each.value, VariableNode):
                yield each.value.name.value
