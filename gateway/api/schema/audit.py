"""What a mutation's field leaves in the audit trail."""

import time
from collections.abc import Awaitable
from uuid import UUID

import strawberry

from gateway.api.auditing import Ended, raised
from gateway.api.schema.values import Accepted, Refused, context_of
from gateway.application.naming import screaming
from gateway.audit.entries import AuditOutcome
from gateway.errors import CommitUnknown


async def audited(
    info: strawberry.Info, name: str, command_id: UUID | None, execution: Awaitable[Accepted | Refused]
) -> Accepted | Refused:
    """The answer to a command, once the trail has what came of it. Raises what the execution raises.

    `command_id` is the client's; one that was drawn here is known to nobody unless the command is accepted.
    """
    recording, begun = context_of(info).recording, time.perf_counter()
    recording.answers(info.path.key)
    try:
        answer = await execution
    except Exception as error:
        drawn = error.command_id if isinstance(error, CommitUnknown) else None
        recording.command(name, command_id or drawn, raised(begun, error))
        raise
    accepted = answer.receipt.command_id if isinstance(answer, Accepted) else None
    recording.command(name, command_id or accepted, _ended(begun, answer))
    return answer


def _ended(begun: float, answer: Accepted | Refused) -> Ended:
    if isinstance(answer, Accepted):
        return Ended(begun, AuditOutcome.ACCEPTED, None, answer.receipt.position)
    return Ended(begun, AuditOutcome.REJECTED, screaming(type(answer.rejection).__name__))
