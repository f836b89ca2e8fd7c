"""The hash chain as it is found in stored bytes: each document names the value before it and ends with its own."""

import hashlib
import struct

from gateway.errors import HoleInLog, LogBroken

_BEGIN = struct.Struct("<4x5sq4sq8si")
_BEGINNING = (b"\x12_id\0", b"\x09at\0", b"\x04events\0")

EVENTS_AT = _BEGIN.size - 4
"""Where the array of events stands in every document, with its length."""

_PREVIOUS, _CHAIN = b"\x05previous\0\x20\0\0\0\0", b"\x05chain\0\x20\0\0\0\0"

CHAIN_VALUES = len(_PREVIOUS) + 32 + len(_CHAIN) + 32 + 1
"""So many bytes at a document's end are not covered by its chain value: that, and the one before it."""


def link(document: bytes, after: int, previous: bytes) -> tuple[bytes, int]:
    """The chain value and the time (milliseconds since 1970) of the document that follows position `after`.

    `previous` is the chain value there. Raises HoleInLog where another position comes next, LogBroken where the
    document is not what was written.
    """
    position, time = place_of(document, after + 1)
    if position != after + 1:
        raise HoleInLog(after + 1, f"there is a hole: the next commit is {position}.")
    size = (len(document) - CHAIN_VALUES + 1).to_bytes(4, "little")
    chain = hashlib.sha256(previous + size + document[4:-CHAIN_VALUES] + b"\0").digest()
    if not document.endswith(_end(previous, chain)):
        raise LogBroken(position, _fault(document, previous))
    return chain, time


def place_of(document: bytes, expected: int) -> tuple[int, int]:
    """The position and the time (milliseconds since 1970) of the document that should be at `expected`.

    Raises LogBroken where it does not begin as every commit does.
    """
    if len(document) > _BEGIN.size + CHAIN_VALUES:
        id_, position, at, time, events, _ = _BEGIN.unpack_from(document)
        if (id_, at, events) == _BEGINNING:
            return position, time
    raise LogBroken(expected, "it is no commit: that begins with a position, a time and events.")


def chain_of(document: bytes) -> bytes:
    """The chain value that a document which was found good ends with."""
    return document[-33:-1]


def _end(previous: bytes, chain: bytes) -> bytes:
    return b"%b%b%b%b\0" % (_PREVIOUS, previous, _CHAIN, chain)


def _fault(document: bytes, previous: bytes) -> str:
    end = document[-CHAIN_VALUES:]
    named = end[len(_PREVIOUS) : len(_PREVIOUS) + 32]
    if end != _end(named, chain_of(document)):
        return "it does not end with its chain value and the one before it."
    if named != previous:
        return "it does not follow from the commit before it."
    return "its bytes are not those that its chain value was made of."
