"""The reads that GraphQL is answered from: one view, a page, a count."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from gateway.application.model import Model, ReadModel
from gateway.mongo.client import Database, Document
from gateway.mongo.codec import decoder, value_encoder
from gateway.mongo.paths import version_of
from gateway.queries.cursors import Cursors
from gateway.queries.freshness import Freshness
from gateway.queries.gather import Gather
from gateway.queries.moments import Moments
from gateway.queries.pages import AsOf, Edge, Page, PageRequest, Viewed, size_of
from gateway.queries.past import Past
from gateway.queries.positions import Positions
from gateway.queries.routes import Route, given, held, key_type, route_for, whole
from gateway.queries.storage import Views, Walk
from gateway.queries.values import stored
from gateway.queries.windows import Place
from gateway.settings import Settings
from gateway.signing import Signer

MOST_COUNTED = 10_000
"""Beyond so many views a connection does not say how many it has."""


@dataclass(frozen=True, slots=True)
class _Branches:
    """The same walk for many links: for many values of the route's first field. `name` tells walks apart."""

    name: tuple[Any, ...]
    walk: Walk = field(compare=False)


@dataclass(frozen=True, slots=True)
class _Found:
    """What a walk met: documents in its order, and whether there are more ahead of it and behind it."""

    documents: list[Document]
    ahead: bool
    behind: bool


class Queries:
    """Reads of the views, each as fresh as its request asks for; the log is never read.

    Every read raises NotYetVisible and ReadModelStopped where it can't be fresh enough, and Unavailable.
    """

    def __init__(
        self, database: Database, model: Model, signer: Signer, settings: Settings, positions: Positions
    ) -> None:
        self._views = Views(database)
        self._past = Past(database)
        self._moments = Moments(self._past, positions, signer)
        self._read_models = {each.name: each for each in model.read_models}
        self._signer = signer
        self._settings = settings
        self._positions = positions
        self._single = Gather(self._load_views)
        self._single_past = Gather(self._load_past)
        self._lists = Gather(self._load_lists)
        self._counts = Gather(self._load_counts)

    async def one(
        self, read_model: ReadModel, key: Any, freshness: Freshness, as_of: AsOf | None = None
    ) -> Viewed | None:
        """The view of a key; None where there is none. Calls of one tick are gathered into one read.

        A journal's views are found by their number. Raises BadInput for what can't be a key, NoHistory, BadAsOf.
        """
        stored(key_type(read_model), key, "id")
        await self._fresh(read_model, freshness)
        if as_of is None:
            return await self._single.get(read_model.name, key)
        position = await self._moments.of(read_model, as_of, freshness)
        return await self._single_past.get((read_model.name, position), key)

    async def page(self, read_model: ReadModel, wanted: PageRequest, freshness: Freshness) -> Page:
        """A page of views, along a declared access path and no further than the page.

        Pages without cursors that differ only in the value of the path's first field are gathered, if they
        are asked for in one tick. Raises BadInput where no path is declared, BadPage, BadCursor, NoHistory,
        BadAsOf.
        """
        size = size_of(wanted, self._settings)
        route = route_for(read_model, wanted)
        moment = await self._moments.of_page(read_model, wanted, freshness)
        cursors = Cursors(self._signer, read_model, route, moment)
        after, before = cursors.open(wanted.after, "after"), cursors.open(wanted.before, "before")
        walk = _walk(read_model, route, wanted, size + 1, moment and moment.position)
        await self._fresh(read_model, freshness)
        low, high = (before, after) if wanted.descending else (after, before)
        found = await self._between(walk, low, high) if low or high else await self._whole(walk, wanted)
        return _page(found, wanted.backward, size, cursors)

    async def count(self, read_model: ReadModel, wanted: PageRequest, freshness: Freshness) -> int | None:
        """How many views the whole connection has, whatever the page; None beyond 10,000."""
        as_of = None if wanted.as_of is None else await self._moments.of(read_model, wanted.as_of, freshness)
        walk = _walk(read_model, route_for(read_model, wanted), wanted, MOST_COUNTED + 1, as_of)
        await self._fresh(read_model, freshness)
        if walk.route.equal and walk.as_of is None:
            counted = await self._counts.get(*_branches(walk, wanted)) or 0
        else:
            counted = await self._of(walk).count(walk)
        return counted if counted <= MOST_COUNTED else None

    async def _fresh(self, read_model: ReadModel, freshness: Freshness) -> None:
        """Wait for the request's position; note how far the read model is before it is read."""
        if read_model.kept:
            return
        name = read_model.name
        await self._positions.wait(name, freshness.after, freshness.remaining())
        freshness.note(name, self._positions.reached(name), self._positions.lag(name))

    async def _whole(self, walk: Walk, wanted: PageRequest) -> _Found:
        if walk.route.equal and walk.as_of is None:
            documents = await self._lists.get(*_branches(walk, wanted)) or []
        else:
            documents = await self._of(walk).walk(walk)
        return _Found(documents, ahead=False, behind=False)

    async def _between(self, walk: Walk, low: Place | None, high: Place | None) -> _Found:
        """The walk between two cursors, and whether anything lies beyond them."""
        window = walk.window
        documents, below, above = await asyncio.gather(
            self._of(walk).walk(replace(walk, window=window.between(low, high))),
            self._of(walk).any(replace(walk, window=window.up_to(low), limit=1)) if low else _nothing(),
            self._of(walk).any(replace(walk, window=window.from_(high), limit=1)) if high else _nothing(),
        )
        ahead, behind = (below, above) if walk.down else (above, below)
        return _Found(documents, ahead, behind)

    def _of(self, walk: Walk) -> Views | Past:
        return self._views if walk.as_of is None else self._past

    async def _load_past(self, of: tuple[str, int], keys: Sequence[Any]) -> Mapping[Any, Viewed]:
        name, position = of
        read_model = self._read_models[name]
        encode = value_encoder(key_type(read_model))
        documents = await self._past.by_key(read_model, position, [encode(key) for key in keys])
        return {each.key: each for each in (_viewed(read_model, document, position) for document in documents)}

    async def _load_views(self, name: str, keys: Sequence[Any]) -> Mapping[Any, Viewed]:
        read_model = self._read_models[name]
        encode = value_encoder(key_type(read_model))
        documents = await self._views.by_key(read_model, [encode(key) for key in keys])
        return {each.key: each for each in (_viewed(read_model, document) for document in documents)}

    async def _load_lists(self, branches: _Branches, links: Sequence[Any]) -> Mapping[Any, list[Document]]:
        walk = branches.walk
        if len(links) == 1:  # the walk is this link's own, and can be bounded exactly
            return {links[0]: await self._views.walk(walk)}
        found = await self._views.walk_each(walk, _held(walk, links))
        return dict(zip(links, found, strict=True))

    async def _load_counts(self, branches: _Branches, links: Sequence[Any]) -> Mapping[Any, int]:
        walk = branches.walk
        if len(links) == 1:
            return {links[0]: await self._views.count(walk)}
        found = await self._views.count_each(walk, _held(walk, links))
        return dict(zip(links, found, strict=True))


