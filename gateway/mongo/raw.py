"""Replies of MongoDB as bytes, taken apart."""

from collections.abc import Iterator
from typing import Any

from bson import BSON

from gateway.mongo.client import OPTIONS


def documents_in(reply: bytes) -> Iterator[bytes]:
    """The documents that stand one behind the other in a reply; each begins with its length."""
    at = 0
    while at < len(reply):
        end = at + int.from_bytes(reply[at : at + 4], "little")
        yield reply[at:end]
        at = end


def decoded(document: bytes) -> dict[str, Any]:
    """A document as a cursor of documents would give it."""
    return BSON(document).decode(codec_options=OPTIONS)
