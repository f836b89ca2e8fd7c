"""What is applied at once: some commits, or a part of one commit that reaches very many views."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gateway.messages import Commit
from gateway.mongo.checkpoints import Checkpoint, Progress
from gateway.projections.folding.reach import Units


@dataclass(frozen=True, slots=True)
class Commits:
    """Commits in their order. `seen` is when they were read, if they were all that there was."""

    commits: Sequence[Commit]
    seen: datetime | None

    @property
    def units(self) -> Units:
        return [each.events for each in self.commits]

    def part(self, skip: int, limit: int) -> "Commits":
        """Some of them; the last ones are all that there was."""
        end = skip + limit
        return Commits(self.commits[skip:end], self.seen if end >= len(self.commits) else None)

    def behind(self, position: int) -> "Commits":
        """Those behind a position that is none before them."""
        skip = position + 1 - self.commits[0].position
        return self.part(skip, len(self.commits))

    def after(self, before: Checkpoint, done: int) -> Checkpoint:
        """The checkpoint once the first `done` commits are applied."""
        last = self.commits[done - 1]
        seen = self.seen if done == len(self.commits) else None
        return replace(_moved(before, last), at_head=seen or before.at_head)


@dataclass(frozen=True, slots=True)
class Parts:
    """One commit's events, from the event `first` on, each a unit of its own."""

    commit: Commit
    first: int = 0

    @property
    def units(self) -> Units:
        return [(each,) for each in self.commit.events[self.first :]]

    def after(self, before: Checkpoint, done: int) -> Checkpoint:
        """The checkpoint once the first `done` of these events are applied; it moves with the last one."""
        event = self.first + done
        if event < len(self.commit.events):
            return replace(before, progress=Progress(event), stopped=None)
        return _moved(before, self.commit)

    def at(self, before: Checkpoint, key: Any) -> Checkpoint:
        """The checkpoint once the first of these events is applied up to a stored key."""
        return replace(before, progress=Progress(self.first, key), stopped=None)


def _moved(before: Checkpoint, commit: Commit) -> Checkpoint:
    return replace(before, position=commit.position, chain=commit.chain, progress=None, stopped=None)
