"""What is checked before a read model is built on: that its views, its checkpoint and the log belong together."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from gateway.application.model import ReadModel
from gateway.eventlog.encoding import GENESIS
from gateway.mongo.checkpoints import Checkpoint, checkpoint_id
from gateway.projections.storage import ViewStore, names

NEVER = datetime(1970, 1, 1, tzinfo=UTC)


async def start(store: ViewStore, identity: UUID, models: Sequence[ReadModel]) -> dict[str, Checkpoint]:
    """The checkpoints of the read models, `stopped` where one can't be built on; the rest has all it needs.

    The order matters where several processes start at once: views that are there before a checkpoint is read at
    0 do not belong to it, and a collection that is missing after one was read above 0 was dropped.
    """
    filled = {model.name: await store.has_views(model) for model in models}
    for model in models:
        await store.begin(Checkpoint(model.name, model.version, identity, 0, GENESIS, NEVER))
    found = await store.checkpoints(checkpoint_id(model.name, model.version) for model in models)
    there = await store.collections()
    chains = await store.chains(each.position for each in found.values())
    checked: dict[str, Checkpoint] = {}
    for model in models:
        before = found[checkpoint_id(model.name, model.version)]
        missing = [name for name in names(model) if name not in there]
        reason = _misfit(before, identity, filled[model.name], missing)
        reason = reason or foreign(before, chains)
        if reason is None and (ways := await store.other_ways(model)):
            reason = f"Its past is kept along other indexes ({', '.join(sorted(ways))}): raise its version."
        if reason is None:
            await store.create(model)
        checked[model.name] = replace(before, stopped=reason)
        if reason != before.stopped:
            await store.note([(before, checked[model.name])])
    return checked


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
