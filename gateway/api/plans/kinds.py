"""graphql-core's questions about types, which it declares too openly for a strict check."""

from typing import Any

from graphql import GraphQLList, GraphQLNonNull, GraphQLSchema, TypeNode
from graphql.pyutils import is_iterable  # pyright: ignore[reportUnknownVariableType] # it has no types
from graphql.utilities import (
    coerce_input_literal,  # pyright: ignore[reportUnknownVariableType] # of a generic type without parameter
    type_from_ast,  # pyright: ignore[reportUnknownVariableType] # likewise
)


def is_list(type_: Any) -> bool:
    return isinstance(type_, GraphQLList)


def is_non_null(type_: Any) -> bool:
    return isinstance(type_, GraphQLNonNull)


def is_many(value: Any) -> bool:
    """Whether a value can be that of a list."""
    return bool(is_iterable(value))  # pyright: ignore[reportUnknownArgumentType] # see above


def coerced_literal(node: Any, type_: Any) -> Any:
    """The value of a literal without variables; Undefined where it is none of its type."""
    return coerce_input_literal(node, type_)


def type_named(schema: GraphQLSchema, node: TypeNode) -> Any:
    """The type that a document names; None where the schema has none of this name."""
    return type_from_ast(schema, node)


def type_of(of: Any) -> Any:
    """The type of a field or of an argument."""
    return of.type
