"""What a client is told whose command was refused because a stream has moved on: what came in between."""

from gateway.commands.deciding import Stale
from gateway.eventlog.storage import EventLog
from gateway.messages import RecordedEvent, StreamVersion, VersionConflict, shown

MOST_SINCE = 100
"""So many events are told; a client that wants the rest follows the stream."""


async def conflict(log: EventLog, stale: Stale) -> VersionConflict:
    """The refusal with the events that came in between. Raises Unavailable and LogBroken."""
    missed, since = 0, dict[tuple[int, int], RecordedEvent]()  # each once, also of a stream that was named twice
    for seen, current in dict(zip(stale.seen, stale.current, strict=True)).items():
        missed += max(0, current.version - seen.version)
        since |= {(each.position, each.index): each for each in await _between(log, seen, current)}
    return VersionConflict(stale.current, missed, tuple(since[place] for place in sorted(since)[:MOST_SINCE]))


async def _between(log: EventLog, seen: StreamVersion, current: StreamVersion) -> list[RecordedEvent]:
    limit = min(current.version - seen.version, MOST_SINCE)
    return shown(await log.stream(seen.stream, seen.version, limit)) if limit > 0 else []
