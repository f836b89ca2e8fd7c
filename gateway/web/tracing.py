"""Which conversation a request belongs to, and what caused it, as its client says.

The correlation id names the conversation: the same for everything that one user action sets off. The causation id
names what directly caused the command, one step back: the caller's span or request. Both are kept with every
commit, so they are the client's to choose and must not be personal. Nonsense never fails a request: proxies add
such headers, too.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

_ID: Final = re.compile(r"[\x21-\x7e]{1,128}")
_TRACEPARENT: Final = re.compile(
    r"(?!ff|00.{54})[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?"
)
"""https://www.w3.org/TR/trace-context/#traceparent-header: the trace, and the span of the caller (`parent-id`).

Version 00 has 55 characters; a later one may have further fields, and its first four are read as those of 00.
"""


@dataclass(frozen=True, slots=True)
class Trace:
    """The correlation id and the causation id of a request; None where its client names none."""

    correlation: str | None = None
    causation: str | None = None

    def otherwise(self, other: "Trace") -> "Trace":
        """This one, and what it leaves open as in the other."""
        if self is NOTHING_SAID or other is NOTHING_SAID:
            return other if self is NOTHING_SAID else self
        return Trace(self.correlation or other.correlation, self.causation or other.causation)


NOTHING_SAID: Final = Trace()


def of_headers(header: Callable[[str], str | None]) -> Trace:
    """`X-Correlation-Id`, else the trace of `traceparent`; the parent of `traceparent`, else `X-Request-Id`."""
    spans = _spans(header("traceparent"))
    named = _trace(header("x-correlation-id"))
    return named.otherwise(spans).otherwise(_trace(None, header("x-request-id")))


def of_extensions(found: Mapping[str, Any]) -> Trace:
    """`correlationId` and `causationId`, else what `traceparent` says: of a request's `extensions`, or of the
    payload of `connection_init`, for clients that can't set headers."""
    if not found:
        return NOTHING_SAID
    return _trace(found.get("correlationId"), found.get("causationId")).otherwise(_spans(found.get("traceparent")))


def _trace(correlation: object, causation: object = None) -> Trace:
    said = correlation is not None or causation is not None
    return Trace(_id(correlation), _id(causation)) if said else NOTHING_SAID


def _id(given: object) -> str | None:
    return given if isinstance(given, str) and _ID.fullmatch(given) else None


def _spans(given: object) -> Trace:
    found = _TRACEPARENT.fullmatch(given) if isinstance(given, str) else None
    return Trace(found[1], found[2]) if found else NOTHING_SAID
