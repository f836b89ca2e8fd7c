"""Commits as documents: encoded once, chained by SHA-256, decoded into recorded events.

A document begins with the fields that the chain covers (`_id` to `causation`), then `previous` and `chain`.
The chain value is SHA-256 over `previous` and the bytes of the covered document, so it can be computed before
the last two fields are there, and they are appended to the same bytes.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import bson
from bson import Int64
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

from gateway.application.model import EventType, Model
from gateway.application.upcasting import UpcastFailed
from gateway.errors import CommitTooLarge, HoleInLog, UndecodableEvent
from gateway.eventlog.upcasting import upcast
from gateway.messages import CommandRecord, Commit, Head, RecordedEvent
from gateway.mongo.codec import decoder, encoder
from gateway.mongo.formats import COMMIT_FORMAT, FORMAT, knows

MOST_EVENTS = 1_000
MOST_BYTES = 1_000_000

GENESIS = bytes(32)
"""What the first commit of a log names as the chain value before it."""

_OPTIONS: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True, uuid_representation=4)
_BYTES_ELEMENT = 0x05


@dataclass(frozen=True, slots=True)
class Draft:
    """A commit that is decided but not yet written."""

    at: datetime
    command: CommandRecord
    events: tuple[tuple[str, int, object], ...]
    correlation: str | None
    causation: str | None


@dataclass(frozen=True, slots=True)
class Encoded:
    """A draft at its position: the document to insert, and the commit that it will be."""

    document: RawBSONDocument
    commit: Commit


def encode_commit(model: Model, draft: Draft, after: Head) -> Encoded:
    """The commit that follows `after`. Raises CommitTooLarge beyond 1,000 events or 1 MB."""
    position = after.position + 1
    covered = bson.encode(_covered(model, draft, position), codec_options=_OPTIONS)
    if len(draft.events) > MOST_EVENTS or len(covered) > MOST_BYTES:
        raise CommitTooLarge(len(draft.events), len(covered))
    chain = hashlib.sha256(after.chain + covered).digest()
    document = _appended(covered, previous=after.chain, chain=chain)
    events = tuple(
        RecordedEvent(
            position,
            index,
            draft.at,
            stream,
            version,
            draft.command.actor,
            event,
            draft.correlation,
            draft.causation,
        )
        for index, (stream, version, event) in enumerate(draft.events)
    )
    commit = Commit(position, draft.at, draft.command, events, chain, len(document))
    return Encoded(RawBSONDocument(document, _OPTIONS_RAW), commit)


_OPTIONS_RAW: CodecOptions[RawBSONDocument] = CodecOptions(
    document_class=RawBSONDocument, tz_aware=True, uuid_representation=4
)


def _covered(model: Model, draft: Draft, position: int) -> dict[str, Any]:
    return {
        "_id": Int64(position),
        "at": draft.at,
        "events": [_event(model, *each) for each in draft.events],
        "command": {
            "id": draft.command.id,
            "name": draft.command.name,
            "fingerprint": draft.command.fingerprint,
            "actor": draft.command.actor,
        },
        "correlation": draft.correlation,
        "causation": draft.causation,
    }


def _event(model: Model, stream: str, version: int, event: object) -> dict[str, Any]:
    type_ = model.event_of(event)
    data = encoder(type_.type)(event)
    return {"stream": stream, "version": version, "type": type_.name, "schema": type_.schema, "data": data}


def _appended(covered: bytes, **elements: bytes) -> bytes:
    """A BSON document with binary elements added behind its last one (bsonspec.org, version 1.1)."""
    added = b"".join(
        bytes([_BYTES_ELEMENT]) + name.encode() + b"\0" + len(value).to_bytes(4, "little") + b"\0" + value
        for name, value in elements.items()
    )
    return (len(covered) + len(added)).to_bytes(4, "little") + covered[4:-1] + added + b"\0"


def decode_commit(model: Model, stored: bytes) -> Commit:
    """A commit from its document. Raises UndecodableEvent at an event that this application does not know."""
    document: Mapping[str, Any] = bson.decode(stored, codec_options=_OPTIONS)  # pyright: ignore[reportUnknownMemberType] # of arrays
    position, at, command = document["_id"], document["at"], document["command"]
    check_format(position, document)
    record = CommandRecord(command["id"], command["name"], bytes(command["fingerprint"]), command["actor"])
    decoded = [(each, event) for each in document["events"] for event in _decoded(model, position, each)]
    if len(decoded) > MOST_EVENTS:
        raise UndecodableEvent(position, f"upcasters make more than {MOST_EVENTS} events of one commit.")
    origin = document["correlation"], document["causation"]
    events = tuple(
        RecordedEvent(position, index, at, each["stream"], each["version"], record.actor, event, *origin)
        for index, (each, event) in enumerate(decoded)
    )
    return Commit(position, at, record, events, bytes(document["chain"]), len(stored))


def _decoded(model: Model, position: int, event: Mapping[str, Any]) -> Sequence[object]:
    """What a stored event means to this application: one event, or what upcasters make of it."""
    type_: EventType | None = model.events.get(event["type"])
    try:
        if type_ is not None and type_.schema == event["schema"]:
            return (decoder(type_.type)(event["data"]),)
        if (event["type"], event["schema"]) in model.upcasts:
            return upcast(model, event)
    except UpcastFailed as error:
        raise UndecodableEvent(position, f"{error}.") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UndecodableEvent(position, f"the event {event['type']} can't be decoded: {error!r}.") from None
    raise UndecodableEvent(position, f"the event {event['type']} of schema {event['schema']} is unknown here.")


def check_format(position: int, document: Mapping[str, Any]) -> None:
    """Refuse a commit of a newer format: what it means is not known here. Raises UndecodableEvent."""
    if not knows(document):
        written = document.get(COMMIT_FORMAT)
        raise UndecodableEvent(position, f"it is in format {written} of the log; this release knows 1 to {FORMAT}.")


def follow(commits: Sequence[Commit], after: int) -> None:
    """Refuse commits that are not exactly after + 1, after + 2, …: a hole is never skipped."""
    for expected, commit in enumerate(commits, start=after + 1):
        if commit.position != expected:
            raise HoleInLog(expected, f"there is a hole: the next commit is {commit.position}.")
