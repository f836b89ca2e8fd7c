"""What the audit trail says, and by which ways it is read."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import NewType
from uuid import UUID

from gateway.application.model import AccessPath, Model, ReadModel
from gateway.errors import InvalidApplication

AuditEntryId = NewType("AuditEntryId", str)

Position = NewType("Position", int)
"""A position of the log: it outgrows 32 bits."""


class AuditKind(Enum):
    """What was asked for."""

    COMMAND = "COMMAND"
    "To change something: a mutation."
    QUERY = "QUERY"
    "To be told something once."
    SUBSCRIPTION = "SUBSCRIPTION"
    "To be told something as it happens."
    UNKNOWN = "UNKNOWN"
    "Turned down before that was clear, or not kept at all (DROPPED)."


class AuditOutcome(Enum):
    """What came of it."""

    ACCEPTED = "ACCEPTED"
    "The command was accepted: its commit is at `position`, or there was nothing to do."
    REJECTED = "REJECTED"
    "The domain refused the command."
    ANSWERED = "ANSWERED"
    "The query was answered without an error; the subscription began."
    REFUSED = "REFUSED"
    "Turned down before anything was decided or executed."
    FAILED = "FAILED"
    "There was an error; `code` is the first one's."
    DROPPED = "DROPPED"
    "Stands for `dropped` entries that are missing here: they came faster than they could be written."


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who asked for what, and what came of it; nothing of its content. Each command of a mutation has its own."""

    entry: AuditEntryId
    at: datetime
    "When that was clear."
    kind: AuditKind
    outcome: AuditOutcome
    code: str | None
    "The name of the rejection or of the error."
    actor: str
    "Who asked; empty for DROPPED."
    operation: str | None
    "The name that the client gave the operation."
    fields: tuple[str, ...]
    "The fields that the operation asks for at its top."
    command: str | None
    command_id: UUID | None
    position: Position | None
    "Of an accepted command the position that its receipt names, of a read the one that its token asked for."
    duration_ms: int
    "How long it took, in milliseconds."
    correlation_id: str | None
    "The conversation that it belongs to, as the client named it."
    causation_id: str | None
    "What caused it, as the client named it."
    dropped: int | None


def _nothing(*_: object) -> None:
    """No events are folded into entries."""


AUDIT_TRAIL = ReadModel(
    name="audit_trail",
    view=AuditEntry,
    fold=_nothing,
    recorded=(),
    journal=False,
    one=None,
    many="audit_trail",
    key_field="entry",
    key_type=AuditEntryId,
    key=None,
    key_recorded=(),
    events=(),
    stream=None,
    links={},
    fan_out=(),
    paths=(
        AccessPath((), "at"),
        AccessPath(("kind",), "at"),
        AccessPath(("outcome",), "at"),
        AccessPath(("actor",), "at"),
        AccessPath(("correlation_id",), "at"),
    ),
    version=1,
)

_RESERVED = f"{AUDIT_TRAIL.many} and {AuditEntry.__name__} are taken"


def with_audit_trail(model: Model) -> Model:
    """What can be read: an application's read models, and the trail of who asked what.

    Raises InvalidApplication where a read model has the trail's names.
    """
    taken = [each for each in model.read_models if AUDIT_TRAIL.many in (each.one, each.many)]
    taken += [each for each in model.read_models if each.view.__name__ == AuditEntry.__name__]
    if taken:
        raise InvalidApplication([f"{each.many} has a name of the audit trail: {_RESERVED}" for each in taken])
    return replace(model, read_models=(*model.read_models, AUDIT_TRAIL))
