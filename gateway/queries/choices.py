"""`in` as several equalities: a request with a choice of values, as one request for each of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from math import prod
from typing import Any

from gateway.application.model import ReadModel
from gateway.errors import BadInput
from gateway.queries.pages import PageRequest, Range
from gateway.queries.routes import held, held_name
from gateway.queries.values import rank

MOST_CHOICES = 50
"""How many equalities one connection is made of at most: each is a walk of its own."""


def apart(read_model: ReadModel, wanted: PageRequest) -> list[PageRequest]:
    """The requests whose views together are those that are wanted; no view is in two of them.

    Raises BadInput where they are too many, or a value is none of its field.
    """
    if not wanted.where_in:
        return [wanted]
    choices = {name: _unlike(read_model, name, values) for name, values in wanted.where_in.items()}
    if prod(map(len, choices.values())) > MOST_CHOICES:
        raise BadInput(f"`in` gives a choice of {MOST_CHOICES} at most, of several fields all together.", ("in",))
    return [_chosen(wanted, dict(zip(choices, each, strict=True))) for each in product(*choices.values())]


def _unlike(read_model: ReadModel, name: str, values: Sequence[Any]) -> list[Any]:
    """The values without those that are stored as another one is."""
    if len(values) > MOST_CHOICES:
        raise BadInput(f"`in` takes {MOST_CHOICES} values at most.", ("in",))
    stored_name = held_name(read_model, name)
    return [*{rank(held(read_model, stored_name, each)): each for each in values}.values()]


def _chosen(wanted: PageRequest, chosen: Mapping[str, Any]) -> PageRequest:
    equal = {name: value for name, value in chosen.items() if name != wanted.order}
    ordered = [value for name, value in chosen.items() if name == wanted.order]
    range_ = Range(gte=ordered[0], lte=ordered[0]) if ordered else wanted.range
    link = wanted.link or next(iter(equal), None)  # so that walks which differ in this value alone are gathered
    return replace(wanted, where_equal={**wanted.where_equal, **equal}, range=range_, where_in={}, link=link)
