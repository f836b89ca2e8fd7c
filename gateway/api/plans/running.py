"""One request, answered along a plan: what graphql-core's executor does, with everything decided before.

Values are completed as soon as they are there. What is loaded below them is loaded at the same time, and gathers in
the queries. An error where null may not stand makes the nearest place null where it may; of several below one place
that is null already, only those before it are told.
"""

import asyncio
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, NamedTuple, cast

import strawberry
from graphql import (
    GraphQLError,
    GraphQLSchema,
    Undefined,
    is_object_type,
    located_error,
)
from graphql.execution.executor import CollectedErrors, invalid_return_type_error, to_nodes
from graphql.execution.values import VariableValues
from graphql.pyutils import Path

from gateway.api.context import Context
from gateway.api.plans.kinds import is_list, is_many, is_non_null, type_of
from gateway.api.plans.tree import Plan, Selection, Step

Executor = Any
"""graphql-core's, whose type parameter it leaves open: a strict check does not take that."""


class Asking:
    """What resolvers are asked with, in place of Strawberry's `Info`: as much of it as derived ones ask for."""

    __slots__ = ("context", "field_name", "path", "schema")

    def __init__(self, context: Context, schema: GraphQLSchema, path: Path | None) -> None:
        self.context, self.schema, self.path, self.field_name = context, schema, path, ""

    def is_awaitable(self, _: object) -> bool:
        """Nothing that tells the type of a value is: it is derived."""
        return False


class Place:
    """A place in the answer, within the place `outer`; `holder` has its value under the last key of `path`."""

    __slots__ = ("holder", "nullable", "outer", "path")

    def __init__(self, outer: "Place | None", path: Path, nullable: bool, holder: Any) -> None:
        self.outer, self.path, self.nullable, self.holder = outer, path, nullable, holder

    def put(self, value: Any) -> None:
        self.holder[self.path.key] = value


class _Load(NamedTuple):
    """A field of the object `value` that is to be loaded."""

    step: Step
    value: Any
    place: Place


class Running:
    """The execution of one planned operation.

    `coerced` are its variables; `build` makes the ordinary executor of the same request, for what is not expected.
    """

    def __init__(
        self, plan: Plan, coerced: Mapping[str, Any], context: Context, build: Callable[[], Executor]
    ) -> None:
        self.coerced = coerced
        self._plan, self._context, self._build = plan, context, build
        self._asking = _asking(context, plan.schema, None)
        self._collected = CollectedErrors()
        self._loads: list[_Load] = []
        self._tasks: dict[asyncio.Task[None], Place] = {}

    @property
    def errors(self) -> list[GraphQLError]:
        """What went wrong, once there is `data`."""
        return self._collected.errors

    def full(self) -> VariableValues:
        """The variables with all that graphql-core knows of them."""
        return self._executor.variable_values

    async def data(self) -> dict[str, Any] | None:
        """The answer's data."""
        root = self._plan.root
        data: dict[str, Any] = root.write(None, self._asking)
        try:
            for step in root.later:
                self._begin(step, None, data, None)
                if self._plan.serially:
                    await self._settle()
                    if self._is_null(None):
                        return None
        except GraphQLError as error:
            self._collected.add(error, None)
            return None
        await self._settle()
        return None if self._is_null(None) else data

    @cached_property
    def _executor(self) -> Executor:
        """The ordinary executor; it tells of its errors here."""
        executor = self._build()
        executor.collected_errors = self._collected
        return executor

    def _begin(self, step: Step, value: Any, holder: dict[str, Any], outer: Place | None) -> None:
        """Begin with a field below which something is loaded."""
        path = Path(outer and outer.path, step.key, step.parent.name)
        place = Place(outer, path, step.nullable, holder)
        if step.waits:
            self._loads.append(_Load(step, value, place))
            return
        try:
            found = self._completed(step, step.resolve(value, self._asking, {}), place)
        except Exception as error:
            found = self._excused(error, step, place)
        place.put(found)

    async def _settle(self) -> None:
        """Returns when everything that is to be loaded stands in its place."""
        try:
            await self._follow(self._spread())
            while self._tasks:
                await asyncio.wait([*self._tasks])
                self._gone()
        finally:
            await self._end()

    def _spread(self) -> _Load | None:
        """Begin all loads, each in a task of its own; a lone one is given back."""
        loads, self._loads = self._loads, []
        if self.errors:
            loads = [each for each in loads if not self._is_null(each.place.path)]
        if len(loads) == 1:
            return loads[0]
        for each in loads:
            self._tasks[asyncio.create_task(self._follow(each))] = each.place
        return None

    def _gone(self) -> None:
        """Forget the tasks that are done. Raises what ended one of them against its will."""
        for task in [each for each in self._tasks if each.done()]:
            place = self._tasks.pop(task)
            if not (task.cancelled() and self._is_null(place.path)):
                task.result()

    async def _end(self) -> None:
        for each in self._tasks:
            each.cancel()
        if self._tasks:
            await asyncio.wait([*self._tasks])

    async def _follow(self, load: _Load | None) -> None:
        """Load a field, and what is to be loaded below it."""
        while load:
            step, value, place = load
            try:
                asking = _asking(self._context, self._plan.schema, place.path)
                found = await step.resolve(value, asking, step.given(self))
                place.put(self._completed(step, found, place))
            except Exception as error:
                self._failed(error, step, place)
            load = self._spread()

    def _failed(self, raised: Exception, step: Step, place: Place) -> None:
        """Put null where an error in a place leads to, and give up what is loaded below."""
        error, at = _located(raised, step, place.path), place
        while at and not at.nullable:
            at = at.outer
        self._collected.add(error, at and at.path)
        if at:
            at.put(None)
        if at is not place:
            self._give_up()

    def _give_up(self) -> None:
        for task, place in self._tasks.items():
            if task is not asyncio.current_task() and self._is_null(place.path):
                task.cancel()

    def _excused(self, raised: Exception, step: Step, place: Place) -> None:
        """Null, where it may stand. Raises the error where it may not."""
        error = _located(raised, step, place.path)
        if not place.nullable:
            raise error
        self._collected.add(error, place.path)

    def _is_null(self, path: Path | None) -> bool:
        """Whether an error made this place null, or one around it."""
        return self._collected.has_nulled_position(path)

    def _completed(self, step: Step, value: Any, place: Place) -> Any:
        """What the answer has for a value. Raises what leads to a null."""
        write = step.completion.write
        if write is None:
            return self._nested(step, type_of(step.definition), value, place)
        try:
            return write(value, self._asking)
        except Exception:  # the executor says whose mistake it is
            return self._told(step, value, place)

    def _told(self, step: Step, value: Any, place: Place) -> Any:
        executor = self._executor
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
            executor = self._executor
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
            self._begin(step, value, found, place)
        return found

    def _one_by_one(self, selection: Selection, value: Any, place: Place) -> dict[str, Any]:
        """The object whose fields are told by the executor, where nothing is loaded for them."""
        found: dict[str, Any] = {}
        for step in selection.steps:
            path = Path(place.path, step.key, selection.type.name)
            executed = self._executor.execute_field
            found[step.key] = None if step.later else executed(selection.type, value, step.details, path, None)
        return found


def _asking(context: Context, schema: GraphQLSchema, path: Path | None) -> strawberry.Info:
    return cast(strawberry.Info, Asking(context, schema, path))


def _located(raised: Exception, step: Step, path: Path) -> GraphQLError:
    return located_error(raised, to_nodes(step.details), path.as_list())
