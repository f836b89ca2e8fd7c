"""A process beside the tests that verifies logs in segments: it forks others, as a test's own safely can't.

It has no threads and no event loop, and forks who verifies for each wish.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any

from gateway.application.model import Model
from gateway.application.reading import read
from gateway.errors import Unavailable
from gateway.eventlog.segments import Processes, processes, verify_in
from gateway.eventlog.storage import EventLog
from gateway.eventlog.verification import Noted, Verification, Verified
from gateway.messages import Head
from gateway.mongo.client import connect
from gateway.settings import load_settings
from tests.support.everything import application


@dataclass(frozen=True, slots=True)
class Wish:
    """A log, and how many commits each segment has; `uri` is that of the children, if it is another one."""

    uri: str
    database: str
    segment: int = 2
    noted: tuple[int, str] | None = None
    children: str | None = None


@dataclass(frozen=True, slots=True)
class Walkers:
    """The process that was started, for one wish after the other."""

    process: subprocess.Popen[str]

    def verified(self, wish: Wish) -> Verified:
        self.fork(wish)
        return self.walk()

    def fork(self, wish: Wish) -> tuple[int, list[int]]:
        """The ids of the process that verifies, and of those that walk for it: they wait for `walk`."""
        first, *others = self._asked(asdict(wish))
        return first, others

    def walk(self) -> Verified:
        """What they found. Raises Unavailable."""
        found = self._asked("walk")
        if "unavailable" in found:
            raise Unavailable(found["unavailable"])
        head = Head(found["position"], bytes.fromhex(found["chain"]), datetime.fromisoformat(found["at"]))
        return Verified(head, found["problem"])

    def _asked(self, question: Any) -> Any:
        assert self.process.stdin
        assert self.process.stdout
        print(json.dumps(question), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        assert line, "it has ended"
        return json.loads(line)


@contextmanager
def walkers() -> Generator[Walkers]:
    words = [sys.executable, "-m", "tests.support.walking"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Walkers(process)
        assert process.stdin
        process.stdin.close()


@asynccontextmanager
async def _open(database: str, uri: str) -> AsyncGenerator[tuple[EventLog, Model]]:
    mongo, model = connect(uri, load_settings(database=database)), read(application)
    try:
        yield EventLog(mongo.database, model), model
    finally:
        await mongo.close()


async def _verified(forked: Processes, wish: Wish) -> Verified:
    async with _open(wish.database, wish.uri) as (log, model):
        noted = Noted(wish.noted[0], bytes.fromhex(wish.noted[1])) if wish.noted else None
        verification = Verification(model, noted=noted)
        return await verify_in(forked, wish.children or wish.uri, log, verification, lambda _: None)


def _answer(line: str) -> None:
    wish = Wish(**json.loads(line))
    with processes(partial(_open, wish.database), wish.segment) as forked:
        assert forked, "this machine has one core"
        _say([os.getpid(), *(each.process.pid for each in forked.walkers)])  # a test kills one of them
        sys.stdin.readline()
        try:
            _say(_told(asyncio.run(_verified(forked, wish))))
        except Unavailable as error:
            _say({"unavailable": str(error)})


def _told(found: Verified) -> dict[str, Any]:
    head = found.head
    return {
        "position": head.position,
        "chain": head.chain.hex(),
        "at": head.at.isoformat(),
        "problem": found.problem,
    }


def _say(answer: object) -> None:
    print(json.dumps(answer), flush=True)  # noqa: T201 # for who asked


if __name__ == "__main__":
    for line in sys.stdin:
        if forked := os.fork():
            os.waitpid(forked, 0)
        else:
            _answer(line)
            os._exit(0)
