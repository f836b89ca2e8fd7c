"""The reads that GraphQL is answered from: one view, a page, a count."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from gateway.application.model import Model, ReadModel
from gateway.errors import ViewParked
from gateway.mongo.checkpoints import ParkedKeys
from gateway.mongo.client import Database, Document
from gateway.mongo.codec import decoder, value_decoder, value_encoder
from gateway.mongo.parked import name_of
from gateway.mongo.paths import version_of
from gateway.queries.cursors import Cursors
from gateway.queries.freshness import Freshness
from gateway.queries.gather import Gather
from gateway.queries.moments import Moments
from gateway.queries.pages import AsOf, Edge, Page, PageRequest, Viewed, size_of
from gateway.queries.parked import Parked
from gateway.queries.past import Past
from gateway.queries.positions import Positions
from gateway.queries.routes import key_type, route_for
from gateway.queries.storage import KeyPage, Views, Walk
from gateway.queries.values import stored
from gateway.queries.walks import Branches, branches_of, links_held, merged, walks_of
from gateway.queries.windows import Place
from gateway.settings import Settings
from gateway.signing import Signer

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Found:
    """What a walk met: documents in its order, and whether there are more ahead of it and behind it."""

    documents: list[Document]
    ahead: bool
    behind: bool


@dataclass(frozen=True, slots=True)
class StoredView:
    """A view together with its document."""

    viewed: Viewed
    document: Document


class Queries:
    """Reads of the views, each as fresh as its request asks for; the log is never read.

    Every read raises NotYetVisible and ReadModelStopped where it can't be fresh enough, ReadModelNotBuilt where
    there is nothing to read yet, and Unavailable. What is read by the key of a parked view raises ViewParked; lists
    show such views as they were left, and note it.
    """

    def __init__(
        self, database: Database, model: Model, signer: Signer, settings: Settings, positions: Positions
    ) -> None:
        self._views = Views(database, positions.edition, positions.seen)
        self._past = Past(database, positions.edition, positions.seen)
        self._moments = Moments(self._past, positions, signer)
        self._read_models = {each.name: each for each in model.read_models}
        self._signer = signer
        self._settings = settings
        self._positions = positions
        self.parked = Parked(database, positions)
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
        found_by = stored(key_type(read_model), key, "id")
        if read_model.journal and as_of is None:
            return await self._line(read_model, key, freshness)
        if as_of is None:
            await self.parked.refuse(read_model, found_by)  # at once: waiting would not help
        await self._fresh(read_model, freshness)
        if as_of is None:
            await self.parked.refuse(read_model, found_by)
            return await self._single.get(read_model.name, key)
        position = await self._moments.of(read_model, as_of, freshness)
        await self.parked.refuse(read_model, found_by, position)
        return await self._single_past.get((read_model.name, position), key)

    async def _line(self, read_model: ReadModel, number: int, freshness: Freshness) -> Viewed | None:
        await self._fresh(read_model, freshness)
        found = await self._single.get(read_model.name, number)
        if found is None:
            await self.parked.refuse_line(read_model, number)
        return found

    async def page(self, read_model: ReadModel, wanted: PageRequest, freshness: Freshness) -> Page:
        """A page of views, along a declared access path and no further than the page.

        Pages without cursors that differ only in the value of one equal field are gathered, if they are asked
        for in one tick. Raises BadInput where no path is declared, BadPage, BadCursor, CursorExpired, NoHistory,
        BadAsOf.
        """
        size = size_of(wanted, self._settings)
        route = route_for(read_model, wanted)
        moment = await self._moments.of_page(read_model, wanted, freshness)
        as_of = moment and moment.position
        walks = walks_of(read_model, route, wanted, size + 1, as_of)
        cursors = Cursors(self._signer, read_model, route, [walk for _, walk in walks], moment)
        after, before = cursors.open(wanted.after, "after"), cursors.open(wanted.before, "before")
        await self._fresh_list(read_model, wanted, freshness, as_of)
        low, high = (before, after) if wanted.descending else (after, before)
        if low or high:
            found = await self._between([walk for _, walk in walks], low, high)
        else:
            found = await self._whole(walks)
        return _page(found, wanted.backward, size, cursors)

    async def count(self, read_model: ReadModel, wanted: PageRequest, freshness: Freshness) -> int | None:
        """How many views the whole connection has, whatever the page; None beyond the setting `count_limit`."""
        as_of = None if wanted.as_of is None else await self._moments.of(read_model, wanted.as_of, freshness)
        most = self._settings.count_limit
        walks = walks_of(read_model, route_for(read_model, wanted), wanted, most + 1, as_of)
        await self._fresh_list(read_model, wanted, freshness, as_of)
        counted = sum(await _all([self._counted(*each) for each in walks]))
        return counted if counted <= most else None

    async def _counted(self, wanted: PageRequest, walk: Walk) -> int:
        if walk.route.equal and walk.as_of is None:
            return await self._counts.get(*branches_of(walk, wanted)) or 0
        return await self._of(walk).count(walk)

    async def stored(self, read_model: ReadModel, keys: Sequence[Any]) -> list[StoredView]:
        """The views of some stored keys as they are now, in no order."""
        return [_stored(read_model, each) for each in await self._views.by_key(read_model, keys)]

    async def linked(
        self, read_model: ReadModel, links: Sequence[str], value: Any, page: KeyPage
    ) -> list[StoredView]:
        """The views of which one of these stored links holds a value, as they are now, in key order."""
        return [_stored(read_model, each) for each in await self._views.linked(read_model, links, value, page)]

    async def _fresh(self, read_model: ReadModel, freshness: Freshness) -> None:
        """Wait for the request's position; note how far the read model is before it is read."""
        if read_model.kept:
            return
        name = read_model.name
        await self._positions.wait(name, freshness.after, freshness.remaining())
        freshness.note(name, self._positions.reached(name), self._positions.lag(name), self._positions.frozen(name))

    async def _fresh_list(
        self, read_model: ReadModel, wanted: PageRequest, freshness: Freshness, as_of: int | None
    ) -> None:
        """The same for a list, and note what is parked of it. One of a single key waits no more than its view."""
        await self._note_parked(read_model, wanted, freshness, as_of)
        await self._fresh(read_model, freshness)
        await self._note_parked(read_model, wanted, freshness, as_of)

    async def _note_parked(
        self, read_model: ReadModel, wanted: PageRequest, freshness: Freshness, as_of: int | None
    ) -> None:
        parked = self.parked.keys(read_model)
        if parked is None:
            return
        if read_model.key_field not in wanted.where_equal:
            freshness.note_parked(read_model.name, parked)
            return
        key = stored(read_model.key_type, wanted.where_equal[read_model.key_field], read_model.key_field)
        position = await self.parked.since(read_model, key)
        if position is None or (as_of is not None and as_of < position):
            return
        if (freshness.after if as_of is None else as_of) >= position:
            raise ViewParked(read_model.name, name_of(key), position)
        freshness.note_parked(read_model.name, ParkedKeys(parked.revision, 1, {key: position}))

    async def _whole(self, walks: Sequence[tuple[PageRequest, Walk]]) -> _Found:
        found = await _all([self._walked(*each) for each in walks])
        return _Found(merged(found, [walk for _, walk in walks]), ahead=False, behind=False)

    async def _walked(self, wanted: PageRequest, walk: Walk) -> list[Document]:
        if walk.route.equal and walk.as_of is None:
            return await self._lists.get(*branches_of(walk, wanted)) or []
        return await self._of(walk).walk(walk)

    async def _between(self, walks: Sequence[Walk], low: Place | None, high: Place | None) -> _Found:
        """The walks between two cursors, and whether anything lies beyond them."""
        parts = [replace(walk, window=walk.window.between(low, high)) for walk in walks]
        found, below, above = await asyncio.gather(
            _all([self._of(each).walk(each) for each in parts]),
            self._any([replace(walk, window=walk.window.up_to(low), limit=1) for walk in walks if low]),
            self._any([replace(walk, window=walk.window.from_(high), limit=1) for walk in walks if high]),
        )
        ahead, behind = (below, above) if parts and parts[0].down else (above, below)
        return _Found(merged(found, parts), ahead, behind)

    async def _any(self, walks: Sequence[Walk]) -> bool:
        """Whether one of the walks meets a view; the first one mostly does."""
        for walk in walks:
            if await self._of(walk).any(walk):
                return True
        return False

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

    async def _load_lists(self, branches: Branches, links: Sequence[Any]) -> Mapping[Any, list[Document]]:
        walk = branches.walk
        if len(links) == 1:  # the walk is this link's own, and can be bounded exactly
            return {links[0]: await self._views.walk(walk)}
        found = await self._views.walk_each(walk, branches.link, links_held(branches, links))
        return dict(zip(links, found, strict=True))

    async def _load_counts(self, branches: Branches, links: Sequence[Any]) -> Mapping[Any, int]:
        walk = branches.walk
        if len(links) == 1:
            return {links[0]: await self._views.count(walk)}
        found = await self._views.count_each(walk, branches.link, links_held(branches, links))
        return dict(zip(links, found, strict=True))


async def _all(calls: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """What they answer, all at once; mostly there is one, which needs no task of its own."""
    return [await calls[0]] if len(calls) == 1 else await asyncio.gather(*calls)


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


def _stored(read_model: ReadModel, document: Document) -> StoredView:
    return StoredView(_viewed(read_model, document), document)


def _viewed(read_model: ReadModel, document: Document, as_of: int | None = None) -> Viewed:
    read = decoder(read_model.view, None if read_model.journal else read_model.key_field)
    key = value_decoder(key_type(read_model))(document["_id"])
    found = Viewed.of(document, key, read_model.view, read)
    found.version, found.as_of = version_of(document), as_of
    return found
