"""Checkpoints as documents: how far each read model is built, shared by who writes and who reads them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a read model is built: its views are the fold of the log up to `position`.

    `log`, `position` and `chain` together recognise a wrong, restored or rewritten log. `at_head` is when the
    watcher last saw that nothing was missing. `stopped` says why it can't go on, None while it can.
    """

    read_model: str
    version: int
    log: UUID
    position: int
    chain: bytes
    at_head: datetime
    stopped: str | None = None


def checkpoint_of(document: Mapping[str, Any]) -> Checkpoint:
    """A checkpoint from its document in the collection `checkpoints`."""
    return Checkpoint(
        document["_id"],
        document["version"],
        document["log"],
        document["position"],
        bytes(document["chain"]),
        document["at_head"],
        document.get("stopped"),
    )
