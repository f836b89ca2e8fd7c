"""How rows of mutations are measured: the server warms, is loaded, and every acknowledged write is looked for."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from bson import ObjectId

from benchmarks.contestants.servers import Opened
from benchmarks.harness.arena import Arena
from benchmarks.harness.checks import all_there
from benchmarks.harness.dataset import Dataset
from benchmarks.harness.figures import Sample
from benchmarks.harness.load import Load, Request
from benchmarks.rows.querying import AT_ONCE, sampled

OURS = "... on DepositMoneyAccepted { id: commandId position }"
THEIRS = "id at"

SHARED = (
    "Five read models are built of ours meanwhile, and of theirs none: with two cores the watcher, MongoDB and the "
    "load share one, which is full, while the gateway's is not. What would be needed is a core for each of them."
)

_UNDER_WAY = 0.3
"""Seconds in which a command that nobody waits for any more ends."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a contestant keeps what it acknowledged, and how the ids of its answers are written there."""

    collection: str
    field: str
    read: Callable[[str], Any]


LOG = Kept("events", "command.id", UUID)
MERCURIUS = Kept("mercurius.deposits", "_id", ObjectId)
STARLETTE = Kept("starlette.deposits", "_id", ObjectId)


@dataclass(frozen=True, slots=True)
class Mutating:
    """One contestant's mutations."""

    opened: Opened
    requests: Sequence[Request]
    kept: Kept
    connections: int = AT_ONCE

    async def measured(self, arena: Arena) -> Sample:
        """One round, in a process that is new."""
        load = Load(self.requests, self.connections, acknowledged=True)
        async with self.opened(arena) as server:
            await arena.loader.run(server.address, load, arena.warming)
            await asyncio.to_thread(caught_up, arena.dataset)
            before = server.usage()
            answers = await arena.loader.run(server.address, load, arena.seconds)
            found = sampled(answers, server, before)
            notes = await asyncio.to_thread(_lag, arena.dataset) if self.kept is LOG else {}
            await asyncio.to_thread(settled, arena.dataset)
        ids = [self.kept.read(each) for each in answers.ids]
        await asyncio.to_thread(all_there, arena.dataset, self.kept.collection, self.kept.field, ids)
        return replace(found, notes=notes)


def behind(dataset: Dataset) -> int:
    """How many commits the slowest read model is behind the log's head."""
    last = _head(dataset)
    slowest = dataset.database["checkpoints"].find_one({}, {"position": 1}, sort=[("position", 1)])
    assert slowest
    return max(0, last - slowest["position"])


def caught_up(dataset: Dataset) -> float:
    """The seconds until all read models stand at the head."""
    began = time.perf_counter()
    while behind(dataset):
        time.sleep(0.02)  # nobody outside of a gateway is told; asked oftener, MongoDB would be slower
    return time.perf_counter() - began


def settled(dataset: Dataset) -> None:
    """Returns when what was still under way at the end of a load is in the read models, too."""
    before = -1
    while (now := _head(dataset)) != before or behind(dataset):
        before = now
        time.sleep(_UNDER_WAY)  # what a client gave up on may still arrive, and nobody tells


def _head(dataset: Dataset) -> int:
    found = dataset.database["events"].find_one({}, {"_id": 1}, sort=[("_id", -1)])
    return found["_id"] if found else 0


def _lag(dataset: Dataset) -> dict[str, float]:
    commits = behind(dataset)
    return {"commits behind at the end": commits, "seconds to catch up": caught_up(dataset)}
