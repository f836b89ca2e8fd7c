"""What every resolver may use while it answers one request."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from gateway.application.model import Model
from gateway.feeds.feeds import Feeds
from gateway.messages import Envelope, Receipt
from gateway.queries.freshness import Freshness
from gateway.queries.queries import Queries
from gateway.settings import Settings
from gateway.signing import Signer


@dataclass(frozen=True)
class Services:
    """The parts of an open process that the API is made of; `execute` answers a receipt or a rejection."""

    model: Model
    settings: Settings
    signer: Signer
    execute: Callable[[Envelope], Awaitable[object | Receipt]]
    queries: Queries
    feeds: Feeds


@dataclass(frozen=True)
class Context:
    """One request: who asks, and how fresh the answer must be."""

    services: Services
    freshness: Freshness
    actor: str
    correlation: str | None
