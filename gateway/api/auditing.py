"""What one request leaves in the audit trail and in the metrics: once for each command, once for anything else."""

import time
from typing import Any, NamedTuple
from uuid import UUID

from gateway.api.documents import DocumentRefused
from gateway.api.errors import code_of
from gateway.api.metrics import Metrics
from gateway.api.outlines import UNREAD, Outline
from gateway.api.requests import Answer, Request
from gateway.audit.entries import AuditEntry, AuditKind, AuditOutcome, Position
from gateway.audit.trail import Trail
from gateway.errors import BadInput

CANCELLED = "CANCELLED"
"""The code of a query whose client did not wait for the answer."""


class Ended(NamedTuple):
    """What came of a command or an operation that was begun at `begun` (`time.perf_counter`)."""

    begun: float
    outcome: AuditOutcome
    code: str | None = None
    position: int | None = None


class Recording:
    """One request on its way into the trail; without a trail, it is measured and nothing is kept of it."""

    def __init__(self, trail: Trail | None, metrics: Metrics, request: Request) -> None:
        self.outline: Outline = UNREAD
        self._trail, self._metrics, self._request = trail, metrics, request
        self._begun = time.perf_counter()
        self._commands: set[str | int] = set()

    def command(self, name: str, id_: UUID | None, ended: Ended) -> None:
        """A command was executed, or refused before it could be."""
        self._enter(ended, name, id_)

    def answers(self, key: str | int) -> None:
        """The field of this name in the answer is a command's: it has an entry of its own."""
        self._commands.add(key)

    def answered(self, answer: Answer, position: int) -> None:
        """An operation was executed; `position` is the one that its token asked for, 0 without one."""
        if self.outline.kind is AuditKind.COMMAND:
            return self._answered_besides(answer)
        outcome = AuditOutcome.FAILED if answer.errors else AuditOutcome.ANSWERED
        return self._enter(Ended(self._begun, outcome, _first(answer.errors), position or None))

    def _answered_besides(self, answer: Answer) -> None:
        """What a mutation did besides its commands: fields that were refused before their command was made."""
        errors = [each for each in answer.errors if each.get("path", [None])[0] not in self._commands]
        if errors or not self._commands:
            outcome = AuditOutcome.REFUSED if errors else AuditOutcome.ANSWERED
            self._enter(Ended(self._begun, outcome, _first(errors)))

    def began(self, position: int) -> None:
        """A subscription follows from now on."""
        self._enter(Ended(self._begun, AuditOutcome.ANSWERED, None, position or None))

    def refused(self, error: Exception, answer: Answer) -> Answer:
        """The answer to a request that was turned down or failed as a whole, or to a subscription that broke."""
        outcome = AuditOutcome.REFUSED if isinstance(error, DocumentRefused | BadInput) else AuditOutcome.FAILED
        if isinstance(error, DocumentRefused) and error.outline and self.outline is UNREAD:
            self.outline = error.outline
        self._enter(Ended(self._begun, outcome, _first(answer.errors)))
        return answer

    def cancelled(self) -> None:
        self._enter(Ended(self._begun, AuditOutcome.FAILED, CANCELLED))

    def _enter(self, ended: Ended, command: str | None = None, id_: UUID | None = None) -> None:
        trail, request, outline = self._trail, self._request, self.outline
        seconds = time.perf_counter() - ended.begun
        if command is None:
            self._metrics.operation(outline.kind.name, ended.outcome.name, seconds)
        else:
            self._metrics.command(command, ended.outcome.name, seconds)
        if trail is None:
            return
        entry, at = trail.stamp()
        trail.enter(
            AuditEntry(
                entry=entry,
                at=at,
                kind=outline.kind,
                outcome=ended.outcome,
                code=ended.code,
                actor=request.actor,
                operation=outline.operation,
                fields=outline.fields,
                command=command,
                command_id=id_,
                position=None if ended.position is None else Position(ended.position),
                duration_ms=round(seconds * 1000),
                correlation_id=request.correlation,
                causation_id=request.causation,
                dropped=None,
            )
        )


def raised(begun: float, error: Exception) -> Ended:
    """A command that ended with an exception; what its client got wrong is a refusal."""
    outcome = AuditOutcome.REFUSED if isinstance(error, BadInput) else AuditOutcome.FAILED
    return Ended(begun, outcome, code_of(error))


def _first(errors: Any) -> str | None:
    return errors[0]["extensions"]["code"] if errors else None
