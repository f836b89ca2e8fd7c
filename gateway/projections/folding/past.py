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
    open: set[Any] = field(default_factory=set[Any])
    "The keys whose version in the collection holds. That of the same commit may be made another one, or taken out."
    ended: list[Ended] = field(default_factory=list[Ended])
    mended: list[Ended] = field(default_factory=list[Ended])
    removed: list[Version] = field(default_factory=list[Version])
    passed: list[Ended] = field(default_factory=list[Ended])
    moments: dict[datetime, int] = field(default_factory=dict[datetime, int])

    def load(self, key: Any, document: Document) -> None:
        view = {name: value for name, value in document.items() if name != SINCE}
        self.stored[key] = self.latest[key] = Version(document[SINCE], view)
        self.open.add(key)

    def change(self, key: Any, recorded: RecordedEvent, view: Document | None) -> None:
        """The view of a key is this one now; None where there is none any more."""
        position, before = recorded.position, self.latest.get(key)
        if before is not None and before.since < position:
            self._end(key, Ended(before, position))
        elif before is None and key in self.open and self.stored[key].since < position:
            self.open.discard(key)
            self.removed.append(self.stored[key])
        self.latest[key] = Version(position, view) if view is not None else None
        self.note(recorded)

    def _end(self, key: Any, ended: Ended) -> None:
        stored = self.stored.get(key)
        if key not in self.open or stored is None:
            self.passed.append(ended)
            return
        self.open.discard(key)
        (self.ended if ended.version is stored else self.mended).append(ended)

    def note(self, recorded: RecordedEvent) -> None:
        """Something has changed by this event, or waits for it: as of its time is as of its position, or later."""
        self.moments[recorded.at] = recorded.position

    def since(self, key: Any) -> Document:
        """What a changed view's document has besides its fields."""
        version = self.latest[key]
        return {} if version is None else {SINCE: Int64(version.since)}

    def changes(self, keys: Iterable[Any]) -> PastChange:
        """What the changes of the views of these keys add to the past."""
        begun: list[Version] = []
        again: list[Version] = []
        removed = [*self.removed]
        for key in keys:
            now = self.latest[key]
            if now is not None:
                (again if key in self.open else begun).append(now)
            elif key in self.open:
                removed.append(self.stored[key])
        return PastChange(begun, again, removed, self.ended, self.mended, self.passed, self.moments)


def waiting(recorded: RecordedEvent) -> PastChange:
    """What an event adds for which a view waits, and that changes nothing yet."""
    return PastChange(moments={recorded.at: recorded.position})
