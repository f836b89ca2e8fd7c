"""Global ids: `Account:42`, the kind of a thing and its local id. Inputs take what answers give."""

import base64
import hashlib
import re
from collections.abc import Sequence
from uuid import UUID

from gateway.errors import BadInput

_LOCAL = re.compile(r"[A-Za-z0-9._-]{1,64}")


def global_id(kind: str, local: object) -> str:
    return f"{kind}:{local}"


def split_id(text: str, path: Sequence[str] = ()) -> tuple[str, str]:
    """The kind and the local id. Raises BadInput for what is no global id."""
    kind, colon, local = text.partition(":")
    if not colon or not _LOCAL.fullmatch(local):
        raise BadInput('An id is a kind, a colon and up to 64 of A-Z a-z 0-9 . _ -, as in "Account:42".', path)
    return kind, local


def local_id(kind: str, text: str, path: Sequence[str] = ()) -> str:
    """The local id of a global id of this kind. Raises BadInput for an id of another kind."""
    found, local = split_id(text, path)
    if found != kind:
        raise BadInput(f"This is no id of kind {kind}: ids here begin with {kind}:.", path)
    return local


def derived_id(command: str, command_id: UUID) -> str:
    """The local id of what a command creates when its client chose none: the same for every retry.

    80 bits of SHA-256: two of a billion ids are equal with a probability below one in a million.
    """
    digest = hashlib.sha256(f"{command}:{command_id}".encode()).digest()
    return base64.b32encode(digest[:10]).decode().lower()
