"""From a valid operation to its plan.

A plan is for one choice of the variables under `@skip` and `@include`.
"""

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

from graphql import (
    FieldNode,
    GraphQLAbstractType,
    GraphQLField,
    GraphQLObjectType,
    OperationType,
    TypeNameMetaFieldDef,
    is_abstract_type,
    is_leaf_type,
    is_object_type,
)

from gateway.api.plans.arguments import Converting, Given, given
from gateway.api.plans.kinds import is_list, is_non_null, type_of
from gateway.api.plans.leaves import global_id_of, leaf, listed, unexpected
from gateway.api.plans.reads import reads_below
from gateway.api.plans.selecting import Chosen, Details, Selecting, derived, python_name
from gateway.api.plans.source import Names, NotPlanned
from gateway.api.plans.stored import decoded, member
from gateway.api.plans.tree import Completion, Plan, Selection, Step
from gateway.api.schema.making import By, Field, Resolve
from gateway.api.schema.types import Attribute
from gateway.application.types import is_enum, optional, plain
from gateway.mongo.codec import TEXTS
from gateway.queries.fields import Fields
from gateway.queries.layouts import laid_out

MOST_FIELDS = 1_000
"""So many fields a plan has at most, those of a fragment as often as it is spread, for each type that it may be
spread on: a short text can ask for billions of them and have none in its answer."""

_FIELD_BYTES = 2_500
"""About what a field takes in memory beside the text of its function."""

_Written: TypeAlias = Callable[[str], str]
"""From the expression of a value to that of what the answer has."""


def compiled(chosen: Chosen, converting: Converting) -> Plan:
    """The plan of a query or a mutation. Raises NotPlanned for what is left to the ordinary executor."""
    return _Compiler(chosen, converting).plan()


