"""The same request, answered with plans and without."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

import strawberry

from gateway.api.execution import Api, _along  # pyright: ignore[reportPrivateUsage] # counted here
from gateway.api.plans.compiling import compiled
from gateway.api.requests import Answer, Request
from gateway.runtime import Services


@dataclass
class Both:
    """One open process, asked in both ways, and how often it did what it should not do often."""

    planned: Api
    ordinary: Api
    plans: int = 0
    executors: int = 0
    along: int = 0

    async def ask(self, query: str, variables: Mapping[str, Any] | None = None, **more: Any) -> Answer:
        """The answer along a plan, which the ordinary executor gives, too."""
        before = self.along
        answer = await self.compare(Request(query, variables or {}, **more))
        assert self.along == before + 1, f"This has no plan: {query}"
        return answer

    async def compare(self, request: Request) -> Answer:
        """The answer of both, planned or not."""
        wanted = await self.ordinary.execute(request)
        answer = await self.run(request)
        assert_same(answer, wanted)
        return answer

    async def run(self, request: Request) -> Answer:
        """The answer with plans."""
        with (
            patch("gateway.api.plans.keeping.compiled", self._counted("plans", compiled)),
            patch("gateway.api.execution._along", self._counted("along", _along)),
            patch.object(self.planned, "_executor", self._counted("executors", self._executor)),
        ):
            return await self.planned.execute(request)

    @property
    def _executor(self) -> Callable[..., Any]:
        return self.ordinary._executor  # pyright: ignore[reportPrivateUsage] # nothing else tells that one is made

    def _counted(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            setattr(self, name, getattr(self, name) + 1)
            return function(*arguments, **named)

        return call


def both(schema: strawberry.Schema, services: Services) -> Both:
    """Two APIs on the same services."""
    without = replace(services, settings=services.settings.model_copy(update={"plans": False}))
    return Both(Api(schema, services), Api(schema, without))


def assert_same(answer: Answer, wanted: Answer) -> None:
    """All that they say is the same, their keys in their order, but for what differs from moment to moment.

    Errors of loads that run at the same time have no order; and of those below one null, which stands there for any
    of them, those may be left out that came after it.
    """
    assert _data(answer) == _data(wanted)
    ours, theirs = _errors(answer), _errors(wanted)
    assert ours.keys() == theirs.keys()
    for place, errors in ours.items():
        known = theirs[place]
        assert errors == known or (place.endswith(BUBBLED) and (errors <= known or known <= errors)), place


BUBBLED = "…"


def _data(answer: Answer) -> str:
    document = answer.document()
    document.pop("errors", None)
    for each in document.get("extensions", {}).get("readModels", []):
        del each["position"], each["lag"]
    return json.dumps([document, answer.refused], default=str)


def _errors(answer: Answer) -> dict[str, set[str]]:
    """The errors by the place of the null that stands for them."""
    found: dict[str, set[str]] = {}
    for each in answer.errors:
        said = {name: value for name, value in each["extensions"].items() if name != "id"}
        found.setdefault(_null(answer, each.get("path", [])), set()).add(json.dumps({**each, "extensions": said}))
    return found


def _null(answer: Answer, path: Sequence[Any]) -> str:
    """Where a path ends or meets a null; then it goes on in thought."""
    value: Any = answer.data
    for index, key in enumerate(path):
        if value is None:
            return f"{path[:index]}{BUBBLED}"
        value = value[key]
    return str(path)
