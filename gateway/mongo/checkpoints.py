"""Checkpoints as documents: how far each read model is built, shared by who writes and who reads them.

One document for each edition of a read model. It is always replaced as a whole, never updated in parts: so the
change stream carries every state of it, exactly, without looking it up again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from bson import Int64

from gateway.application.model import ReadModel

MOST_TOUCHED = 1_000
"""Beyond so many keys a checkpoint does not name them: any view may have changed."""

MOST_TOLD = 200
"""Beyond so many views a checkpoint does not say how they changed."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A view's declared fields, those that access paths name, as stored before and after it changed.

    `key` is stored, too. None is no view: before its first event, or when it was removed.
    """

    key: Any
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


MOST_NAMED = 100
"""So many parked keys a checkpoint names; who must know of others looks them up."""


@dataclass(frozen=True, slots=True)
class ParkedKeys:
    """The parked keys of a read model: how many there are, and of the first ones which.

    `named` are stored keys, each with the position of the first event that its view lacks. `revision` is another
    one after every change of what is parked, so that nobody goes on from what is not so any more.
    """

    revision: int
    count: int
    named: Mapping[Any, int]

    @property
    def complete(self) -> bool:
        return self.count == len(self.named)

    def document(self) -> dict[str, Any]:
        named = [{"key": key, "position": Int64(position)} for key, position in self.named.items()]
        return {"revision": self.revision, "count": self.count, "named": named}


def with_parked(before: ParkedKeys | None, added: Iterable[tuple[Any, int]]) -> ParkedKeys | None:
    """What is parked once these stored keys are, each since a position; none of them was."""
    found = dict(added)
    if not found:
        return before
    known = before or ParkedKeys(0, 0, {})
    named = [*known.named.items(), *found.items()][:MOST_NAMED]
    return ParkedKeys(known.revision + 1, known.count + len(found), dict(named))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a commit is applied that reaches more views than one transaction may touch.

    All events before `event` (counted from 0) are; of that one, the views up to the stored key `after`.
    """

    event: int
    after: Any = None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a read model is built: its views are the fold of the log up to `position`.

    `log`, `position` and `chain` together recognise a wrong, restored or rewritten log. `at_head` is when the
    watcher last saw that nothing was missing. `stopped` says why it can't go on, None while it can. `progress`
    is there while the commit at position + 1 is applied in parts. `parked` are the keys whose views stay behind,
    None where there are none. `shape` is that of its views, None if that was never noted; `generation` counts the
    times that the same version was begun anew.
    """

    read_model: str
    version: int
    log: UUID
    position: int
    chain: bytes
    at_head: datetime
    stopped: str | None = None
    progress: Progress | None = None
    parked: ParkedKeys | None = None
    shape: str | None = None
    generation: int = 1

    @property
    def id(self) -> str:
        return checkpoint_id(self.read_model, self.version, self.generation)


def checkpoint_id(read_model: str, version: int, generation: int = 1) -> str:
    """The `_id` of the checkpoint of one edition of a read model: its views are in `views.` with this name."""
    return f"{read_model}.{version}" if generation == 1 else f"{read_model}.{version}.{generation}"


def id_of(model: ReadModel) -> str:
    """The id of the checkpoint of an edition."""
    return checkpoint_id(model.name, model.version, model.generation)


def checkpoint_of(document: Mapping[str, Any]) -> Checkpoint:
    """A checkpoint from its document in the collection `checkpoints`."""
    progress, parked = document.get("progress"), document.get("parked")
    return Checkpoint(
        document["read_model"],
        document["version"],
        document["log"],
        document["position"],
        bytes(document["chain"]),
        document["at_head"],
        document.get("stopped"),
        Progress(progress["event"], progress["after"]) if progress else None,
        _parked_of(parked) if parked else None,
        document.get("shape"),
        document.get("generation", 1),
    )


def _parked_of(document: Mapping[str, Any]) -> ParkedKeys:
    named = {each["key"]: each["position"] for each in document["named"]}
    return ParkedKeys(document["revision"], document["count"], named)


def document_of(
    checkpoint: Checkpoint, touched: Sequence[Any] | None, differences: Sequence[Difference] = ()
) -> dict[str, Any]:
    """The document of a checkpoint that names the keys, as stored, whose views changed with it.

    `differences` says how: of all that changed, or of none.
    """
    names = touched if touched is not None and len(touched) <= MOST_TOUCHED else None
    return {
        "_id": checkpoint.id,
        "read_model": checkpoint.read_model,
        "version": checkpoint.version,
        **_place(checkpoint),
        "chain": checkpoint.chain,
        "at_head": checkpoint.at_head,
        "stopped": checkpoint.stopped,
        "parked": checkpoint.parked.document() if checkpoint.parked else None,
        "shape": checkpoint.shape,
        "generation": checkpoint.generation,
        "touched": names if names is None else list(names),
        "differences": [[each.key, each.before, each.after] for each in differences],
    }


def differences_of(document: Mapping[str, Any]) -> tuple[Difference, ...]:
    """How views changed with a checkpoint; nothing where that is not told."""
    return tuple(Difference(*each) for each in document.get("differences", ()))


def unmoved(checkpoint: Checkpoint) -> dict[str, Any]:
    """What finds a checkpoint's document only while nobody has moved it on, or changed what is parked."""
    parked = {"parked.revision": checkpoint.parked.revision} if checkpoint.parked else {"parked": None}
    return {"_id": checkpoint.id, **_place(checkpoint), **parked}


def _place(checkpoint: Checkpoint) -> dict[str, Any]:
    part = checkpoint.progress
    return {
        "log": checkpoint.log,
        "position": Int64(checkpoint.position),
        "progress": {"event": part.event, "after": part.after} if part else None,
    }
