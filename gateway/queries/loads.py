"""Reads of views, gathered: what is asked for in one tick and differs in one value alone is one question."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias, TypeVar

from gateway.application.model import ReadModel
from gateway.mongo.codec import value_encoder
from gateway.queries.fields import Fields, together
from gateway.queries.gather import Gather
from gateway.queries.pages import PageRequest
from gateway.queries.past import Past
from gateway.queries.routes import key_type
from gateway.queries.storage import Views, Walk
from gateway.queries.viewed import Viewed
from gateway.queries.viewing import Viewing
from gateway.queries.walks import Branches, branches_of, links_held

T = TypeVar("T")

_Part: TypeAlias = tuple[Any, Fields]
"""A key or a link's value, and which part of its views somebody asks for."""


class Loads:
    """Views by key, walks and counts. Whoever is gathered with others gets at least the fields that it asks for."""

    def __init__(self, views: Views, past: Past, viewing: Mapping[str, Viewing]) -> None:
        self._views, self._past, self._viewing = views, past, viewing
        self._single = Gather(self._load_views)
        self._single_past = Gather(self._load_past)
        self._lists = Gather(self._load_lists)
        self._counts = Gather(self._load_counts)

    async def view(self, read_model: ReadModel, key: Any, fields: Fields) -> Viewed | None:
        """The view of a key."""
        return await self._single.get(read_model.name, (key, fields))

    async def past_view(self, read_model: ReadModel, key: Any, position: int) -> Viewed | None:
        """The whole view of a key as it stood at a position."""
        return await self._single_past.get((read_model.name, position), key)

    async def walked(self, walk: Walk) -> list[Viewed]:
        """What a walk meets, in its order."""
        viewing = self._viewing[walk.read_model.name]
        if walk.as_of is not None:
            return [viewing.of(each, walk.as_of) for each in await self._past.walk(walk)]
        return viewing.stored(await self._views.walk(walk), walk.fields)

    async def walk(self, wanted: PageRequest, walk: Walk) -> list[Viewed]:
        """What a walk over everything that is wanted meets, gathered with those that differ in one value."""
        if walk.as_of is not None or not walk.route.equal:
            return await self.walked(walk)
        branches, link = branches_of(walk, wanted)
        return await self._lists.get(branches, (link, walk.fields)) or []

    async def count(self, wanted: PageRequest, walk: Walk) -> int:
        """How many views that walk meets, up to its limit."""
        if walk.as_of is not None:
            return await self._past.count(walk)
        if not walk.route.equal:
            return await self._views.count(walk)
        return await self._counts.get(*branches_of(walk, wanted)) or 0

    async def _load_past(self, of: tuple[str, int], keys: Sequence[Any]) -> Mapping[Any, Viewed]:
        name, position = of
        viewing = self._viewing[name]
        found = await self._past.by_key(viewing.read_model, position, _encoded(viewing.read_model, keys))
        return {each.key: each for each in (viewing.of(document, position) for document in found)}

    async def _load_views(self, name: str, asked: Sequence[_Part]) -> Mapping[_Part, Viewed]:
        viewing = self._viewing[name]
        keys, fields = _together(asked)
        found = await self._views.by_key(viewing.read_model, _encoded(viewing.read_model, keys), fields)
        return _to_each(asked, {each.key: each for each in viewing.stored(found, fields)})

    async def _load_lists(self, branches: Branches, asked: Sequence[_Part]) -> Mapping[_Part, list[Viewed]]:
        links, fields = _together(asked)
        walk = replace(branches.walk, fields=fields)
        if len(links) == 1:  # the walk is this link's own, and can be bounded exactly
            return dict.fromkeys(asked, await self.walked(walk))
        found = await self._views.walk_each(walk, branches.link, links_held(branches, links))
        view = self._viewing[walk.read_model.name].of
        return _to_each(asked, {link: [*map(view, each)] for link, each in zip(links, found, strict=True)})

    async def _load_counts(self, branches: Branches, links: Sequence[Any]) -> Mapping[Any, int]:
        walk = branches.walk
        if len(links) == 1:
            return {links[0]: await self._views.count(walk)}
        found = await self._views.count_each(walk, branches.link, links_held(branches, links))
        return dict(zip(links, found, strict=True))


def _encoded(read_model: ReadModel, keys: Sequence[Any]) -> list[Any]:
    encode = value_encoder(key_type(read_model))
    return [encode(key) for key in keys]


def _together(asked: Sequence[_Part]) -> tuple[list[Any], Fields]:
    """What is asked for, each once, and the part that serves everybody."""
    return [*dict.fromkeys(each for each, _ in asked)], together(fields for _, fields in asked)


def _to_each(asked: Sequence[_Part], found: Mapping[Any, T]) -> dict[_Part, T]:
    return {part: found[part[0]] for part in asked if part[0] in found}
