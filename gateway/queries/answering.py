"""Which edition of each read model answers here, and how far it is."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gateway.application.editions import shape_of, shapes_read
from gateway.application.model import ReadModel
from gateway.mongo.checkpoints import Checkpoint, checkpoint_id
from gateway.mongo.live import Live

SILENT = 3.0
"""Seconds without a word of a checkpoint after which nobody is at work on it; a watcher speaks once a second."""


@dataclass
class Answering:
    """One read model, as this process knows it.

    The live edition answers where its views have the shape that this code reads. Where they have not, the edition
    of this very code does, if it was ever live: its own release keeps it current until it is stopped.
    """

    read_model: ReadModel
    live: Live | None = None
    editions: dict[str, Checkpoint] = field(default_factory=dict[str, Checkpoint])
    moved: dict[str, float] = field(default_factory=dict[str, float])
    "When something was heard of each edition, by this process's clock."

    def __post_init__(self) -> None:
        self._shape = shape_of(self.read_model)
        self._plain = checkpoint_id(self.read_model.name, self.read_model.version)
        self.edition: str | None = self._plain

    @property
    def checkpoint(self) -> Checkpoint | None:
        return self.editions.get(self.edition) if self.edition else None

    @property
    def frozen(self) -> bool:
        """Whether nobody moves it on: it is of another version than this code's, and nothing is heard of it."""
        found = self.checkpoint
        if found is None or found.version == self.read_model.version:
            return False
        return time.monotonic() - self.moved[found.id] > SILENT

    def read(self, checkpoint: Checkpoint) -> None:
        """Take in a checkpoint as it was found: it was moved at some time before."""
        passed = (datetime.now(UTC) - checkpoint.at_head).total_seconds()
        self.moved.setdefault(checkpoint.id, time.monotonic() - max(0.0, passed))
        self._take(checkpoint)

    def hear(self, checkpoint: Checkpoint) -> None:
        """Take in a checkpoint that moved just now."""
        self.moved[checkpoint.id] = time.monotonic()
        self._take(checkpoint)

    def switch(self, live: Live) -> None:
        self.live = live
        self.edition = self._choose()

    def _take(self, checkpoint: Checkpoint) -> None:
        self.editions[checkpoint.id] = checkpoint
        self.edition = self._choose()

    def _choose(self) -> str | None:
        if self.live is None:
            return self._plain
        if self.live.shape in shapes_read(self.read_model):
            return self.live.edition
        return next((each for each in reversed(self.live.past) if self._is_own(each)), None)

    def _is_own(self, edition: str) -> bool:
        found = self.editions.get(edition)
        return found is not None and (found.version, found.shape) == (self.read_model.version, self._shape)


def answering(read_models: Sequence[ReadModel]) -> dict[str, Answering]:
    """All read models that follow from events, before anything is known of them."""
    return {each.name: Answering(each) for each in read_models}
