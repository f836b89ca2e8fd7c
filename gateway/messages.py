"""What travels between the parts of the gateway: commits, recorded events, receipts."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class CommandRecord:
    """The command behind a commit: enough to recognise it, nothing of its content."""

    id: UUID
    name: str
    fingerprint: bytes
    actor: str


@dataclass(frozen=True, slots=True)
class DroppedEvent:
    """Stands for a stored event that means nothing any more: it keeps place and version, and is shown to nobody."""

    name: str
    schema: int


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event as the log holds it; `index` counts the events of its commit from 0.

    A stored event that an upcaster splits is several of these, of one version, each with an index of its own.
    `correlation` is the conversation that its command belonged to, `causation` what caused it, as named by clients.
    """

    position: int
    index: int
    at: datetime
    stream: str
    version: int
    actor: str
    event: object
    correlation: str | None = None
    causation: str | None = None


def shown(events: Iterable[RecordedEvent]) -> list[RecordedEvent]:
    """Those of some events that anybody is shown: all but the dropped ones."""
    return [each for each in events if not isinstance(each.event, DroppedEvent)]


@dataclass(frozen=True, slots=True)
class Commit:
    """All events of one command, at one position of the log; `size` is its document's length in bytes."""

    position: int
    at: datetime
    command: CommandRecord
    events: tuple[RecordedEvent, ...]
    chain: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a prefix of the log that a majority holds; position 0 is the empty log."""

    position: int
    chain: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class StreamVersion:
    """How many events a stream had when somebody saw it, or has now."""

    stream: str
    version: int


@dataclass(frozen=True, slots=True)
class Envelope:
    """A command on its way in: who sent it, under which id, and the conversation it belongs to.

    It is refused unless each stream in `unchanged` still has the version given there.
    """

    command: object
    id: UUID
    actor: str = "anonymous"
    correlation: str | None = None
    causation: str | None = None
    unchanged: tuple[StreamVersion, ...] = ()


@dataclass(frozen=True, slots=True)
class VersionConflict:
    """A stream is no longer as it was seen: the command was refused before it was decided.

    `current` are the versions of the streams that were named. `missed` counts what came in between, `since` has
    the first 100 of those events in the log's order.
    """

    current: tuple[StreamVersion, ...]
    missed: int
    since: tuple[RecordedEvent, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to an accepted command.

    `position` is the commit's, or the head's where there was nothing to do. `replayed` says that an
    earlier attempt with the same id had been accepted.
    """

    command_id: UUID
    position: int
    events: tuple[RecordedEvent, ...] = field(default=())
    replayed: bool = False
