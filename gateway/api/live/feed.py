"""What a subscription follows, as the API sees it: the past behind a place, and what comes."""

from collections.abc import AsyncGenerator, Hashable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

Place: TypeAlias = Any
"""How far somebody has been told; only its own feed reads it."""


@dataclass(frozen=True, slots=True)
class Item:
    """Something to tell, and the place behind it. A `root` of None tells nothing: the place alone was reached."""

    place: Place
    root: Any = None

    @property
    def cursor(self) -> str | None:
        """Where a client goes on from, once it has this."""
        return getattr(self.root, "cursor", None)


Live: TypeAlias = tuple[Place, AsyncGenerator[Item]]
"""A place, and everything that comes behind it."""


class Feed(Protocol):
    """Something that can be followed. It raises Unavailable and LogBroken where it can't go on."""

    @property
    def name(self) -> Hashable:
        """Equal for feeds that tell the same."""
        ...

    def past(self, after: Place | None, up_to: Place) -> AsyncGenerator[Item]:
        """What there is to tell behind a place, at least up to another; None is for who has been told nothing.

        The last item's place is one from which what is live can be gone on with.
        """
        ...

    def live(self) -> AbstractAsyncContextManager[Live]:
        """What comes from now on, without a gap."""
        ...

    def is_new(self, place: Place, told: Place) -> bool:
        """Whether an item at a place says something to who has been told up to another one."""
        ...


@dataclass(frozen=True, slots=True)
class Opened:
    """The answer of a subscription's field: what to follow, and from which place on."""

    feed: Feed
    after: Place | None
