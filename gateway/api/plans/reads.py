"""Which part of its views a load must bring: the stored fields that what is selected below it is made of."""

import inspect
from collections.abc import Mapping
from typing import Any

from graphql import GraphQLObjectType, get_named_type

from gateway.api.plans.kinds import type_of
from gateway.api.plans.selecting import Details, Selecting, derived
from gateway.queries.fields import KEY_ALONE, Fields, together


def reads_below(selecting: Selecting, type_: Any, details: Details) -> Mapping[str, Fields]:
    """By the name of each type that a value of this field may hold, before anything else is loaded.

    A field that does not say what it reads gets the whole view.
    """
    found: dict[str, Fields] = {}
    for each in selecting.possible(get_named_type(type_)):
        _take(selecting, each, details, found)
    return found


def _take(selecting: Selecting, type_: GraphQLObjectType, details: Details, found: dict[str, Fields]) -> None:
    found.setdefault(type_.name, KEY_ALONE)
    for below in selecting.below(type_, details).values():
        definition = type_.fields.get(below[0].node.name.value)
        if definition is None:  # `__typename`
            continue
        field = derived(definition)
        found[type_.name] = together((found[type_.name], field.reads if field else None))
        if field is None or not inspect.iscoroutinefunction(field.resolve):
            for each in selecting.possible(get_named_type(type_of(definition))):
                _take(selecting, each, below, found)
