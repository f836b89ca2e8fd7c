"""Which versions of views some events begin and end: what a fold adds to a read model's past."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bson import Int64

from gateway.messages import RecordedEvent
from gateway.mongo.client import Document
from gateway.mongo.past import SINCE, Ended, PastChange, Version


@dataclass
class Versions:
    """The versions of the views that a fold changes, commit by commit.

    What a commit makes of a view in between is no version: nobody could ever have seen it.
    """

    stored: dict[Any, Version] = field(default_factory=dict[Any, Version])
    latest: dict[Any, Version | None] = field(default_factory=dict[Any, Version | None])
    ended: list[Ended] = field(default_factory=list[Ended])
    passed: list[Ended] = field(default_factory=list[Ended])
    moments: dict[datetime, int] = field(default_factory=dict[datetime, int])

    def load(self, key: Any, document: Document) -> None:
        view = {name: value for name, value in document.items() if name != SINCE}
        self.stored[key] = self.latest[key] = Version(document[SINCE], view)

    def change(self, key: Any, recorded: RecordedEvent, view: Document | None) -> None:
        """The view of a key is this one now; None where there is none any more."""
        position, before = recorded.position, self.latest.get(key)
        if before is not None and before.since < position:
            stands = before is self.stored.get(key)
            (self.ended if stands else self.passed).append(Ended(before, position))
        self.latest[key] = Version(position, view) if view is not None else None
        self.moments[recorded.at] = position

    def since(self, key: Any) -> Document:
        """What a changed view's document has besides its fields."""
        version = self.latest[key]
        return {} if version is None else {SINCE: Int64(version.since)}

    def changes(self, keys: Iterable[Any]) -> PastChange:
        """What the changes of the views of these keys add to the past."""
        begun: list[Version] = []
        again: list[Version] = []
        removed: list[Version] = []
        ended = {id(each.version) for each in self.ended}
        for key in keys:
            now, stored = self.latest[key], self.stored.get(key)
            # Stored in an earlier part of the same commit: nobody may see that it was ever so.
            same = stored is not None and id(stored) not in ended
            if now is not None:
                (again if same else begun).append(now)
            elif same and stored is not None:
                removed.append(stored)
        return PastChange(begun, again, removed, self.ended, self.passed, self.moments)
