"""What a document asks for, weighed without executing it: in time linear to its text, whatever its fragments do."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
)

from gateway.api.limits import Limits, TooComplex, require

_ENOUGH = 10**12
"""Counting further than this tells nothing more, and would make numbers of thousands of digits."""


@dataclass(frozen=True, slots=True)
class Weight:
    """One selection set: its `fields` at the top, its `depth`, and how many values it asks for.

    `once` of them stand there once, `items` for each item of the page that the selection set belongs to
    (the `edges` of a connection whose field has the `first`).
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
    """A selection set and the type that it selects from, None where the schema does not know it."""

    selections: SelectionSetNode
    type: GraphQLNamedType | None


@dataclass
class Scale:
    """Weighs the selection sets of one document for given variables; each is weighed once.

    `asked` says whether a variable had a say: then other variables may weigh differently.
    """

    schema: GraphQLSchema
    document: DocumentNode
    limits: Limits
    variables: Mapping[str, Any] = field(default_factory=dict[str, Any])
    asked: bool = False

    def __post_init__(self) -> None:
        self._weights: dict[int, Weight] = {}
        self._fragments: dict[str, _Place] = {
            each.name.value: self._fragment(each)
            for each in self.document.definitions
            if isinstance(each, FragmentDefinitionNode)
        }

    def check(self, operation: OperationDefinitionNode) -> None:
        """Raises TooComplex for an operation that asks for more than the limits allow."""
        limits = self.limits
        weight = self._weigh(_Place(operation.selection_set, self.schema.get_root_type(operation.operation)))
        kind = "root_mutations" if operation.operation.value == "mutation" else "root_fields"
        require(weight.fields, kind, getattr(limits, kind))
        require(weight.depth, "depth", limits.depth)
        require(weight.introspection, "introspection_depth", limits.introspection_depth)
        require(weight.of(limits.list_size), "cost", limits.cost)

    def _fragment(self, node: FragmentDefinitionNode) -> _Place:
        return _Place(node.selection_set, self.schema.get_type(node.type_condition.name.value))

    def _weigh(self, root: _Place) -> Weight:
        """Weighs from the leaves up, without recursion. A circle of fragments weighs nothing: validation
        refuses it by name."""
        entered: set[int] = set()
        stack = [root]
        while stack:
            place = stack[-1]
            key = id(place.selections)
            if key not in self._weights and key not in entered:
                entered.add(key)
                stack.extend(each for each in self._below(place) if id(each.selections) not in entered)
                continue
            stack.pop()
            if key not in self._weights:
                self._weights[key] = self._sum(place)
        return self._weights[id(root.selections)]

    def _below(self, place: _Place) -> Iterator[_Place]:
        for node in place.selections.selections:
            found = self._selected(place, node)
            if found:
                yield found

    def _selected(self, place: _Place, node: SelectionNode) -> _Place | None:
        """The selection set that a selection brings in, if any."""
        if isinstance(node, FragmentSpreadNode):
            return self._fragments.get(node.name.value)
        if isinstance(node, FieldNode):
            field_type = self._field(place, node)
            type_ = get_named_type(field_type.type) if field_type else None
            return _Place(node.selection_set, type_) if node.selection_set else None
        condition = getattr(node, "type_condition", None)
        type_ = self.schema.get_type(condition.name.value) if condition else place.type
        return _Place(node.selection_set, type_)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownArgumentType, reportUnknownMemberType] # an inline fragment

    def _field(self, place: _Place, node: FieldNode) -> GraphQLField | None:
        known = place.type if is_composite_type(place.type) else None
        return self.schema.get_field(known, node.name.value) if known else None

    def _sum(self, place: _Place) -> Weight:
        total = Weight()
        for node in place.selections.selections:
            total += self._of(place, node)
        return total

    def _of(self, place: _Place, node: SelectionNode) -> Weight:
        below = self._selected(place, node)
        weight = self._weights.get(id(below.selections), Weight()) if below else Weight()
        if not isinstance(node, FieldNode):
            return weight
        counted = self._count(self._field(place, node), node, weight)
        if node.name.value in ("__schema", "__type"):
            return Weight(1, 1, weight.depth, *counted)
        return Weight(1, 1 + weight.depth, weight.introspection, *counted)

    def _count(self, known: GraphQLField | None, node: FieldNode, below: Weight) -> tuple[int, int]:
        """How many values a field asks for: once, and for each item of the page around it."""
        page = self._page(known, node) if known else None
        is_list = known is not None and is_list_type(get_nullable_type(known.type))
        inner = below.of(self.limits.list_size)
        if is_list:
            return (min(1 + page * inner, _ENOUGH), 0) if page is not None else (1, min(1 + inner, _ENOUGH))
        return min(1 + (inner if page is None else below.of(page)), _ENOUGH), 0

    def _page(self, known: GraphQLField, node: FieldNode) -> int | None:
        """How many items a field is asked for; None for a field that has no say in it."""
        given = {each.name.value: each.value for each in node.arguments}
        if "first" in known.args or "last" in known.args:
            sizes = [self._size(given[name]) for name in ("first", "last") if name in given]
            asked = [each for each in sizes if each is not None]
            return max(asked) if asked else self.limits.page_default
        lists = [name for name, each in known.args.items() if is_list_type(get_nullable_type(each.type))]
        lengths = [self._length(given[name]) for name in lists if name in given]
        return max(lengths) if lengths else None

    def _size(self, node: ValueNode) -> int | None:
        """A page's size as it counts: a larger one than there is will be refused by the page itself."""
        size = int(node.value) if isinstance(node, IntValueNode) else self._value(node)
        return max(0, min(size, self.limits.page_limit)) if isinstance(size, int) else None

    def _length(self, node: ValueNode) -> int:
        if isinstance(node, ListValueNode):
            return len(node.values)
        found = self._value(node)
        return len(found) if isinstance(found, list) else 1  # pyright: ignore[reportUnknownArgumentType] # of whatever

    def _value(self, node: ValueNode) -> Any:
        if not isinstance(node, VariableNode):
            return None
        self.asked = True
        return self.variables.get(node.name.value, self._default(node.name.value))

    def _default(self, variable: str) -> Any:
        """A variable's own default, if it is a number: an operation's variables are few."""
        return None


__all__ = ["Scale", "TooComplex", "Weight"]
