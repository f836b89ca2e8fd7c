"""What a plan is made of: selections, and the fields in them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema
from graphql.execution.collect_fields import FieldDetails

from gateway.api.plans.arguments import Given
from gateway.api.schema.making import Resolve
from gateway.queries.fields import Fields

Write = Callable[[Any, Any], Any]
"""A generated function: of a value, and of what resolvers are asked with."""


@dataclass(frozen=True, slots=True, eq=False)
class Completion:
    """How the value of a field becomes what the answer has.

    `write` does it where nothing below is loaded; else `below` has the selection for each type of the value.
    """

    write: Write | None
    below: Mapping[str, "Selection"]


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One field of a selection; `waits` says that its value is loaded.

    `given` reads the field's arguments. `reads` says which part of the views of each type is asked for below it.
    """

    key: str
    parent: GraphQLObjectType
    definition: GraphQLField
    details: list[FieldDetails]
    resolve: Resolve
    waits: bool
    given: Given
    completion: Completion
    nullable: bool
    reads: Mapping[str, Fields]

    @property
    def later(self) -> bool:
        """Whether anything is loaded for it, or below it."""
        return self.waits or self.completion.write is None


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """What is selected of an object of one type.

    `write` makes the whole object, with null where the fields of `later` come.
    """

    type: GraphQLObjectType
    write: Write
    steps: tuple[Step, ...]
    later: tuple[Step, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """An operation, ready to run; `size` is about how many bytes it takes in memory."""

    schema: GraphQLSchema
    root: Selection
    serially: bool
    size: int
