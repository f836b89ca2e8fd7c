"""Where contestants meet: one MongoDB with the same data for all, and the cores that they run on."""

import asyncio
import os
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from benchmarks.harness import dataset
from benchmarks.harness.dataset import Dataset
from benchmarks.harness.figures import Goal, Sample
from benchmarks.harness.load import Loader
from benchmarks.harness.placement import Placement, here, pinned
from benchmarks.harness.plots import Curve
from gateway.mongo.embedded import EmbeddedOptions, embedded

DATABASE = "bench"

CACHE_GIGABYTES = 2.0
"""Of MongoDB's memory: enough for all that a row writes, as a server has it."""


@dataclass(frozen=True, slots=True)
class Arena:
    """What a row is given: the database is filled, everything has its core; `seconds` is how long a round lasts."""

    uri: str
    placement: Placement
    loader: Loader
    dataset: Dataset
    seconds: float

    @property
    def warming(self) -> float:
        """Seconds of load before those that count."""
        return max(1.0, self.seconds / 3)

    def environment(self, database: str = DATABASE) -> dict[str, str]:
        """How a contestant is told where its data is."""
        ours = {"TIDEGATE_MONGODB_URI": self.uri, "TIDEGATE_DATABASE": database}
        return {"MONGODB_URI": self.uri, "DATABASE": database, **ours}


Contest = Mapping[str, Callable[[], Awaitable[Sample]]]
"""What each contestant does in one round."""


class Contestant(Protocol):
    """Whoever can be measured."""

    async def measured(self, arena: Arena) -> Sample: ...


def contest(arena: Arena, contestants: Mapping[str, Contestant]) -> Contest:
    """These are measured, each once in every round."""
    return {name: partial(each.measured, arena) for name, each in contestants.items()}


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table: the same work by several contestants, and what is wanted of ours.

    `contest` prepares what all rounds share and cleans up behind them. `notes` are sentences for the report;
    with a `curve`, it is drawn.
    """

    name: str
    title: str
    contest: Callable[[Arena], AbstractAsyncContextManager[Contest]]
    goals: tuple[Goal, ...] = ()
    notes: str = ""
    curve: Curve | None = None


@asynccontextmanager
async def arena(seconds: float) -> AsyncGenerator[Arena]:
    """An embedded MongoDB on its core, with the bank in it; the harness itself stays on the load's core."""
    placement = here()
    with tempfile.TemporaryDirectory(prefix="tidegate-bench-") as folder:
        with pinned(placement.mongodb):
            opening = embedded(Path(folder), EmbeddedOptions(cache_gigabytes=CACHE_GIGABYTES))
            server = await opening.__aenter__()
        try:
            await dataset.prepare(server.uri, DATABASE)
            os.sched_setaffinity(0, {placement.load})
            data = await asyncio.to_thread(Dataset, server.uri, DATABASE)
            yield Arena(server.uri, placement, Loader(placement.load, Path(folder)), data, seconds)
            data.close()
        finally:
            await opening.__aexit__(None, None, None)
