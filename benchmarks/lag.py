"""How far read models are behind the log: below the rate that the watcher sustains, and above it.

The watcher is a process of its own, as `tidegate watch` is. First it alone builds all five read models of the bank
from a log that is there. Then commits of the same kind come at a share of that rate; they are encoded before and
appended to the log as they are, for a writer that decides them would want the cores that watcher and MongoDB have.
Last, in another database, as many commands as there can be go through a writer, and TIDEGATE_LAG_COMMITS holds them
back.
"""

import argparse
import asyncio
import logging
import statistics
import sys
import tempfile
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncGenerator, Awaitable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from uuid import uuid4

from bank import application
from benchmarks.freshness import movements, opening
from benchmarks.zipf import ACCOUNTS, CUSTOMERS, Filling, fill
from gateway.cli.garbage import begin_collecting
from gateway.errors import CommitUnknown, Unavailable
from gateway.messages import Envelope, Receipt
from gateway.mongo.collections import CHECKPOINTS
from gateway.mongo.embedded import embedded
from gateway.mongo.tasks import end
from gateway.runtime import Services, Store, opened, serving, watching
from gateway.settings import Settings, load_settings
from gateway.web.server import new_event_loop

OPENING = ACCOUNTS + CUSTOMERS
"""Commits at the beginning that open what the others are about: they cost less, and are not counted."""

AT_ONCE = 500
"""Clients that send one command behind the other."""

TICK, SAMPLE = 0.01, 0.1
"""Seconds between two moments at which commits are appended, and the lag is looked at."""


@dataclass(frozen=True, slots=True)
class Sample:
    """How many commits the hindmost read model was behind, so many seconds after the beginning."""

    seconds: float
    lag: int


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asks for."""

    commits: int
    seconds: float
    share: float
    limit: int = 0


@dataclass(frozen=True, slots=True)
class Followed:
    """Commits a second: what the watcher builds alone, what was appended then; and how far it was behind."""

    alone: float
    appended: float
    samples: Sequence[Sample]

    @property
    def growth(self) -> float:
        """How many of the commits that were appended were added to the lag, as a share."""
        seconds, lags = [each.seconds for each in self.samples], [each.lag for each in self.samples]
        return statistics.linear_regression(seconds, lags).slope / self.appended


class Load:
    """Sends commands to one gateway, and knows how far its read models are behind."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._names = [each.name for each in services.model.read_models]
        self.head = 0

    @property
    def lag(self) -> int:
        return self.head - min(map(self._services.positions.reached, self._names))

    async def send(self, command: object) -> None:
        try:
            receipt = await self._services.execute(Envelope(command, uuid4()))
        except (Unavailable, CommitUnknown):  # held back for too long, or the writer was late
            return
        assert isinstance(receipt, Receipt), receipt
        self.head = max(self.head, receipt.position)

    async def built(self) -> None:
        """Returns when every read model has all that was acknowledged."""
        for name in self._names:
            await self._services.positions.wait(name, self.head, 600)

    async def as_fast_as_possible(self, commands: Iterator[object]) -> None:
        async def client() -> None:
            for each in commands:
                await self.send(each)

        await asyncio.gather(*(client() for _ in range(AT_ONCE)))

    async def sampled(self, work: Awaitable[None]) -> list[Sample]:
        """The lag while some work is done."""
        samples: list[Sample] = []
        began = time.monotonic()

        async def sample() -> None:
            while True:
                await asyncio.sleep(SAMPLE)
                samples.append(Sample(time.monotonic() - began, self.lag))

        sampling = asyncio.create_task(sample())
        await work
        await end(sampling)
        return samples


@asynccontextmanager
async def gateway(settings: Settings) -> AsyncGenerator[Load]:
    """A gateway that does not watch."""
    async with (
        opened(application, settings, str(settings.mongodb_uri)) as store,
        serving(store, settings) as services,
    ):
        yield Load(services)


@asynccontextmanager
async def watcher(settings: Settings) -> AsyncGenerator[None]:
    """A watcher in a process of its own, from when its read models can be built."""
    words = [sys.executable, "-m", "benchmarks.lag", "--watch", str(settings.mongodb_uri), settings.database]
    running = await asyncio.create_subprocess_exec(*words, stdin=PIPE, stdout=PIPE)
    assert running.stdin
    assert running.stdout
    await running.stdout.readline()
    try:
        yield
    finally:
        running.stdin.close()
        await running.wait()


async def watch(uri: str, database: str) -> None:
    """Watch until nobody listens any more."""
    settings = load_settings(mongodb_uri=uri, database=database)
    async with opened(application, settings, uri) as store, watching(store, settings):
        begin_collecting()  # as `tidegate watch` does
        print("watching", flush=True)  # noqa: T201 # for who started it
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


