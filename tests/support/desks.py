"""Writers opened by hand on a real MongoDB: what a gateway process has of the write side, and no more."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from pymongo import AsyncMongoClient

from bank import application as bank
from gateway.application import Application
from gateway.application.model import Model
from gateway.application.reading import read
from gateway.commands.snapshots import Snapshots
from gateway.commands.writer import Writer
from gateway.errors import GatewayError
from gateway.eventlog.encoding import Encoded
from gateway.eventlog.storage import Appended, EventLog
from gateway.messages import Commit, Envelope, StreamVersion
from gateway.mongo.client import OPTIONS, Mongo
from gateway.mongo.collections import prepare
from gateway.settings import Settings, load_settings
from gateway.signing import Signer
from tests.support.checking import Sent, check_answers, check_documents
from tests.support.logs import documents

Append = Callable[[Sequence[Encoded]], Awaitable[Appended]]
Step = Callable[[Sequence[Encoded], Append], Awaitable[Appended]]


class SteeredLog(EventLog):
    """The log, but the next appends go the way that a test has laid: one step each."""

    def __init__(self, database: Any, model: Model) -> None:
        super().__init__(database, model)
        self.steps: deque[Step] = deque()
        self.appending = 0

    async def append(self, commits: Sequence[Encoded]) -> Appended:
        self.appending += 1
        if self.steps:
            return await self.steps.popleft()(commits, super().append)
        return await super().append(commits)


@dataclass(frozen=True)
class Opening:
    """How a desk is opened."""

    uri: str
    database: str
    application: Application = bank
    log: type[EventLog] = SteeredLog
    listeners: Sequence[Any] = ()
    retry_writes: bool = True
    settings: Settings = field(default_factory=load_settings)

    def settled(self) -> Settings:
        return self.settings.model_copy(update={"mongodb_uri": self.uri, "database": self.database})


@dataclass(frozen=True)
class Desk:
    """A writer, its log, and the client under them."""

    mongo: Mongo
    model: Model
    log: Any
    writer: Writer
    signer: Signer

    async def send(self, command: object, id_: UUID | None = None, actor: str = "teller") -> Any:
        """The answer. Raises what the writer raises."""
        return await self.writer.execute(Envelope(command, id_ or uuid4(), actor))

    async def guarded(self, command: object, *seen: StreamVersion, id_: UUID | None = None) -> Any:
        """The answer to a command that must find these streams as they were seen."""
        return await self.writer.execute(Envelope(command, id_ or uuid4(), "teller", unchanged=seen))

    async def all(self, commands: Iterable[object]) -> list[Any]:
        """The answers to commands that arrive at once, in this order."""
        return await asyncio.gather(*(self.send(each) for each in commands))

    async def commits(self) -> list[Commit]:
        return await self.log.read(0, 100_000)

    async def check(self, history: Sequence[Sent] = ()) -> list[Commit]:
        """The log, found to be what it must be and to agree with all answers."""
        check_documents(await documents(self.mongo.database))
        commits = await self.commits()
        if history:
            check_answers(self.model, commits, history, self.signer.digest)
        return commits


@asynccontextmanager
async def desk(opening: Opening) -> AsyncGenerator[Desk]:
    """A desk at which commands are taken."""
    settings, model = opening.settled(), read(opening.application)
    mongo = _connected(opening, settings)
    try:
        identity = await prepare(mongo.database)
        log = opening.log(mongo.database, model)
        signer = Signer(identity.secret, identity.log)
        async with (
            Snapshots(mongo.database, model, signer, settings.snapshot_events) as snapshots,
            Writer(model, log, snapshots, signer, settings) as writer,
        ):
            yield Desk(mongo, model, log, writer, signer)
    finally:
        await mongo.close()


def _connected(opening: Opening, settings: Settings) -> Mongo:
    """A client as the gateway's own, but it can be listened to and hears of a new primary within half a second."""
    client = AsyncMongoClient[dict[str, Any]](
        opening.uri,
        tz_aware=True,
        uuidRepresentation="standard",
        retryWrites=opening.retry_writes,
        timeoutMS=round(settings.mongodb_timeout * 1000),
        heartbeatFrequencyMS=500,
        event_listeners=list(opening.listeners),
    )
    return Mongo(client, client.get_database(settings.database, OPTIONS))


async def run(desks: Sequence[Desk], commands: Iterable[object], clients: int = 16) -> list[Sent]:
    """What became of commands that so many clients sent, each one after the other, to the desks in turn."""
    waiting, history = iter(enumerate(commands)), list[Sent]()

    async def client() -> None:
        for number, command in waiting:
            history.append(await sent(desks[number % len(desks)], command, uuid4()))

    await asyncio.gather(*(client() for _ in range(clients)))
    return history


async def sent(at: Desk, command: object, id_: UUID) -> Sent:
    """One command and its answer, an error too, with the times."""
    began = time.monotonic()
    try:
        answer = await at.send(command, id_)
    except GatewayError as error:
        answer = error
    return Sent(command, id_, began, time.monotonic(), answer)


async def until(condition: Callable[[], Awaitable[object]], seconds: float = 20.0) -> None:
    """Returns when it holds; it asks MongoDB again and again. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not await condition():
            pass
