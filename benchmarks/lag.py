"""How far read models are behind the log: below the rate that the watcher sustains, and above it.

The watcher is a process of its own, as `tidegate watch` is; commands go through the writer of this one. First the
watcher alone builds all five read models of the bank from a log that is there. Then commands come at a share of
that rate, and nobody is held back; then as many as there can be, and TIDEGATE_LAG_COMMITS holds them back.
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
from itertools import islice, takewhile
from pathlib import Path
from uuid import uuid4

from bank import application
from benchmarks.freshness import movements, opening
from gateway.errors import CommitUnknown, Unavailable
from gateway.messages import Envelope, Receipt
from gateway.mongo.embedded import embedded
from gateway.mongo.tasks import end
from gateway.runtime import Services, opened, serving, watching
from gateway.settings import Settings, load_settings
from gateway.web.server import new_event_loop

AT_ONCE = 500
"""Clients that send one command behind the other."""

TICK, SAMPLE = 0.005, 0.1
"""Seconds between two moments at which commands are sent, and the lag is looked at."""

DATABASE = "lag"


@dataclass(frozen=True, slots=True)
class Sample:
    """How many commits the hindmost read model was behind, so many seconds after the beginning."""

    seconds: float
    lag: int


class Load:
    """Sends commands to one gateway, and knows how far its read models are behind."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._names = [each.name for each in services.model.read_models]
        self.head = self.unanswered = 0

    @property
    def lag(self) -> int:
        return self.head - min(map(self._services.positions.reached, self._names))

    async def send(self, command: object) -> None:
        try:
            receipt = await self._services.execute(Envelope(command, uuid4()))
        except (Unavailable, CommitUnknown):  # held back for too long, or the writer was late
            self.unanswered += 1
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

    async def at(self, rate: float, seconds: float, commands: Iterator[object]) -> None:
        """So many commands a second, whatever becomes of those before them."""
        began, sent, running = time.monotonic(), 0, set[asyncio.Task[None]]()
        while (passed := time.monotonic() - began) < seconds:
            for each in islice(commands, int(passed * rate) - sent):
                running.add(task := asyncio.create_task(self.send(each)))
                task.add_done_callback(running.discard)
                sent += 1
            await asyncio.sleep(TICK)
        await asyncio.gather(*running)

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
        load = Load(services)
        load.head = await store.log.end()
        yield load


@asynccontextmanager
async def watcher(uri: str) -> AsyncGenerator[None]:
    """A watcher in a process of its own, from when its read models can be built."""
    words = [sys.executable, "-m", "benchmarks.lag", "--watch", uri]
    running = await asyncio.create_subprocess_exec(*words, stdin=PIPE, stdout=PIPE)
    assert running.stdin
    assert running.stdout
    await running.stdout.readline()
    try:
        yield
    finally:
        running.stdin.close()
        await running.wait()


async def watch(uri: str) -> None:
    """Watch until nobody listens any more."""
    settings = load_settings(mongodb_uri=uri, database=DATABASE)
    async with opened(application, settings, uri) as store, watching(store, settings):
        print("watching", flush=True)  # noqa: T201 # for who started it
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


async def sustained(settings: Settings, commits: int) -> float:
    """Commits a second that the watcher builds while it is all that works."""
    async with gateway(settings) as load:
        for command, _ in opening():
            await load.send(command)
        await load.as_fast_as_possible(commands(commits))
        began = time.monotonic()
        async with watcher(str(settings.mongodb_uri)):
            await load.built()
            return load.head / (time.monotonic() - began)


def commands(count: int) -> Iterator[object]:
    return (command for command, _ in islice(movements(), count))


async def below(settings: Settings, rate: float, seconds: float) -> None:
    """The lag at a rate, when nobody is held back."""
    async with gateway(settings) as load, watcher(str(settings.mongodb_uri)):
        await load.built()
        before, began = load.head, time.monotonic()
        samples = await load.sampled(load.at(rate, seconds, commands(sys.maxsize)))
        reached = (load.head - before) / (time.monotonic() - began)
        late = f"{load.unanswered:,} without an answer in time"
        print(f"offered {rate:,.0f} commits/s for {seconds:.0f} s, accepted {reached:,.0f} commits/s, {late}")  # noqa: T201
    slope = statistics.linear_regression([each.seconds for each in samples], [each.lag for each in samples]).slope
    middle = len(samples) // 2
    for name, some in (("first half", samples[:middle]), ("second half", samples[middle:])):
        _say(name, some)
    print(f"the lag grows by {slope:,.1f} commits a second, {slope / rate:.2%} of the rate")  # noqa: T201


async def above(settings: Settings, seconds: float) -> None:
    """The lag when more is sent than the watcher can build."""
    said = _Said()
    logging.getLogger("gateway.queries.pace").addHandler(said)
    async with gateway(settings) as load, watcher(str(settings.mongodb_uri)):
        await load.built()
        before, began = load.head, time.monotonic()
        in_time = takewhile(lambda _: time.monotonic() < began + seconds, commands(sys.maxsize))
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


async def _measure(given: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="tidegate-bench-") as folder:
        async with embedded(Path(folder)) as server:
            free = load_settings(mongodb_uri=server.uri, database=DATABASE, audit_days=0, lag_commits=0)
            rate = await sustained(free, given.commits)
            print(f"the watcher alone: {rate:,.0f} commits/s into five read models")  # noqa: T201
            await below(free, given.share * rate, given.seconds)
            await above(free.model_copy(update={"lag_commits": given.limit}), given.seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commits", type=int, default=50_000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--share", type=float, default=0.8)
    parser.add_argument("--limit", type=int, default=2_000)
    parser.add_argument("--watch", help=argparse.SUPPRESS)
    given = parser.parse_args()
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(watch(given.watch) if given.watch else _measure(given))


if __name__ == "__main__":
    main()
