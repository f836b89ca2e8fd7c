"""Lanes: read models that go on together, in one transaction, and wait for none but each other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.mongo.checkpoints import Progress
from gateway.projections.working import Careful, Working

NEAR = 50
"""So many commits a read model may be behind those in front of it to go on with them: it costs them little."""


@dataclass(frozen=True, slots=True)
class Lane:
    """Read models at about one place, the foremost first."""

    members: Sequence[Working]

    @property
    def position(self) -> int:
        """Where the hindmost one stands."""
        return self.members[-1].checkpoint.position

    @property
    def history(self) -> bool:
        return self.members[0].plan.model.history

    @property
    def progress(self) -> Progress | None:
        return self.members[0].checkpoint.progress

    @property
    def careful(self) -> Careful | None:
        return self.members[0].careful


def lanes(workings: Sequence[Working], most: int) -> list[Lane]:
    """The lanes that may begin a batch of `most` commits now, those in front first.

    Whoever comes up to others that are at work waits for that one batch, and goes on with them. Those in front
    never wait for those behind. Who keeps a past goes in smaller steps, and so with others who do. Whoever is in
    the midst of a commit, goes carefully, failed, or held others up has a lane of its own.
    """
    kinds: dict[object, list[Working]] = {}
    for each in sorted(workings, key=lambda one: -one.checkpoint.position):
        kinds.setdefault(each.checkpoint.id if each.alone else each.plan.model.history, []).append(each)
    near = min(NEAR, most // 2)
    found = [each for kind in kinds.values() for each in _meeting(kind, near)]
    return [Lane(free) for each in found if (free := _free(each))]


def _meeting(workings: Sequence[Working], near: int) -> Iterator[list[Working]]:
    """Those that are near enough to the foremost of them."""
    meeting: list[Working] = []
    for each in workings:
        if meeting and meeting[0].checkpoint.position - each.checkpoint.position > near:
            yield meeting
            meeting = []
        meeting.append(each)
    if meeting:
        yield meeting


def _free(meeting: Sequence[Working]) -> list[Working]:
    """Those in front of all that are at work."""
    places = [each.checkpoint.position for each in meeting if each.busy]
    return [each for each in meeting if each.checkpoint.position > max(places, default=-1)]
