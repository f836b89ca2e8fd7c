"""What reading an application has found so far: problems, id types, kinds of streams and events."""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, get_type_hints

from gateway.application.model import EventType, IdType, StreamKind
from gateway.application.naming import snake
from gateway.application.types import fields_of, is_id, optional, problem_with
from gateway.application.upcasting import Declared


@dataclass
class Findings:
    problems: list[str] = field(default_factory=list[str])
    ids: dict[Any, IdType] = field(default_factory=dict[Any, IdType])
    kinds: dict[Any, StreamKind] = field(default_factory=dict[Any, StreamKind])
    events: dict[type, EventType] = field(default_factory=dict[type, EventType])
    steps: list[Declared] = field(default_factory=list[Declared])

    def problem(self, where: Any, what: str) -> None:
        name = getattr(where, "__qualname__", str(where))
        self.add(f"{getattr(where, '__module__', '?')}.{name}: {what}")

    def add(self, problem: str) -> None:
        """Once: a rejection that many commands answer is read with each of them."""
        if problem not in self.problems:
            self.problems.append(problem)

    def unique(self, what: str, names: Iterable[str]) -> None:
        seen: set[str] = set()
        for name in names:
            if name in seen:
                self.add(f"two parts have the {what} {name}")
            seen.add(name)

    def id_type(self, annotation: Any) -> IdType:
        if annotation not in self.ids:
            kind = annotation.__name__.removesuffix("Id")
            self.ids[annotation] = IdType(annotation, kind, snake(kind))
        return self.ids[annotation]

    def ids_in(self, type_: type) -> dict[str, IdType]:
        inner = {name: optional(each)[0] for name, each in self.resolved(fields_of, type_).items()}
        return {name: self.id_type(each) for name, each in inner.items() if is_id(each)}

    def fields(self, type_: type) -> dict[str, Any]:
        found = self.resolved(fields_of, type_)
        for name, annotation in found.items():
            if problem := problem_with(annotation):
                self.problem(type_, f"field {name}: {problem}")
        return found

    def resolved(self, read: Callable[[Any], dict[str, Any]], where: Any) -> dict[str, Any]:
        """Annotations by name; none, and a problem, where one names what is not there."""
        try:
            return read(where)
        except (NameError, AttributeError, TypeError) as error:
            self.problem(where, f"has an annotation that can't be resolved: {error}")
            return {}

    def parameters(self, function: Callable[..., Any]) -> list[Any]:
        """The annotations of a function's parameters, in order; at least two."""
        hints = self.resolved(get_type_hints, function)
        found = [hints.get(name) for name in inspect.signature(function).parameters]
        if len(found) < 2 or None in found:
            self.problem(function, "takes two annotated parameters at least")
        return [*found, None, None]
