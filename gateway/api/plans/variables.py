"""The variables of an operation that need no coercion: their values are of GraphQL's own scalars already."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    NamedTypeNode,
    NonNullTypeNode,
    OperationDefinitionNode,
    SelectionNode,
    VariableDefinitionNode,
    VariableNode,
)

from gateway.api.limits import selections
from gateway.api.plans.source import NotPlanned

_LIMIT = 2**31


def _is_text(value: object) -> bool:
    return type(value) is str


def _is_int(value: object) -> bool:
    return type(value) is int and -_LIMIT <= value < _LIMIT


def _is_bool(value: object) -> bool:
    return type(value) is bool


_CHECKS: Mapping[str, Callable[[object], bool]] = {
    "ID": _is_text,
    "String": _is_text,
    "Int": _is_int,
    "Boolean": _is_bool,
}


class Plain:
    """Reads variables of GraphQL's own scalars, whose values graphql-core leaves as they are."""

    def __init__(self, operation: OperationDefinitionNode) -> None:
        self._checks = [_check(each) for each in operation.variable_definitions or ()]

    def read(self, given: Mapping[str, Any]) -> dict[str, Any] | None:
        """The coerced values; None where graphql-core must have its say."""
        found: dict[str, Any] = {}
        for name, check, nullable, defaults in self._checks:
            if name not in given:
                if defaults or not nullable:
                    return None
                continue
            value = given[name]
            if not (check is not None and check(value)) and not (value is None and nullable):
                return None
            found[name] = value
        return found


def _check(node: VariableDefinitionNode) -> tuple[str, Callable[[object], bool] | None, bool, bool]:
    """The name of a variable, what its values must be, whether null is one, and whether it has a default."""
    type_, nullable = node.type, not isinstance(node.type, NonNullTypeNode)
    inner = type_.type if isinstance(type_, NonNullTypeNode) else type_
    check = _CHECKS.get(inner.name.value) if isinstance(inner, NamedTypeNode) else None
    return node.variable.name.value, check, nullable and check is not None, node.default_value is not None


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
