"""The plans that were used last, each made once."""

import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import strawberry
from graphql import DocumentNode, GraphQLSchema, OperationDefinitionNode, OperationType

from gateway.api.context import Context
from gateway.api.plans.arguments import Converting
from gateway.api.plans.compiling import compiled
from gateway.api.plans.completing import Executor
from gateway.api.plans.inputs import Inputs
from gateway.api.plans.running import Running
from gateway.api.plans.selecting import Chosen
from gateway.api.plans.source import NotPlanned
from gateway.api.plans.tree import Plan
from gateway.api.plans.variables import Plain, choosing

MOST_CHOICES = 3
"""Of how many variables `@skip` and `@include` may ask in a planned operation: each doubles its plans."""

_EMPTY_BYTES = 2_000
"""About what an operation takes in memory, planned or not, beside its document."""

_BYTES_PER_CHARACTER = 250
"""About what the nodes and tokens of a dense document take for each character; each operation holds them all."""

_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Operation:
    """What is known of one operation; `choices` is None where it is left to the ordinary executor."""

    node: OperationDefinitionNode
    choices: tuple[str, ...] | None
    plain: Plain
    size: int
    plans: dict[tuple[bool, ...], Plan | None] = field(default_factory=dict[tuple[bool, ...], Plan | None])


class Asked(NamedTuple):
    """A request for an operation of a valid document; `build` makes the ordinary executor of it, or raises."""

    document: DocumentNode
    operation: OperationDefinitionNode
    variables: Mapping[str, Any]
    context: Context
    build: Callable[[], Executor]


class Plans:
    """Makes plans, and keeps those of the operations that were used last: so many, and so many bytes of them."""

    def __init__(self, schema: strawberry.Schema, most: int = 1_000, most_bytes: int = 50_000_000) -> None:
        self._schema: GraphQLSchema = schema._schema  # pyright: ignore[reportPrivateUsage] # strawberry has no other name for it
        self._converting, self._inputs = Converting.of(schema), Inputs(self._schema)
        self._most, self._most_bytes = most, most_bytes
        self._kept: OrderedDict[int, _Operation] = OrderedDict()
        self.size = 0
        "About how many bytes the kept ones take."

    @property
    def count(self) -> int:
        """Of how many operations something is kept."""
        return len(self._kept)

    def of(self, asked: Asked) -> Running | None:
        """The operation, ready to run; None where it is left to the ordinary executor.

        Raises what `build` raises for variables that are refused.
        """
        known = self._known(asked.document, asked.operation)
        if known.choices is None:
            return None
        plain = known.plain.read(asked.variables)
        if plain is not None:
            plan = self._plan(known, asked.document, plain)
            return Running(plan, plain, asked.context, asked.build) if plan else None
        executor = asked.build()
        plan = self._plan(known, asked.document, executor.variable_values.coerced)
        return Running(plan, None, asked.context, lambda: executor) if plan else None

    def _known(self, document: DocumentNode, operation: OperationDefinitionNode) -> _Operation:
        found = self._kept.get(id(operation))
        if found is None:
            size = _EMPTY_BYTES + _BYTES_PER_CHARACTER * _length(document)
            found = _Operation(operation, _choices(document, operation), Plain(self._inputs, operation), size)
            self._kept[id(operation)] = found
            self._grow(size)
        self._kept.move_to_end(id(operation))
        return found

    def _plan(self, known: _Operation, document: DocumentNode, coerced: Mapping[str, Any]) -> Plan | None:
        chosen: dict[str, Any] = {name: coerced.get(name) for name in known.choices or ()}
        key = tuple(chosen.values())
        if not all(isinstance(each, bool) for each in key):
            return None  # an error of the one field, or another operation's variable of this name: for the executor
        if key not in known.plans:
            plan = known.plans[key] = self._made(Chosen(self._schema, document, known.node, chosen))
            if plan is None and not key:
                known.choices = None  # there will be no other one: its variables need not be read here
            known.size += plan.size if plan else 0
            self._grow(plan.size if plan else 0)
        return known.plans[key]

    def _made(self, chosen: Chosen) -> Plan | None:
        try:
            return compiled(chosen, self._converting)
        except NotPlanned:
            return None
        except Exception:  # a fault of ours, which must not be the client's
            _log.exception("An operation could not be planned.")
            return None

    def _grow(self, size: int) -> None:
        """Takes in what is there now, and forgets what was used longest ago where it is too much."""
        self.size += size
        while len(self._kept) > self._most or self.size > self._most_bytes:
            _, oldest = self._kept.popitem(last=False)
            self.size -= oldest.size


def _length(document: DocumentNode) -> int:
    return len(document.loc.source.body) if document.loc else 0


def _choices(document: DocumentNode, operation: OperationDefinitionNode) -> tuple[str, ...] | None:
    if operation.operation is OperationType.SUBSCRIPTION:
        return None
    try:
        found = choosing(document, operation)
    except NotPlanned:
        return None
    return found if len(found) <= MOST_CHOICES else None
