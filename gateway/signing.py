"""Opaque texts that come back unchanged or not at all: tokens, cursors and keyed fingerprints."""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from uuid import UUID

from gateway.errors import BadInput, BadToken

_MAC = 12


@dataclass(frozen=True)
class Signer:
    """Signs for one log with one secret; what another log or secret signed is not recognised."""

    secret: bytes
    log: UUID

    def seal(self, purpose: str, payload: bytes) -> str:
        """An opaque text that only `unseal` with the same purpose opens."""
        return base64.urlsafe_b64encode(self._mac(purpose, payload) + payload).decode().rstrip("=")

    def unseal(self, purpose: str, text: str) -> bytes | None:
        """The payload of a sealed text; None for any other text."""
        try:
            sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        mac, payload = sealed[:_MAC], sealed[_MAC:]
        return payload if hmac.compare_digest(mac, self._mac(purpose, payload)) else None

    def token(self, position: int) -> str:
        """The proof of a write at this position."""
        return self.seal("token", position.to_bytes(8))

    def position(self, token: str) -> int:
        """The position that a token proves. Raises BadToken for a text that this log did not give."""
        payload = self.unseal("token", token)
        if payload is None:
            raise BadToken("This token was not given by this log.")
        return int.from_bytes(payload)

    def version(self, stream: str, number: int) -> str:
        """The opaque version of a stream that somebody sees."""
        return self.seal("version", number.to_bytes(8) + stream.encode())

    def seen(self, version: str) -> tuple[str, int]:
        """The stream that a version is of, and its number. Raises BadInput for one that this log did not give."""
        payload = self.unseal("version", version)
        if payload is None:
            raise BadInput("This version was not given by this log.")
        return payload[8:].decode(), int.from_bytes(payload[:8])

    def digest(self, category: str, value: str) -> str:
        """A keyed hash of a unique value, as a local id: the same in every log with this secret."""
        mac = hmac.digest(self.secret, f"value\0{category}\0{value}".encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(mac).decode().rstrip("=")

    def fingerprint(self, content: bytes) -> bytes:
        """A keyed hash of a command's content: equal for equal content, of no use for guessing it."""
        return hmac.digest(self.secret, b"fingerprint\0" + content, hashlib.sha256)

    def _mac(self, purpose: str, payload: bytes) -> bytes:
        message = purpose.encode() + b"\0" + self.log.bytes + payload
        return hmac.digest(self.secret, message, hashlib.sha256)[:_MAC]
