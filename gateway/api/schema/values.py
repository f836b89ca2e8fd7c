"""What resolvers hand to each other: the values behind the derived types."""

from dataclasses import dataclass
from typing import Any

import strawberry

from gateway.api.context import Context
from gateway.messages import Receipt


@dataclass(frozen=True, slots=True)
class Accepted:
    """A command that was accepted."""

    command: Any
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Refused:
    """A command that the domain refused; `path` names the argument, where one of its values is to blame."""

    rejection: Any
    path: tuple[str, ...] | None


def context_of(info: strawberry.Info) -> Context:
    return info.context
