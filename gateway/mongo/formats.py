"""The format of the log: which release may read it, which may write to it, and how it is raised.

The number stands in two places. The log's identity names the `format` that commits are written in, and the lowest
number that a process must know to read the log (`readable_by`) and to add to it (`writable_by`): start-up asks for
those. From format 2 on every commit names its format, too: who runs already, and was written before that number,
stops at the first such commit. As a position is taken once only, no older writer gets past it (docs/evolution.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.errors import Unsuitable

FORMAT = 1
"""The newest format of the log that this release reads and writes."""

COMMIT_FORMAT = "format"
"""The field of a commit that names its format; format 1 has none."""


@dataclass(frozen=True, slots=True)
class Format:
    """What the log's identity says about its format."""

    number: int
    readable_by: int
    writable_by: int


def format_of(identity: Mapping[str, Any]) -> Format:
    """The format of a log; one whose identity names no minimum is for those who know its number."""
    number = identity["format"]
    return Format(number, identity.get("readable_by", number), identity.get("writable_by", number))


def first() -> dict[str, int]:
    """What the identity of a new log says about its format."""
    return {"format": FORMAT, "readable_by": FORMAT, "writable_by": FORMAT}


def check_writable(identity: Mapping[str, Any], known: int = FORMAT) -> None:
    """Refuse a log to which a process that knows the formats 1 to `known` may not add. Raises Unsuitable."""
    found = format_of(identity)
    if found.number < 1 or max(found.writable_by, found.readable_by) > known:
        raise Unsuitable(_refusal("write to", found, known))


def check_readable(identity: Mapping[str, Any], known: int = FORMAT) -> None:
    """Refuse a log which a process that knows the formats 1 to `known` may not read. Raises Unsuitable."""
    found = format_of(identity)
    if found.number < 1 or found.readable_by > known:
        raise Unsuitable(_refusal("read", found, known))


def knows(commit: Mapping[str, Any], known: int = FORMAT) -> bool:
    """Whether a commit, or what was read of it, is in one of the formats 1 to `known`."""
    return commit.get(COMMIT_FORMAT, 1) in range(1, known + 1)


def _refusal(verb: str, found: Format, known: int) -> str:
    return (
        f"This log has another format, {found.number}, than this release of Tidegate knows, 1 to {known}, "
        f"which may not {verb} it: use a newer release."
    )
