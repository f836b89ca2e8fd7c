"""What a document asks for, weighed without executing it: in time linear to its text, whatever its fragments do.

Two list fields and nested fragments, without any alias, make 589 bytes that take seconds to execute; each
level doubles it. So fragments are counted as often as they are spread, and weighed once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    is_composite_type,
)

from gateway.api.limits import Limits, require

_ENOUGH = 10**12
"""Counting further tells nothing more, and would make numbers of thousands of digits."""


@dataclass(frozen=True, slots=True)
class Weight:
    """A selection set: its fields at the top, its depth, and how many values it asks for.

    `once` of them stand there once, `items` for each item of the page that the selection set belongs to:
    the `edges` of a connection whose field has the `first`.
    """

    fields: int = 0
    depth: int = 0
    introspection: int = 0
    once: int = 0
    items: int = 0

    def of(self, page: int) -> int:
        return self.once + page * self.items

    def __add__(self, other: "Weight") -> "Weight":
        return Weight(
            min(self.fields + other.fields, _ENOUGH),
            max(self.depth, other.depth),
            max(self.introspection, other.introspection),
            min(self.once + other.once, _ENOUGH),
            min(self.items + other.items, _ENOUGH),
        )


@dataclass(frozen=True, slots=True)
class _Place:
    """A selection set and the type that it selects from; None if the schema does not know it."""

    selections: SelectionSetNode
    type: GraphQLNamedType | None


class Scale:
    """Weighs one document for given variables; without any, a variable counts as little as it can.

    `asked` are the variables that had a say: with other values of theirs an operation weighs differently.
    """

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, limits: Limits, variables: Mapping[str, Any] | None
    ) -> None:
        self.asked = set[str]()
        self._schema, self._limits, self._variables = schema, limits, variables
        self._weights: dict[int, Weight] = {}
        self._fragments = {
            each.name.value: _Place(each.selection_set, schema.get_type(each.type_condition.name.value))
            for each in document.definitions
            if isinstance(each, FragmentDefinitionNode)
        }

    def check(self, operation: OperationDefinitionNode) -> None:
        """Raises TooComplex for an operation that asks for more than the limits allow."""
        limits, kind = self._limits, operation.operation
        weight = self._weigh(_Place(operation.selection_set, self._schema.get_root_type(kind)))
        if kind is OperationType.MUTATION:
            require(weight.fields, "root_mutations", limits.root_mutations)
        require(weight.fields, "root_fields", limits.root_fields)
        require(weight.depth, "depth", limits.depth)
        require(weight.introspection, "introspection_depth", limits.introspection_depth)
        require(weight.of(limits.list_size), "cost", limits.cost)

    def _weigh(self, root: _Place) -> Weight:
        """Weighs from the leaves up, without recursion. A circle of fragments ends where it began:
        validation refuses it by name."""
        entered: set[int] = set()
        stack = [root]
        while stack:
            key = id(stack[-1].selections)
            if key in self._weights:
                stack.pop()
            elif key in entered:
                self._weights[key] = self._sum(stack.pop())
            else:
                entered.add(key)
                stack.extend(each for each in self._below(stack[-1]) if id(each.selections) not in entered)
        return self._weights[id(root.selections)]

    def _below(self, place: _Place) -> Iterator[_Place]:
        found = (self._selected(place, node) for node in place.selections.selections)
        return (each for each in found if each)

    def _selected(self, place: _Place, node: SelectionNode) -> _Place | None:
        """The selection set that a selection brings in, if any."""
        if isinstance(node, FragmentSpreadNode):
            return self._fragments.get(node.name.value)
        if isinstance(node, InlineFragmentNode):
            named = node.type_condition
            return _Place(node.selection_set, self._schema.get_type(named.name.value) if named else place.type)
        if not isinstance(node, FieldNode) or not node.selection_set:
            return None
        known = self._field(place, node)
        return _Place(node.selection_set, _named(known) if known else None)

    def _field(self, place: _Place, node: FieldNode) -> GraphQLField | None:
        return self._schema.get_field(place.type, node.name.value) if is_composite_type(place.type) else None

    def _sum(self, place: _Place) -> Weight:
        return sum((self._of(place, node) for node in place.selections.selections), Weight())

    def _of(self, place: _Place, node: SelectionNode) -> Weight:
        below = self._selected(place, node)
        weight = self._weights.get(id(below.selections), Weight()) if below else Weight()
        if not isinstance(node, FieldNode):
            return weight
        counted = self._count(self._field(place, node), node, weight)
        if node.name.value in ("__schema", "__type"):
            return Weight(1, 1, 1 + weight.depth, *counted)
        return Weight(1, 1 + weight.depth, weight.introspection, *counted)

    def _count(self, known: GraphQLField | None, node: FieldNode, below: Weight) -> tuple[int, int]:
        """How many values a field asks for: once, and for each item of the page around it."""
        page = self._page(known, node) if known else None
        if known is None or not _is_list(known):
            beside = 0 if page is None else page * (self._choices(node) - 1)
            return min(1 + below.of(self._limits.list_size if page is None else page) + beside, _ENOUGH), 0
        item = min(1 + below.of(self._limits.list_size), _ENOUGH)
        return (0, item) if page is None else (1 + page * item, 0)

    def _page(self, known: GraphQLField, node: FieldNode) -> int | None:
        """How many items a field is asked for; None for a field that has no say in it."""
        given = {each.name.value: each.value for each in node.arguments or ()}
        if "first" in known.args or "last" in known.args:
            sizes = [self._size(given[name]) for name in ("first", "last") if name in given]
            return max((each for each in sizes if each is not None), default=self._limits.page_default)
        lists = [name for name, each in known.args.items() if _is_list(each)]
        return max((self._length(given[name]) for name in lists if name in given), default=None)

    def _choices(self, node: FieldNode) -> int:
        """Of how many walks a connection is made: `in` reads a page for each choice, whatever is shown of it."""
        given = {each.name.value: each.value for each in node.arguments or ()}
        filters = self._fields(given.get("where")).values()
        choices = prod(max(1, self._length(each["in"])) for each in map(self._fields, filters) if "in" in each)
        return min(choices, _ENOUGH)

    def _fields(self, value: object) -> Mapping[str, Any]:
        """What is in an object of the document or of a variable, by its name; nothing for anything else."""
        if isinstance(value, VariableNode):
            value = self._value(value, least=None)
        if isinstance(value, ObjectValueNode):
            return {each.name.value: each.value for each in value.fields}
        return cast("dict[str, Any]", value) if isinstance(value, dict) else {}

    def _size(self, node: ValueNode) -> int | None:
        """A page's size as it counts: a larger one than there is will be refused by the page itself."""
        if isinstance(node, IntValueNode):
            # Python reads no number of thousands of digits; one that no Int can be is refused later on.
            size: object = int(node.value) if len(node.value) <= _LONGEST_INT else self._limits.page_limit
        else:
            size = self._value(node, least=1)
        if isinstance(size, float) and size.is_integer():  # an Int too, as GraphQL reads variables
            size = int(size)
        return max(0, min(size, self._limits.page_limit)) if isinstance(size, int) else None

    def _length(self, value: object) -> int:
        if isinstance(value, ListValueNode):
            return len(value.values)
        found: object = self._value(value, least=[]) if isinstance(value, ValueNode) else value
        return len(found) if isinstance(found, list) else 1  # pyright: ignore[reportUnknownArgumentType] # of anything

    def _value(self, node: ValueNode, least: object) -> Any:
        if not isinstance(node, VariableNode):
            return None
        self.asked.add(node.name.value)
        return least if self._variables is None else self._variables.get(node.name.value)


_LONGEST_INT = len("-2147483648")


def _type(of: Any) -> Any:
    """The type of a field or an argument: graphql-core declares it too openly for a strict check."""
    return of.type


def _named(of: GraphQLField) -> GraphQLNamedType:
    type_ = _type(of)
    while not isinstance(type_, GraphQLNamedType):
        type_ = type_.of_type
    return type_


def _is_list(of: object) -> bool:
    """Whether it is a list, nullable or not: its type is written with a bracket first."""
    return str(_type(of)).startswith("[")
