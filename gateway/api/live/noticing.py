"""What became of views that fit a condition: told by a checkpoint's update, or found by the log's events."""

from collections.abc import AsyncGenerator, Collection, Hashable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from gateway.api.live.changed import Change
from gateway.feeds.feeds import Feeds
from gateway.feeds.readers import LAST
from gateway.mongo.checkpoints import Difference
from gateway.mongo.paths import name_of
from gateway.projections.folding.reach import Plan, Step, reach
from gateway.queries.matching import Matcher
from gateway.queries.queries import Queries
from gateway.queries.storage import KeyPage
from gateway.queries.viewed import Viewed

_PAGE = 500
"""How many views are looked up at once."""


@dataclass(frozen=True, slots=True)
class Noticed:
    """A view that came, changed or went; `viewed` is None when it went."""

    key: Any
    change: Change
    viewed: Viewed | None


@dataclass(frozen=True, slots=True)
class Noticing:
    """Compares views with a condition; raises Unavailable where they can't be read."""

    plan: Plan
    matches: Matcher
    feeds: Feeds
    queries: Queries

    async def by(self, touched: Sequence[Any], differences: Sequence[Difference]) -> list[Noticed]:
        """What became of the views of some stored keys, where `differences` says how they changed."""
        told = {name_of(each.key): each for each in differences}
        before = {name_of(key): self._was(told.get(name_of(key))) for key in touched}
        fitting = [key for key in touched if self._may_be(told.get(name_of(key)), before[name_of(key)])]
        now = {name_of(each.document["_id"]): each for each in await self._stored(fitting)}
        found = (self._noticed(key, before[name_of(key)], now.get(name_of(key))) for key in touched)
        return [each for each in found if each]

    async def since(self, after: int, up_to: int) -> list[Noticed]:
        """What may have become of the views that the events between two positions reach, each view once."""
        own: dict[Hashable, Any] = {}
        wide: dict[Hashable, Step] = {}
        async with aclosing(self.feeds.past(None, (after, LAST), (up_to, LAST))) as events:
            async for event in events:
                for step in reach(self.plan, [[event]]).steps:
                    key = self.plan.store_key(step.key)
                    if step.links:
                        wide[step.links, name_of(key)] = step
                    else:
                        own[name_of(key)] = key
        return [*await self._looked_up([*own.values()]), *await self._reached(wide.values(), own.keys())]

    async def _looked_up(self, keys: Sequence[Any]) -> list[Noticed]:
        pages = [keys[start : start + _PAGE] for start in range(0, len(keys), _PAGE)]
        return [each for page in pages for each in await self.by(page, ())]

    async def _reached(self, steps: Iterable[Step], seen: Collection[Hashable]) -> list[Noticed]:
        """What may have become of the views that link to what events were about, but for those already seen."""
        found: dict[Hashable, Noticed | None] = {}
        for step in steps:
            async for each in self._linked(step):
                name = name_of(each.document["_id"])
                if name not in seen:
                    found[name] = self._noticed(each.key, None, each)
        return [each for each in found.values() if each]

    async def _linked(self, step: Step) -> AsyncGenerator[Viewed]:
        links, after = [self.plan.stored(link) for link in step.links], None
        while page := await self.queries.linked(self.plan.model, links, step.key, KeyPage(after, _PAGE)):
            for each in page:
                yield each
            after = page[-1].document["_id"]

    def _was(self, difference: Difference | None) -> bool | None:
        """Whether a view fitted before; None where that is not told."""
        return None if difference is None else self.matches(difference.before)

    def _may_be(self, difference: Difference | None, was: bool | None) -> bool:
        return was is None or difference is None or self.matches(difference.after)

    async def _stored(self, keys: Sequence[Any]) -> Iterable[Viewed]:
        return await self.queries.stored(self.plan.model, keys) if keys else ()

    def _noticed(self, key: Any, was: bool | None, now: Viewed | None) -> Noticed | None:
        if now is not None and self.matches(now.document):
            return Noticed(now.key, Change.ENTERED if was is False else Change.CHANGED, now)
        return None if was is False else Noticed(key, Change.LEFT, None)
