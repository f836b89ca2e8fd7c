"""What an operation selects, collected by graphql-core's own functions.

The values of the variables under `@skip` and `@include` are known here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    is_abstract_type,
    is_object_type,
)
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues

from gateway.api.schema.making import DERIVED, Field

Details: TypeAlias = list[FieldDetails]
"""The nodes that select one field: what is selected below it is what all of them select."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """An operation; `values` are those of the variables under `@skip` and `@include`."""

    schema: GraphQLSchema
    document: DocumentNode
    operation: OperationDefinitionNode
    values: Mapping[str, bool]


class Selecting:
    """The fields that an operation selects of each type, by their keys in the answer."""

    def __init__(self, chosen: Chosen) -> None:
        self._schema, self._operation = chosen.schema, chosen.operation
        self._values = VariableValues({}, {**chosen.values})
        self._fragments = {
            each.name.value: FragmentDetails(each)
            for each in chosen.document.definitions
            if isinstance(each, FragmentDefinitionNode)
        }

    def root(self, type_: GraphQLObjectType) -> Mapping[str, Details]:
        found = collect_fields(self._schema, self._fragments, self._values, type_, self._operation)
        return found.grouped_field_set

    def below(self, type_: GraphQLObjectType, details: Details) -> Mapping[str, Details]:
        """What is selected of an object of this type, where a field has one."""
        found = collect_subfields(self._schema, self._fragments, self._values, self._operation, type_, details)
        return found.grouped_field_set

    def possible(self, type_: Any) -> Sequence[GraphQLObjectType]:
        """The types of the objects that a named type stands for; none for a leaf."""
        if is_object_type(type_):
            return [type_]
        return self._schema.get_possible_types(type_) if is_abstract_type(type_) else ()


def derived(definition: GraphQLField | None) -> Field | None:
    """What a field was made of; None for one that this schema did not derive."""
    found: Any = (definition.extensions if definition else {}).get("strawberry-definition")
    return found.metadata.get(DERIVED) if found is not None and not found.extensions else None


def python_name(definition: GraphQLField) -> str:
    return definition.extensions["strawberry-definition"].python_name
