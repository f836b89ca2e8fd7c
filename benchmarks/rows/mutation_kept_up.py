"""The rate of mutations at which five read models stay within a second."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial

from benchmarks.contestants.servers import mercurius, tidegate_with
from benchmarks.harness.arena import Arena, Contest, Row, contest
from benchmarks.harness.dataset import Dataset
from benchmarks.harness.figures import Goal, Sample
from benchmarks.harness.load import Request
from benchmarks.harness.operations import deposits, keys
from benchmarks.rows.mutating import LOG, MERCURIUS, OURS, SHARED, THEIRS, Mutating
from benchmarks.rows.querying import DISTINCT

_LIMITS = (4_000, 2_000, 1_000, 500, 250, 100)
"""How many commits the read models may be behind before the gateway holds commands back (its `lag_commits`)."""
_WITHIN = 1.0
_LOOK = 0.05


@dataclass
class Lag:
    """The most seconds that the slowest read model was behind, looked at twenty times a second."""

    dataset: Dataset
    most: float = 0.0

    async def watch(self) -> None:
        while True:
            self.most = max(self.most, await asyncio.to_thread(_behind, self.dataset))
            await asyncio.sleep(_LOOK)


@dataclass
class KeptUp:
    """Tidegate, held back so far that its read models stay within a second."""

    requests: list[Request]
    limits: list[int] = field(default_factory=lambda: list(_LIMITS))

    async def measured(self, arena: Arena) -> Sample:
        """With the greatest limit that does it; one that did not in an earlier round is not tried again."""
        while True:
            found = await self._with(arena, self.limits[0])
            if found.notes["most seconds behind"] <= _WITHIN:
                return found
            if len(self.limits) == 1:
                return replace(found, rate=0.0)
            self.limits.pop(0)

    async def _with(self, arena: Arena, limit: int) -> Sample:
        held = partial(tidegate_with, settings={"TIDEGATE_LAG_COMMITS": str(limit)})
        lag = Lag(arena.dataset)
        watching = asyncio.create_task(lag.watch())
        try:
            found = await Mutating(held, self.requests, LOG).measured(arena)
        finally:
            watching.cancel()
        return replace(found, notes={"most seconds behind": lag.most, "most commits behind": limit})


def _behind(dataset: Dataset) -> float:
    """How long ago the first commit was acknowledged that the slowest read model has not got."""
    slowest = dataset.database["checkpoints"].find_one({}, {"position": 1}, sort=[("position", 1)])
    assert slowest
    following = dataset.database["events"].find_one({"_id": slowest["position"] + 1}, {"at": 1})
    return max(0.0, (datetime.now(UTC) - following["at"]).total_seconds()) if following else 0.0


@asynccontextmanager
async def _contest(arena: Arena) -> AsyncGenerator[Contest]:
    ours, theirs = ([each.request for each in deposits(keys(DISTINCT), asked)] for asked in (OURS, THEIRS))
    yield contest(arena, {"Tidegate": KeptUp(ours), "Mercurius": Mutating(mercurius, theirs, MERCURIUS)})


ROW = Row(
    "mutation-kept-up",
    "A mutation, as many as five read models follow within 1 s",
    _contest,
    (Goal("Mercurius", 2.0, missed=SHARED),),
    "The gateway holds commands back where its read models are too far behind. A rate of 0: no limit did it.",
)
