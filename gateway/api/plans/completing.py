"""Values as the answer has them: by the plan's functions, and where those give up, by graphql-core's executor."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple, cast

import strawberry
from graphql import GraphQLError, Undefined, is_object_type, located_error
from graphql.execution.executor import CollectedErrors, invalid_return_type_error, to_nodes
from graphql.pyutils import Path

from gateway.api.asking import Asking
from gateway.api.context import Context
from gateway.api.plans.kinds import is_list, is_many, is_non_null, type_of
from gateway.api.plans.tree import Plan, Selection, Step

Executor = Any
"""graphql-core's, whose type parameter it leaves open: a strict check does not take that."""


class Place:
    """A place in the answer, within the place `outer`; `holder` has its value under the last key of `path`."""

    __slots__ = ("holder", "nullable", "outer", "path")

    def __init__(self, outer: "Place | None", path: Path, nullable: bool, holder: Any) -> None:
        self.outer, self.path, self.nullable, self.holder = outer, path, nullable, holder

    def put(self, value: Any) -> None:
        self.holder[self.path.key] = value


class Load(NamedTuple):
    """A field of the object `value` that is to be loaded."""

    step: Step
    value: Any
    place: Place


class Completing:
    """Completes the values of one request; `loads` are the fields below them that are to be loaded next.

    `build` makes the ordinary executor of the same request, for what is not expected.
    """

    def __init__(self, plan: Plan, context: Context, build: Callable[[], Executor]) -> None:
        self._plan, self._context, self._build = plan, context, build
        self._asking = cast(strawberry.Info, Asking(context, plan.schema, None, {}))
        self.collected = CollectedErrors()
        self.loads: list[Load] = []

    @cached_property
    def executor(self) -> Executor:
        """The ordinary executor; it tells of its errors here."""
        executor = self._build()
        executor.collected_errors = self.collected
        return executor

    def asking(self, load: Load) -> strawberry.Info:
        """What the resolver of a loaded field is asked with."""
        asking = Asking(self._context, self._plan.schema, load.place.path, load.step.reads)
        return cast(strawberry.Info, asking)

    def root(self) -> dict[str, Any]:
        """The answer's data before anything is loaded."""
        return self._plan.root.write(None, self._asking)

    def begin(self, step: Step, value: Any, holder: dict[str, Any], outer: Place | None) -> None:
        """Begin with a field below which something is loaded."""
        path = Path(outer and outer.path, step.key, step.parent.name)
        place = Place(outer, path, step.nullable, holder)
        if step.waits:
            self.loads.append(Load(step, value, place))
            return
        try:
            found = self.completed(step, step.resolve(value, self._asking, {}), place)
        except Exception as error:
            found = self._excused(error, step, place)
        place.put(found)

    def completed(self, step: Step, value: Any, place: Place) -> Any:
        """What the answer has for a value. Raises what leads to a null."""
        write = step.completion.write
        if write is None:
            return self._nested(step, type_of(step.definition), value, place)
        try:
            return write(value, self._asking)
        except Exception:  # the executor says whose mistake it is
            return self._told(step, value, place)

    def _excused(self, raised: Exception, step: Step, place: Place) -> None:
        """Null, where it may stand. Raises the error where it may not."""
        error = located(raised, step, place.path)
        if not place.nullable:
            raise error
        self.collected.add(error, place.path)

    def _told(self, step: Step, value: Any, place: Place) -> Any:
        executor = self.executor
        info = executor.build_resolve_info(step.definition, to_nodes(step.details), step.parent, place.path)
        return executor.complete_value(type_of(step.definition), step.details, info, place.path, value, None)

    def _nested(self, step: Step, type_: Any, value: Any, place: Place) -> Any:
        """Below this value something is loaded."""
        if isinstance(value, Exception):
            raise value
        if is_non_null(type_):
            found = self._nested(step, type_.of_type, value, place)
            if found is None:
                name = f"{step.parent}.{step.details[0].node.name.value}"
                raise TypeError(f"Cannot return null for non-nullable field {name}.")
            return found
        if value is None or value is Undefined:
            return None
        if is_list(type_):
            return self._items(step, type_.of_type, value, place)
        selection = self._selection(step, type_, value, place)
        return self._object(selection, value, place)

    def _items(self, step: Step, type_: Any, values: Any, place: Place) -> list[Any]:
        if not is_many(values):
            return self._told(step, values, place)
        found: list[Any] = []
        nullable = not is_non_null(type_)
        for index, value in enumerate(values):
            each = Place(place, place.path.add_key(index, None), nullable, found)
            found.append(None)
            try:
                each.put(self._nested(step, type_, value, each))
            except Exception as error:
                self._excused(error, step, each)
        return found

    def _selection(self, step: Step, type_: Any, value: Any, place: Place) -> Selection:
        """What is selected of a value. Raises GraphQLError for one that is of no type of the field's."""
        name = type_.name if is_object_type(type_) else type_.resolve_type(value, self._asking, type_)
        selection = step.completion.below.get(name)
        if selection is None:
            executor = self.executor
            info = executor.build_resolve_info(step.definition, to_nodes(step.details), step.parent, place.path)
            executor.ensure_valid_runtime_type(name, type_, step.details, info, value)
            raise LookupError(name)
        is_type_of: Any = selection.type.is_type_of
        if is_type_of and not is_type_of(value, self._asking):
            raise invalid_return_type_error(selection.type, value, step.details)
        return selection

    def _object(self, selection: Selection, value: Any, place: Place) -> dict[str, Any]:
        try:
            found = selection.write(value, self._asking)
        except Exception:
            found = self._one_by_one(selection, value, place)
        for step in selection.later:
            self.begin(step, value, found, place)
        return found

    def _one_by_one(self, selection: Selection, value: Any, place: Place) -> dict[str, Any]:
        """The object whose fields are told by the executor, where nothing is loaded for them."""
        found: dict[str, Any] = {}
        for step in selection.steps:
            path = Path(place.path, step.key, selection.type.name)
            executed = self.executor.execute_field
            found[step.key] = None if step.later else executed(selection.type, value, step.details, path, None)
        return found


def located(raised: Exception, step: Step, path: Path) -> GraphQLError:
    return located_error(raised, to_nodes(step.details), path.as_list())
