"""What every resolver may use while it answers one request."""

from dataclasses import dataclass

from gateway.api.auditing import Recording
from gateway.queries.freshness import Freshness
from gateway.runtime import Services


@dataclass
class Context:
    """One request: who asks, how fresh what is read from here on must be, and what the audit trail gets of it.

    `resume` is where a subscription goes on from, whatever its field says.
    `freshness` moves on when a command of this request is accepted: what is read behind it contains it.
    """

    services: Services
    freshness: Freshness
    actor: str
    correlation: str | None
    causation: str | None
    recording: Recording
    resume: str | None = None
