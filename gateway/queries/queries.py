"""The reads that GraphQL is answered from: one view, a page, a count."""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from gateway.application.model import Model, ReadModel
from gateway.errors import ViewParked
from gateway.mongo.checkpoints import ParkedKeys
from gateway.mongo.client import Database
from gateway.mongo.parked import name_of
from gateway.queries.cursors import Cursors
from gateway.queries.freshness import Freshness
from gateway.queries.loads import Loads
from gateway.queries.moments import Moments
from gateway.queries.pages import AsOf, Page, PageRequest, ViewRequest, size_of
from gateway.queries.parked import Parked
from gateway.queries.past import Past
from gateway.queries.positions import Positions
from gateway.queries.routes import key_type, route_for
from gateway.queries.storage import KeyPage, Views, Walk
from gateway.queries.values import stored
from gateway.queries.viewed import Viewed
from gateway.queries.viewing import Viewing
from gateway.queries.walks import merged, walks_of
from gateway.queries.windows import Place
from gateway.settings import Settings
from gateway.signing import Signer

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Found:
    """What a walk met: views in its order, and whether there are more ahead of it and behind it."""

    viewed: list[Viewed]
    ahead: bool
    behind: bool


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
        self._viewing = {each.name: Viewing(each) for each in model.read_models}
        self._loads = Loads(self._views, self._past, self._viewing)
        self._signer = signer
        self._settings = settings
        self._positions = positions
        self.parked = Parked(database, positions)

    async def one(
        self, read_model: ReadModel, key: Any, freshness: Freshness, as_of: AsOf | None = None
    ) -> Viewed | None:
        """The whole view of a key. See `view`."""
        return await self.view(read_model, ViewRequest(key, as_of), freshness)

    async def view(self, read_model: ReadModel, wanted: ViewRequest, freshness: Freshness) -> Viewed | None:
        """The view of a key; None where there is none. Calls of one tick are gathered into one read.

        A journal's views are found by their number. Of a view's past all is read, whatever part is wanted.
        Raises BadInput for what can't be a key, NoHistory, BadAsOf.
        """
        key, as_of = wanted.key, wanted.as_of
        found_by = stored(key_type(read_model), key, "id")
        if read_model.journal and as_of is None:
            return await self._line(read_model, wanted, freshness)
        if as_of is None:
            if self.parked.keys(read_model):
                await self.parked.refuse(read_model, found_by)  # at once: waiting would not help
            await self._fresh(read_model, freshness)
            if self.parked.keys(read_model):
                await self.parked.refuse(read_model, found_by)
            return await self._loads.view(read_model, key, wanted.fields)
        await self._fresh(read_model, freshness)
        position = await self._moments.of(read_model, as_of, freshness)
        await self.parked.refuse(read_model, found_by, position)
        return await self._loads.past_view(read_model, key, position)

    async def _line(self, read_model: ReadModel, wanted: ViewRequest, freshness: Freshness) -> Viewed | None:
        await self._fresh(read_model, freshness)
        found = await self._loads.view(read_model, wanted.key, wanted.fields)
        if found is None:
            await self.parked.refuse_line(read_model, wanted.key)
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
        return self._page(found, wanted, size, cursors)

    async def count(self, read_model: ReadModel, wanted: PageRequest, freshness: Freshness) -> int | None:
        """How many views the whole connection has, whatever the page; None beyond the setting `count_limit`."""
        as_of = None if wanted.as_of is None else await self._moments.of(read_model, wanted.as_of, freshness)
        most = self._settings.count_limit
        walks = walks_of(read_model, route_for(read_model, wanted), wanted, most + 1, as_of)
        await self._fresh_list(read_model, wanted, freshness, as_of)
        counted = sum(await _all([self._loads.count(*each) for each in walks]))
        return counted if counted <= most else None

    async def stored(self, read_model: ReadModel, keys: Sequence[Any]) -> list[Viewed]:
        """The views of some stored keys as they are now, in no order."""
        return self._viewing[read_model.name].stored(await self._views.by_key(read_model, keys), None)

    async def linked(self, read_model: ReadModel, links: Sequence[str], value: Any, page: KeyPage) -> list[Viewed]:
        """The views of which one of these stored links holds a value, as they are now, in key order."""
        found = await self._views.linked(read_model, links, value, page)
        return [*map(self._viewing[read_model.name].of, found)]

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
        found = await _all([self._loads.walk(*each) for each in walks])
        return _Found(merged(found, [walk for _, walk in walks]), ahead=False, behind=False)

    async def _between(self, walks: Sequence[Walk], low: Place | None, high: Place | None) -> _Found:
        """The walks between two cursors, and whether anything lies beyond them."""
        parts = [replace(walk, window=walk.window.between(low, high)) for walk in walks]
        found, below, above = await asyncio.gather(
            _all([self._loads.walked(each) for each in parts]),
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

    def _page(self, found: _Found, wanted: PageRequest, size: int, cursors: Cursors) -> Page:
        ahead = found.ahead or len(found.viewed) > size
        viewed = found.viewed[:size]
        if wanted.backward:
            viewed.reverse()
        as_of = cursors.moment.position if cursors.moment else None
        has_next, has_previous = (found.behind, ahead) if wanted.backward else (ahead, found.behind)
        return Page(viewed, has_next, has_previous, cursors.seal, as_of)

    def _of(self, walk: Walk) -> Views | Past:
        return self._views if walk.as_of is None else self._past


async def _all(calls: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """What they answer, all at once; mostly there is one, which needs no task of its own."""
    return [await calls[0]] if len(calls) == 1 else await asyncio.gather(*calls)
