"""The walks that a connection is made of: one for each choice of values, merged in one order."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from gateway.application.model import ReadModel
from gateway.queries.choices import apart
from gateway.queries.fields import together
from gateway.queries.pages import PageRequest
from gateway.queries.routes import Route, given, held, held_name, whole
from gateway.queries.storage import Walk
from gateway.queries.values import rank
from gateway.queries.viewed import Viewed


@dataclass(frozen=True, slots=True)
class Branches:
    """The same walk for many values of the field `link`. `name` tells walks apart."""

    name: tuple[Any, ...]
    link: str = field(compare=False)
    walk: Walk = field(compare=False)


def walks_of(
    read_model: ReadModel, route: Route, wanted: PageRequest, limit: int, as_of: int | None = None
) -> list[tuple[PageRequest, Walk]]:
    """The walks over everything that is wanted, one for each choice of values; any one may fill the page."""
    return [(each, _walk(read_model, route, each, limit, as_of)) for each in apart(read_model, wanted)]


def _walk(read_model: ReadModel, route: Route, wanted: PageRequest, limit: int, as_of: int | None) -> Walk:
    """A walk from the end at which the page begins."""
    values = given(read_model, wanted)
    equal = {name: held(read_model, name, values[name]) for name in route.equal}
    down = wanted.descending != wanted.backward
    fields = together((wanted.fields, frozenset(route.rest)))  # cursors and merging need the place in the order
    return Walk(read_model, route, equal, whole(read_model, route, wanted.range), down, limit, as_of, fields)


def merged(found: Sequence[list[Viewed]], walks: Sequence[Walk]) -> list[Viewed]:
    """What several walks along one route met, in its order and up to its limit."""
    if len(found) <= 1:
        return found[0] if found else []
    rest, walk = walks[0].route.rest, walks[0]

    def place(viewed: Viewed) -> list[Any]:
        return [rank(viewed.document[name]) for name in rest]

    return sorted(chain.from_iterable(found), key=place, reverse=walk.down)[: walk.limit]


def branches_of(walk: Walk, wanted: PageRequest) -> tuple[Branches, Any]:
    """What this walk has in common with others, and the value of its own that it is told apart by."""
    values = given(walk.read_model, wanted)
    link = held_name(walk.read_model, wanted.link) if wanted.link else walk.route.equal[0]
    others = tuple((name, values[name]) for name in walk.route.equal if name != link)
    name = (walk.read_model.name, walk.route, others, wanted.range, link, walk.down, walk.limit)
    return Branches(name, link, walk), values[link]


def links_held(branches: Branches, links: Sequence[Any]) -> list[Any]:
    return [held(branches.walk.read_model, branches.link, each) for each in links]
