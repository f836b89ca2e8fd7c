"""Compares an answer, field by field, with what it should be, and notes which parts of the schema were seen so."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeAlias

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    Undefined,
    is_abstract_type,
    parse,
    value_from_ast_untyped,
)

Arguments: TypeAlias = Mapping[str, Any]

Resolve: TypeAlias = Callable[[Arguments], Any]

Thing: TypeAlias = Mapping[str, object | Resolve]
"""An expected object: `__typename`, and for each field its value or a function from its arguments to it.

A value is JSON-ready, a Thing, a list of them, or a `Told` where only the gateway can know it.
"""

Path: TypeAlias = tuple[str | int, ...]


class Told:
    """Stands for a value that only the gateway can know, a cursor for instance: it is recognised, not reckoned."""

    def __init__(self, what: str, check: Callable[[Any], bool]) -> None:
        self._what, self._check = what, check

    def __call__(self, value: Any) -> bool:
        return self._check(value)

    def __repr__(self) -> str:
        return self._what


@dataclass(frozen=True, slots=True)
class Difference:
    """A value other than expected; `path` leads to it by the types and fields that were asked."""

    path: Path
    found: Any
    expected: Any


@dataclass
class Comparison:
    """All answers of a run. `covered` are the names, as `in_schema` has them, of what was answered rightly."""

    schema: GraphQLSchema
    covered: set[str] = field(default_factory=set[str])
    differences: list[Difference] = field(default_factory=list[Difference])

    def check(self, text: str, variables: Mapping[str, Any], data: Mapping[str, Any], root: Thing) -> None:
        """Compare the data of an operation; what differs is kept in `differences`."""
        operation = _operation(text)
        type_ = self.schema.get_root_type(operation.operation)
        assert type_
        _Walk(self, dict(variables)).object(operation.selection_set, type_, data, root, ())


@dataclass
class _Walk:
    """One answer."""

    comparison: Comparison
    variables: dict[str, Any]

    def object(
        self, selections: SelectionSetNode, type_: Any, found: Mapping[str, Any], expected: Thing, path: Path
    ) -> None:
        concrete = str(expected.get("__typename", type_.name))
        actual = self.comparison.schema.type_map[concrete]
        assert isinstance(actual, GraphQLObjectType)
        self._note_member(type_, actual)
        seen: set[str] = set()
        for node, parent in self._fields(selections, type_, actual):
            seen.add(node.name.value)
            self._field(node, (actual, parent), found.get(node.name.value), expected, path)
        if seen != set(found):
            self._differ(path, sorted(found), sorted(seen))

    def _fields(
        self, selections: SelectionSetNode, parent: Any, actual: GraphQLObjectType
    ) -> Iterator[tuple[FieldNode, Any]]:
        """The selected fields that apply to the actual type, each with the type that it was selected from."""
        for each in selections.selections:
            if isinstance(each, FieldNode):
                yield each, parent
            elif isinstance(each, InlineFragmentNode):
                condition = each.type_condition
                type_ = self.comparison.schema.type_map[condition.name.value] if condition else parent
                if self._applies(type_, actual):
                    self._note_member(type_, actual)
                    yield from self._fields(each.selection_set, type_, actual)
            else:
                raise AssertionError("these tests spread no named fragments")

    def _note_member(self, type_: Any, actual: GraphQLObjectType) -> None:
        if is_abstract_type(type_):
            self.comparison.covered.add(f"{type_.name} = {actual.name}")

    def _applies(self, type_: Any, actual: GraphQLObjectType) -> bool:
        if not is_abstract_type(type_):
            return type_ is actual
        return self.comparison.schema.is_sub_type(type_, actual)

    def _field(
        self, node: FieldNode, types: tuple[GraphQLObjectType, Any], found: Any, expected: Thing, path: Path
    ) -> None:
        actual, parent = types
        name = node.name.value
        here = (*path, f"{actual.name}.{name}")
        if name == "__typename":
            self._same(found, actual.name, here)
            return
        arguments = self._arguments(node, actual)
        wanted: Any = expected.get(name, f"nothing is known of {actual.name}.{name}")
        if callable(wanted) and not isinstance(wanted, Told):
            wanted = wanted(arguments)
        before = len(self.comparison.differences)
        self._value(node, actual.fields[name].type, found, wanted, here)
        if len(self.comparison.differences) == before:
            said = " is null" if found is None else ""
            self.comparison.covered.update(f"{each}.{name}{said}" for each in (actual.name, parent.name))
            self.comparison.covered.update(self._named(actual, name, arguments))

    def _value(self, node: FieldNode, type_: Any, found: Any, expected: Any, path: Path) -> None:
        inner = _nullable(type_)
        if found is None or expected is None or isinstance(expected, Told):
            self._same(found, expected, path)
        elif isinstance(inner, GraphQLList):
            if len(found) != len(expected):
                self._differ(path, f"{len(found)} items", f"{len(expected)} items")
            for index, (one, other) in enumerate(zip(found, expected, strict=False)):
                self._value(node, _below(inner), one, other, (*path, index))
        elif node.selection_set and isinstance(expected, Mapping):
            self.object(node.selection_set, inner, found, expected, path)  # pyright: ignore[reportUnknownArgumentType] # a Thing
        else:
            self._same(found, expected, path)
            if isinstance(inner, GraphQLEnumType):
                self.comparison.covered.add(f"{inner.name}.{found}")

    def _same(self, found: Any, expected: Any, path: Path) -> None:
        right = (
            expected(found) if isinstance(expected, Told) else (type(found), found) == (type(expected), expected)
        )
        if not right:
            self._differ(path, found, expected)

    def _differ(self, path: Path, found: Any, expected: Any) -> None:
        self.comparison.differences.append(Difference(path, found, expected))

    def _arguments(self, node: FieldNode, type_: GraphQLObjectType) -> dict[str, Any]:
        given = ((each.name.value, each.value) for each in node.arguments or ())
        found = {name: value_from_ast_untyped(value, self.variables) for name, value in given}
        assert set(found) <= set(type_.fields[node.name.value].args)
        return {name: value for name, value in found.items() if value is not Undefined}

    def _named(self, type_: GraphQLObjectType, name: str, arguments: Mapping[str, Any]) -> Iterator[str]:
        """What the arguments used of the schema."""
        for argument, value in arguments.items():
            yield f"{type_.name}.{name}({argument}:)"
            yield from _used(type_.fields[name].args[argument].type, value)


def _nullable(type_: Any) -> Any:
    return _below(type_) if isinstance(type_, GraphQLNonNull) else type_  # pyright: ignore[reportUnknownArgumentType] # open in graphql-core


def _below(type_: Any) -> Any:
    return getattr(type_, "of_type", None)


def named_type(type_: Any) -> Any:
    """The type under all lists and non-nulls."""
    while hasattr(type_, "of_type"):
        type_ = type_.of_type
    return type_


@cache
def _operation(text: str) -> OperationDefinitionNode:
    (found,) = [each for each in parse(text).definitions if isinstance(each, OperationDefinitionNode)]
    return found


def _used(type_: Any, value: Any) -> Iterator[str]:
    named = named_type(type_)
    for each in value if isinstance(value, list) else [value]:  # pyright: ignore[reportUnknownVariableType] # JSON
        if isinstance(named, GraphQLInputObjectType) and isinstance(each, dict):
            for name, inner in each.items():  # pyright: ignore[reportUnknownVariableType] # JSON
                yield f"{named.name}.{name}"
                yield from _used(named.fields[str(name)].type, inner)  # pyright: ignore[reportUnknownArgumentType] # JSON
        elif isinstance(named, GraphQLEnumType):
            yield f"{named.name}.{each}"


def in_schema(schema: GraphQLSchema) -> set[str]:
    """The names of everything that a client can ask for, give, or be answered."""
    found: set[str] = set()
    for name, type_ in schema.type_map.items():
        if name.startswith("__"):
            continue
        if is_abstract_type(type_):
            found |= {f"{name} = {each.name}" for each in schema.get_possible_types(type_)}
        if isinstance(type_, GraphQLEnumType):
            found |= {f"{name}.{each}" for each in type_.values}
        if isinstance(type_, GraphQLInputObjectType):
            found |= {f"{name}.{each}" for each in type_.fields}
        found |= set(_fields_of(type_))
    return found


def _fields_of(type_: Any) -> Iterator[str]:
    """Fields, their arguments, and nulls where the schema has them without an error."""
    for name, each in getattr(type_, "fields", {}).items():
        if isinstance(type_, GraphQLInputObjectType):
            continue
        yield f"{type_.name}.{name}"
        yield from (f"{type_.name}.{name}({argument}:)" for argument in each.args)
        directives = each.ast_node.directives if each.ast_node else None
        late = any(directive.name.value == "semanticNonNull" for directive in directives or ())
        if not isinstance(each.type, GraphQLNonNull) and not late:
            yield f"{type_.name}.{name} is null"
