"""The views of a read model that were read or written last, so that the next batch need not read them again.

They are kept for one place of its checkpoint: what the next transaction must find unmoved, in a log with the same
chain. Had anybody else written a view meanwhile, that transaction would be refused, and with it all that follows
from what is kept here. At any other place it is forgotten.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.mongo.checkpoints import Checkpoint, unmoved
from gateway.mongo.client import Document
from gateway.mongo.paths import bson_size

BYTES: Final = 2_000_000
"""How much is kept, as BSON; in memory that is some five times as much."""

_ABSENT: Final = 100
"""What a key costs that has no view."""


@dataclass(slots=True)
class Recent:
    """By stored key, the view used longest ago first; None where there is none."""

    _place: Mapping[str, Any] | None = None
    _views: dict[Any, Document | None] = field(default_factory=dict[Any, Document | None])
    _sizes: dict[Any, int] = field(default_factory=dict[Any, int])
    _bytes: int = 0

    def known(self, checkpoint: Checkpoint, keys: Iterable[Any]) -> dict[Any, Document | None]:
        """The views of those of these keys of which anything is known at a checkpoint."""
        self._be_at(checkpoint)
        found = {key: self._views.pop(key) for key in keys if key in self._views}
        self._views.update(found)  # used just now
        return found

    def read(self, checkpoint: Checkpoint, found: Mapping[Any, Document | None]) -> None:
        """These are the views of some keys at a checkpoint."""
        self._be_at(checkpoint)
        for key, view in found.items():
            self._put(key, view)

    def written(self, before: Checkpoint, after: Checkpoint, changed: Mapping[Any, Document | None]) -> None:
        """The transaction that changed these views, and moved the checkpoint, was acknowledged."""
        self._be_at(before)
        self._place = None  # until all of it is known
        for key, view in changed.items():
            self._put(key, view)
        self._place = _place(after)

    def _be_at(self, checkpoint: Checkpoint) -> None:
        place = _place(checkpoint)
        if self._place != place:
            self._views.clear()
            self._sizes.clear()
            self._place, self._bytes = place, 0

    def _put(self, key: Any, view: Document | None) -> None:
        size = _ABSENT if view is None else bson_size(view)
        self._views.pop(key, None)
        self._bytes += size - self._sizes.get(key, 0)
        self._views[key], self._sizes[key] = view, size
        while self._bytes > BYTES:
            oldest = next(iter(self._views))
            del self._views[oldest]
            self._bytes -= self._sizes.pop(oldest)


def _place(checkpoint: Checkpoint) -> dict[str, Any]:
    return {**unmoved(checkpoint), "chain": checkpoint.chain}
