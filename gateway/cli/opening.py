"""The log, opened by a command that does one thing with it and ends."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from gateway.application import Application
from gateway.application.model import Model
from gateway.application.reading import read
from gateway.eventlog.storage import EventLog
from gateway.history import with_history
from gateway.mongo.address import mongodb
from gateway.mongo.checks import check
from gateway.mongo.client import Database, connect
from gateway.mongo.embedded import running_uri
from gateway.settings import Settings


@dataclass(frozen=True, slots=True)
class Opened:
    """A database that may hold a log, and what reads it; nothing is made in it."""

    uri: str
    database: Database
    model: Model
    log: EventLog


@asynccontextmanager
async def opened(application: Application, settings: Settings) -> AsyncGenerator[Opened]:
    """The log beside a gateway that runs, or on an embedded MongoDB that ends with this command."""
    model = with_history(read(application))
    running = settings.mongodb_uri or running_uri(settings.data_dir)
    async with mongodb(settings.model_copy(update={"mongodb_uri": running})) as uri:
        mongo = connect(uri, settings)
        try:
            await check(mongo)
            yield Opened(uri, mongo.database, model, EventLog(mongo.database, model))
        finally:
            await mongo.close()