async def _nothing() -> bool:
    return False


def _walk(read_model: ReadModel, route: Route, wanted: PageRequest, limit: int, as_of: int | None = None) -> Walk:
    """The walk over everything that is wanted, from the end at which the page begins."""
    values = given(read_model, wanted)
    equal = {name: held(read_model, name, values[name]) for name in route.equal}
    down = wanted.descending != wanted.backward
    return Walk(read_model, route, equal, whole(read_model, route, wanted.range), down, limit, as_of)


def _branches(walk: Walk, wanted: PageRequest) -> tuple[_Branches, Any]:
    """What this walk has in common with others, and the link that is its own."""
    values = given(walk.read_model, wanted)
    link, *others = [values[name] for name in walk.route.equal]
    name = (walk.read_model.name, walk.route, tuple(others), wanted.range, walk.down, walk.limit)
    return _Branches(name, walk), link


def _held(walk: Walk, links: Sequence[Any]) -> list[Any]:
    return [held(walk.read_model, walk.route.equal[0], each) for each in links]


def _page(found: _Found, backward: bool, size: int, cursors: Cursors) -> Page:
    ahead = found.ahead or len(found.documents) > size
    documents = found.documents[:size]
    if backward:
        documents.reverse()
    as_of = cursors.moment.position if cursors.moment else None
    views = [_viewed(cursors.read_model, each, as_of) for each in documents]
    edges = tuple(Edge(view, partial(cursors.seal, each)) for view, each in zip(views, documents, strict=True))
    has_next, has_previous = (found.behind, ahead) if backward else (ahead, found.behind)
    return Page(edges, has_next, has_previous, as_of)


def _viewed(read_model: ReadModel, document: Document, as_of: int | None = None) -> Viewed:
    view = decoder(read_model.view, None if read_model.journal else read_model.key_field)(document)
    key = document["_id"] if read_model.journal else getattr(view, read_model.key_field)
    return Viewed(key, view, version_of(document), as_of)
