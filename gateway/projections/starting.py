"""What is checked before a read model is built on: that its views, its checkpoint and the log belong together."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from gateway.application.editions import shape_of, shapes_read
from gateway.application.model import ReadModel
from gateway.eventlog.encoding import GENESIS
from gateway.mongo.checkpoints import Checkpoint, id_of
from gateway.projections.storage import ViewStore, names

NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class Taken(Exception):
    """An edition was begun for views of another shape, in this moment: choose another one."""


async def start(store: ViewStore, identity: UUID, models: Sequence[ReadModel]) -> dict[str, Checkpoint]:
    """The checkpoints of these editions, `stopped` where one can't be built on; the rest has all it needs.

    The order matters where several processes start at once: views that are there before a checkpoint is read at
    0 do not belong to it, and a collection that is missing after one was read above 0 was dropped.

    Raises Taken.
    """
    filled = {model.name: await store.has_views(model) for model in models}
    for model in models:
        await store.begin(beginning(model, identity))
    found = await store.checkpoints(map(id_of, models))
    if any(found[id_of(model)].shape not in shapes_read(model) for model in models):
        raise Taken
    there = await store.collections()
    chains = await store.chains(each.position for each in found.values())
    checked: dict[str, Checkpoint] = {}
    for model in models:
        before = found[id_of(model)]
        missing = [name for name in names(model) if name not in there]
        reason = _misfit(before, identity, filled[model.name], missing)
        reason = reason or foreign(before, chains)
        if reason is None:
            await store.create(model)
        checked[model.name] = replace(before, stopped=reason, shape=before.shape or shape_of(model))
        if checked[model.name] != before:
            await store.note([(before, checked[model.name])])
    return checked


def beginning(model: ReadModel, identity: UUID) -> Checkpoint:
    """The checkpoint of an edition of which nothing is built."""
    shape, generation = shape_of(model), model.generation
    return Checkpoint(model.name, model.version, identity, 0, GENESIS, NEVER, shape=shape, generation=generation)


def _misfit(checkpoint: Checkpoint, identity: UUID, filled: bool, missing: Sequence[str]) -> str | None:
    begun = checkpoint.position > 0 or checkpoint.progress is not None
    if checkpoint.log != identity:
        return f"Its checkpoint belongs to another log, {checkpoint.log}; this one is {identity}."
    if begun and missing:
        return f"Its collection {missing[0]} is gone: drop the checkpoint {checkpoint.id} to build it anew."
    if filled and not begun:
        return "It has views and no checkpoint: drop its collections to build it anew."
    return None


def foreign(checkpoint: Checkpoint, chains: Mapping[int, bytes]) -> str | None:
    """Why the log is not the one that a checkpoint was built from, by the log's own chain values."""
    if checkpoint.position == 0 or chains.get(checkpoint.position) == checkpoint.chain:
        return None
    if checkpoint.position not in chains:
        return f"The log has no commit {checkpoint.position}: it was cut off, or restored."
    return f"The log has another history before position {checkpoint.position}: it was rewritten."
