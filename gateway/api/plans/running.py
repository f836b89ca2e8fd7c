"""One request, answered along a plan: what graphql-core's executor does, with everything decided before.

Values are completed as soon as they are there. What is loaded below them is loaded at the same time, and gathers in
the queries. An error where null may not stand makes the nearest place null where it may; of several below one place
that is null already, only those before it are told.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from graphql import GraphQLError
from graphql.execution.values import VariableValues
from graphql.pyutils import Path

from gateway.api.context import Context
from gateway.api.plans.completing import Completing, Executor, Load, Place, located
from gateway.api.plans.tree import Plan, Step


class Running:
    """The execution of one planned operation.

    `plain` are its variables as resolvers take them, None where graphql-core read them; `build` makes the ordinary
    executor of the same request, for what is not expected.
    """

    def __init__(
        self, plan: Plan, plain: Mapping[str, Any] | None, context: Context, build: Callable[[], Executor]
    ) -> None:
        self.plain = plain
        self._plan = plan
        self._values = Completing(plan, context, build)
        self._collected = self._values.collected
        self._tasks: dict[asyncio.Task[None], Place] = {}

    @property
    def errors(self) -> list[GraphQLError]:
        """What went wrong, once there is `data`."""
        return self._collected.errors

    def full(self) -> VariableValues:
        """The variables with all that graphql-core knows of them."""
        return self._values.executor.variable_values

    async def data(self) -> dict[str, Any] | None:
        """The answer's data."""
        data = self._values.root()
        try:
            for step in self._plan.root.later:
                self._values.begin(step, None, data, None)
                if self._plan.serially:
                    await self._settle()
                    if self._is_null(None):
                        return None
        except GraphQLError as error:
            self._collected.add(error, None)
            return None
        await self._settle()
        return None if self._is_null(None) else data

    async def _settle(self) -> None:
        """Returns when everything that is to be loaded stands in its place."""
        try:
            await self._follow(self._spread())
            while self._tasks:
                await asyncio.wait([*self._tasks])
                self._gone()
        finally:
            if self._tasks:
                await self._end()

    def _spread(self) -> Load | None:
        """Begin all loads, each in a task of its own; a lone one is given back."""
        loads, self._values.loads = self._values.loads, []
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
        await asyncio.wait([*self._tasks])

    async def _follow(self, load: Load | None) -> None:
        """Load a field, and what is to be loaded below it."""
        while load:
            step, value, place = load
            try:
                found = await step.resolve(value, self._values.asking(load), step.given(self))
                place.put(self._values.completed(step, found, place))
            except Exception as error:
                self._failed(error, step, place)
            load = self._spread()

    def _failed(self, raised: Exception, step: Step, place: Place) -> None:
        """Put null where an error in a place leads to, and give up what is loaded below."""
        error, at = located(raised, step, place.path), place
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

    def _is_null(self, path: Path | None) -> bool:
        """Whether an error made this place null, or one around it."""
        return self._collected.has_nulled_position(path)
