"""What resolvers are asked with in a plan, in place of Strawberry's `Info`: as much of it as derived ones use."""

from collections.abc import Mapping

import strawberry
from graphql import GraphQLSchema
from graphql.pyutils import Path

from gateway.api.context import Context
from gateway.application.model import ReadModel
from gateway.queries.fields import KEY_ALONE, Fields


class Asking:
    """One field that is resolved. `reads` are the stored fields that are asked for of each type below it, until
    something else is loaded."""

    __slots__ = ("context", "field_name", "path", "reads", "schema")

    def __init__(
        self, context: Context, schema: GraphQLSchema, path: Path | None, reads: Mapping[str, Fields]
    ) -> None:
        self.context, self.schema, self.path, self.reads, self.field_name = context, schema, path, reads, ""

    def is_awaitable(self, _: object) -> bool:
        """Nothing that tells the type of a value is: it is derived."""
        return False


def part_asked(info: strawberry.Info, read_model: ReadModel) -> Fields:
    """Which part of a read model's views is asked for below a field; all of it where nobody knows."""
    return info.reads.get(read_model.view.__name__, KEY_ALONE) if isinstance(info, Asking) else None