class _Compiler:
    def __init__(self, chosen: Chosen, converting: Converting) -> None:
        self._schema, self._kind = chosen.schema, chosen.operation.operation
        self._selecting, self._converting = Selecting(chosen), converting
        self._names = Names()
        self._given = dict[tuple[int, int], Given]()
        self._fields = 0

    def plan(self) -> Plan:
        root = self._schema.get_root_type(self._kind)
        if root is None or self._kind is OperationType.SUBSCRIPTION:
            raise NotPlanned
        selection = self._selection(root, self._selecting.root(root))
        size = self._fields * _FIELD_BYTES + self._names.size
        return Plan(self._schema, selection, self._kind is OperationType.MUTATION, size)

    def _selection(self, type_: GraphQLObjectType, fields: Mapping[str, Details]) -> Selection:
        self._count()  # an empty one takes its time, too
        steps: list[Step] = []
        written: list[str] = []
        for key, details in fields.items():
            step, expression = self._step(type_, key, details)
            steps.append(step)
            written.append(f"{key!r}: {expression}")
        write = self._object(type_, f"{{{', '.join(written)}}}")
        return Selection(type_, write, tuple(steps), tuple(each for each in steps if each.later))

    def _object(self, type_: GraphQLObjectType, written: str) -> Any:
        """What makes an object, of a value that is one of this type."""
        if type_ in (self._schema.query_type, self._schema.mutation_type):
            return self._names.function(written)  # there is no value
        refused = f"{self._names.of(unexpected)}()"
        if type_.is_type_of:
            return self._names.function(f"{written} if {self._names.of(type_.is_type_of)}(v, x) else {refused}")
        wrong = self._names.of(_is_none_or_exception)
        return self._names.function(f"{refused} if {wrong}(v) else {written}")

    def _step(self, parent: GraphQLObjectType, key: str, details: Details) -> tuple[Step, str]:
        """A field, and the expression that makes it where nothing is loaded."""
        self._count()
        node = details[0].node
        if node.name.value == "__typename":
            return self._typename(parent, key, details)
        definition = parent.fields.get(node.name.value)
        field = derived(definition)
        if definition is None or field is None or inspect.isasyncgenfunction(field.resolve):
            raise NotPlanned
        resolve = field.resolve or Attribute(None, python_name(definition), None)
        waits = inspect.iscoroutinefunction(resolve)
        if definition.args and not waits:
            raise NotPlanned
        written = self._chosen_way(resolve, type_of(definition), details)
        below: Mapping[str, Selection] = {} if callable(written) else written
        write = self._names.function(written("v")) if callable(written) and waits else None
        if callable(written) and not waits:
            write = unexpected  # it is part of its object's function
        completion = Completion(write, below)
        arguments = self._arguments(definition, field, node)
        nullable = not is_non_null(type_of(definition))
        reads = reads_below(self._selecting, type_of(definition), details) if waits else _NOTHING_READ
        step = Step(key, parent, definition, details, resolve, waits, arguments, completion, nullable, reads)
        return step, "None" if not callable(written) or waits else written(self._read(resolve))

    def _arguments(self, definition: GraphQLField, field: Field, node: FieldNode) -> Given:
        """Made once, however often a fragment with this field in it is spread: literals may be long."""
        known = id(definition), id(node)
        if known not in self._given:
            self._given[known] = given(definition, node, field.arguments or {}, self._converting)
        return self._given[known]

    def _count(self) -> None:
        self._fields += 1
        if self._fields > MOST_FIELDS:
            raise NotPlanned

    def _typename(self, parent: GraphQLObjectType, key: str, details: Details) -> tuple[Step, str]:
        done = Completion(unexpected, {})
        resolve = By(_none)
        step = Step(
            key, parent, TypeNameMetaFieldDef, details, resolve, False, _no_arguments, done, False, _NOTHING_READ
        )
        return step, repr(parent.name)

    def _read(self, resolve: Resolve) -> str:
        """The expression of what a resolver finds."""
        if isinstance(resolve, Attribute) and resolve.stored:
            return f"v.shown[{resolve.stored!r}]"
        if isinstance(resolve, Attribute):
            path = [each for each in (resolve.held, resolve.name) if each]
            if not all(map(str.isidentifier, path)):
                raise NotPlanned
            return ".".join(["v", *path])
        if isinstance(resolve, By):
            return f"{self._names.of(resolve.read)}(v)"
        return f"{self._names.of(resolve)}(v, x, {self._names.of(_NO_ARGUMENTS)})"

    def _chosen_way(self, resolve: Resolve, type_: Any, details: Details) -> _Written | Mapping[str, Selection]:
        """How what is read of a field becomes what the answer has."""
        if isinstance(resolve, Attribute) and resolve.stored:
            return self._stored(resolve, type_, details)
        if isinstance(resolve, Attribute) and resolve.kind:
            return self._perhaps(type_, partial(global_id_of, self._names, resolve.kind))
        return self._completed(type_, details)

    def _stored(self, of: Attribute, type_: Any, details: Details) -> _Written:
        """The same for a value as is shown of a view's document."""
        named = type_.of_type if is_non_null(type_) else type_
        return self._perhaps(type_, self._stored_value(of, named, details))

    def _stored_value(self, of: Attribute, type_: Any, details: Details) -> _Written:
        annotation, names = optional(of.annotation)[0], self._names
        if of.kind:
            return lambda value: f"{f'{of.kind}:'!r} + {value}"
        if is_enum(annotation):
            return partial(member, names, type_, annotation)
        if laid_out(annotation):
            return self._document(type_, details)
        if plain(annotation) in (str, bool, *TEXTS):
            return _as_shown
        completed = self._not_null(type_, details)
        if not callable(completed):
            raise NotPlanned
        return lambda value: completed(decoded(names, annotation, value))

    def _document(self, type_: GraphQLObjectType, details: Details) -> _Written:
        """An object of the application's, as a document within a view's."""
        fields: dict[str, _Written] = {}
        for key, each in self._selecting.below(type_, details).items():
            step, expression = self._step(type_, key, each)
            if isinstance(step.resolve, Attribute):
                fields[key] = self._within(step.resolve, type_of(step.definition), each)
            elif step.definition is TypeNameMetaFieldDef:
                fields[key] = partial(_always, expression)
            else:
                raise NotPlanned
        return lambda value: f"{{{', '.join(f'{key!r}: {write(value)}' for key, write in fields.items())}}}"

    def _within(self, of: Attribute, type_: Any, details: Details) -> _Written:
        """A field of such an object."""
        written = self._stored(of, type_, details)
        return lambda value: written(f"{value}[{of.name!r}]")

    def _completed(self, type_: Any, details: Details) -> _Written | Mapping[str, Selection]:
        """How a value of a type is completed: by an expression, or with further loads below it."""
        if is_non_null(type_):
            return self._not_null(type_.of_type, details)
        found = self._not_null(type_, details)
        return self._unless_none(found) if callable(found) else found

    def _not_null(self, type_: Any, details: Details) -> _Written | Mapping[str, Selection]:
        if is_leaf_type(type_):
            return partial(leaf, self._names, type_)
        if is_list(type_):
            found = self._completed(type_.of_type, details)
            return partial(self._each, found) if callable(found) else found
        if is_object_type(type_):
            return self._one_of([type_], None, details)
        if is_abstract_type(type_):
            return self._one_of(self._schema.get_possible_types(type_), type_, details)
        raise NotPlanned

    def _one_of(
        self,
        types: Any,
        abstract: GraphQLAbstractType | None,
        details: Details,
    ) -> _Written | Mapping[str, Selection]:
        found = {each.name: self._selection(each, self._selecting.below(each, details)) for each in types}
        if any(each.later for each in found.values()):
            return found
        writes = {name: each.write for name, each in found.items()}
        write = _writing(abstract, writes) if abstract else next(iter(writes.values()))
        name = self._names.of(write)
        return lambda value: f"{name}({value}, x)"

    def _each(self, written: _Written, value: str) -> str:
        item = self._names.free()
        return f"[{written(item)} for {item} in {self._names.of(listed)}({value})]"

    def _perhaps(self, type_: Any, written: _Written) -> _Written:
        return written if is_non_null(type_) else self._unless_none(written)

    def _unless_none(self, written: _Written) -> _Written:
        held = self._names.free()
        return lambda value: f"(None if ({held} := {value}) is None else {written(held)})"


def _writing(abstract: GraphQLAbstractType, writes: Mapping[str, Any]) -> Any:
    resolve_type: Any = abstract.resolve_type

    def write(value: Any, asking: Any) -> Any:
        return writes[resolve_type(value, asking, abstract)](value, asking)

    return write


def _as_shown(value: str) -> str:
    return value


def _always(expression: str, _: str) -> str:
    return expression


def _is_none_or_exception(value: object) -> bool:
    return value is None or isinstance(value, Exception)


def _none(_: object) -> None:
    return None


def _no_arguments(_: object) -> dict[str, Any]:
    return {}


_NO_ARGUMENTS: dict[str, Any] = {}
_NOTHING_READ: Mapping[str, Fields] = {}
