"""Cursors of subscriptions: places, sealed, so that what is foreign or altered is told apart.

What a cursor belongs to is part of what is sealed: the cursor of one account is none of another one's.
"""

import hashlib
from typing import Any

from gateway.application.model import ReadModel
from gateway.errors import BadCursor
from gateway.feeds.readers import LAST, Place
from gateway.messages import RecordedEvent
from gateway.queries.values import unpacked
from gateway.signing import Signer

LINES = 1_000
"""A journal's line is numbered by the position of its commit times so many, and its event's index."""


def event_cursor(signer: Signer, event: RecordedEvent) -> str:
    return signer.seal("event", event.position.to_bytes(8) + event.index.to_bytes(2))


def event_place(signer: Signer, text: str | None, argument: str) -> Place | None:
    """The place behind an event's cursor, or behind the commit that a token proves. Raises BadCursor."""
    if text is None:
        return None
    if (cursor := signer.unseal("event", text)) is not None:
        return int.from_bytes(cursor[:8]), int.from_bytes(cursor[8:])
    if (token := token_place(signer, text)) is not None:
        return token
    raise BadCursor("This is neither a cursor of an event nor a token of this log.", (argument,))


def token_place(signer: Signer, text: str) -> Place | None:
    """The place behind the commit that a token proves; None for a text that is no token of this log."""
    token = signer.unseal("token", text)
    return None if token is None else (int.from_bytes(token), LAST)


def line_cursor(signer: Signer, read_model: ReadModel, number: int) -> str:
    return signer.seal(f"line {read_model.name}", number.to_bytes(8))


def line_place(signer: Signer, read_model: ReadModel, text: str | None) -> Place | None:
    """The place of a line's event, by the cursor of a message or of an edge, or a token's. Raises BadCursor."""
    if text is None:
        return None
    if (token := token_place(signer, text)) is not None:
        return token
    if (line := signer.unseal(f"line {read_model.name}", text)) is not None:
        return divmod(int.from_bytes(line), LINES)
    edge = signer.unseal("cursor", text)
    content: dict[str, Any] = unpacked(edge) if edge is not None else {}
    if str(content.get("of")).partition(":")[0] == read_model.name:
        return divmod(int(content["at"][-1]), LINES)  # every order of a journal ends with its lines' numbers
    raise BadCursor("This is neither a cursor of these lines nor a token of this log.", ("after",))


def name_of(*parts: object) -> str:
    """A short name for what is followed: the same for the same parts in every process."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