async def followed(settings: Settings, wish: Wish) -> Followed:
    """The rate that the watcher sustains alone, and its lag at a share of it."""
    async with opened(application, settings, str(settings.mongodb_uri)) as store:
        filling, following = await fill(store.log, store.model, OPENING + wish.commits), Following(store)
        async with watcher(settings):
            await following.reached(OPENING)
            before, began = await following.position(), time.monotonic()
            await following.reached(filling.head.position)
            alone = (filling.head.position - before) / (time.monotonic() - began)
            samples, appended = await following.sampled(filling, wish.share * alone, wish.seconds)
            return Followed(alone, appended / wish.seconds, samples)


@dataclass(frozen=True, slots=True)
class Following:
    """How far the read models are, as their checkpoints say: nothing else is asked of MongoDB."""

    store: Store

    async def position(self) -> int:
        """That of the hindmost."""
        found = self.store.mongo.database[CHECKPOINTS].find({}, {"position": 1})
        places = [each["position"] async for each in found]
        return min(places) if len(places) >= len(self.store.model.read_models) else 0

    async def reached(self, position: int) -> None:
        while await self.position() < position:  # noqa: ASYNC110 # nothing tells it without a change stream
            await asyncio.sleep(TICK)

    async def sampled(self, filling: Filling, rate: float, seconds: float) -> tuple[list[Sample], int]:
        """The lag while so many commits a second are appended, for so long; and how many were."""
        samples, appended, before = list[Sample](), 0, filling.head.position
        commits = filling.encoded(round(rate * seconds))  # before it begins: that would take a core, too
        begin_collecting()
        began = time.monotonic()
        while (passed := time.monotonic() - began) < seconds:
            due = int(passed * rate)
            if due > appended:
                await filling.append(commits[appended:due])
                appended = due
            if passed > len(samples) * SAMPLE:
                samples.append(Sample(passed, before + appended - await self.position()))
            await asyncio.sleep(TICK)
        return samples, appended


def _say_followed(found: Followed) -> None:
    print(f"the watcher alone: {found.alone:,.0f} commits/s into five read models")  # noqa: T201
    print(f"beside it: {found.appended:,.0f} commits/s appended")  # noqa: T201
    middle = len(found.samples) // 2
    for name, some in (("first half", found.samples[:middle]), ("second half", found.samples[middle:])):
        _say(name, some)
    print(f"the lag grows by {found.growth:.2%} of the commits that are appended")  # noqa: T201


async def above(settings: Settings, seconds: float) -> None:
    """The lag when more is sent than the watcher can build."""
    said = _Said()
    logging.getLogger("gateway.queries.pace").addHandler(said)
    async with gateway(settings) as load, watcher(settings):
        for command, _ in opening():
            await load.send(command)
        await load.built()
        before, began = load.head, time.monotonic()
        commands = (command for command, _ in movements())
        in_time = takewhile(lambda _: time.monotonic() < began + seconds, commands)
        samples = await load.sampled(load.as_fast_as_possible(in_time))
        print(f"as many as can be: {(load.head - before) / (time.monotonic() - began):,.0f} commits/s")  # noqa: T201
    _say(f"with TIDEGATE_LAG_COMMITS={settings.lag_commits}", samples)
    allowed = settings.lag_commits + AT_ONCE + settings.batch_commands
    held = f"the log says {len(said.lines)} times that commands are held back"
    print(f"at most {allowed:,} were to be behind, those under way included; {held}")  # noqa: T201


class _Said(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def _say(name: str, samples: Sequence[Sample]) -> None:
    lags = [each.lag for each in samples]
    print(f"{name}: {statistics.mean(lags):,.0f} commits behind on average, {max(lags):,} at most")  # noqa: T201


async def _measure(wish: Wish) -> None:
    with tempfile.TemporaryDirectory(prefix="tidegate-bench-") as folder:
        async with embedded(Path(folder)) as server:
            free = load_settings(mongodb_uri=server.uri, database="lag_below", audit_days=0, lag_commits=0)
            _say_followed(await followed(free, wish))
            held = free.model_copy(update={"database": "lag_above", "lag_commits": wish.limit})
            await above(held, wish.seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commits", type=int, default=50_000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--share", type=float, default=0.8)
    parser.add_argument("--limit", type=int, default=2_000)
    parser.add_argument("--watch", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        wish = Wish(given.commits, given.seconds, given.share, given.limit)
        runner.run(watch(*given.watch) if given.watch else _measure(wish))


if __name__ == "__main__":
    main()
