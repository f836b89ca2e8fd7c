"""The states that a command function takes: of streams that the command names, or that other states lead to."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_type_hints

from gateway.application.model import StateParameter, StreamKind
from gateway.application.types import optional

Problem = Callable[[str], None]


@dataclass(frozen=True)
class Signature:
    """A command function as far as its states go: the parameters behind the command that are not the time.

    `named` are the fields of the command that name a stream, `also` what leads to the streams of other parameters.
    """

    parameters: Mapping[str, Any]
    named: Mapping[str, StreamKind]
    also: Mapping[str, Callable[..., Any]]


def states(signature: Signature, kinds: Mapping[Any, StreamKind], problem: Problem) -> Iterator[StateParameter]:
    """Each parameter's stream, as the function takes them."""
    for name in signature.also.keys() - signature.parameters.keys():
        problem(f"also names {name}, which is no parameter")
    for name in signature.parameters:
        if name in signature.also:
            found = _followed(name, signature, kinds, problem)
        elif name in signature.named:
            found = StateParameter(name, signature.named[name])
        else:
            found = problem(f"parameter {name} is neither the time nor an id field of the command")
        if found:
            yield found


def _followed(
    name: str, signature: Signature, kinds: Mapping[Any, StreamKind], problem: Problem
) -> StateParameter | None:
    follow = signature.also[name]
    needs = tuple(inspect.signature(follow).parameters)
    for each in needs:
        if each not in signature.parameters or each not in signature.named:
            problem(f"also finds {name} by {each}, which is no state that a field of the command names")
    annotation, may_be_none = optional(_answer(follow, problem))
    if may_be_none and not optional(signature.parameters[name])[1]:
        problem(f"parameter {name} is None where also finds no stream, and does not say so")
    if annotation not in kinds:
        return problem(f"also finds {name} by a function that gives no id and no unique value of a declared stream")
    return StateParameter(name, kinds[annotation], follow, needs)


def _answer(follow: Callable[..., Any], problem: Problem) -> Any:
    try:
        return get_type_hints(follow).get("return")
    except (NameError, AttributeError, TypeError) as error:
        return problem(f"also has an annotation that can't be resolved: {error}")
