"""`tidegate verify`: the whole log, proved."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from gateway.application import Application
from gateway.application.model import Model
from gateway.cli.heads import NotedHead, read_head
from gateway.cli.loading import load_application
from gateway.cli.opening import opened
from gateway.cli.options import App, Database, DataDir, MongodbUri
from gateway.cli.progress import bar
from gateway.errors import Unsuitable
from gateway.eventlog.segments import SEGMENT, Processes, processes, verify_in
from gateway.eventlog.storage import EventLog
from gateway.eventlog.verification import Verification, Verified
from gateway.eventlog.verification import verify as walk
from gateway.mongo.identities import known
from gateway.settings import Settings, load_settings

Since = Annotated[
    Path | None,
    typer.Option(help="A file with a head that `tidegate status --head` printed: the log must still lead to it."),
]


def verify(
    *,
    since: Since = None,
    app: App = None,
    mongodb_uri: MongodbUri = None,
    database: Database = None,
    data_dir: DataDir = None,
) -> None:
    """Walk the log and prove its chain, positions, stream versions and events; exit status 1 where it is bad."""
    settings = load_settings(mongodb_uri=mongodb_uri, database=database, data_dir=data_dir)
    noted = read_head(since) if since else None
    application = load_application(app)
    with processes(partial(_open, application, settings)) as walkers:
        found = asyncio.run(_verify(application, settings, noted, walkers))
    if found.problem:
        typer.echo(f"The log is bad from position {found.position} on: {found.problem}", err=True)
        raise typer.Exit(1)
    typer.echo(f"The log is good: position {found.head.position}, chain {found.head.chain.hex()}.")


async def _verify(
    application: Application, settings: Settings, noted: NotedHead | None, walkers: Processes | None
) -> Verified:
    async with opened(application, settings) as here:
        log = (await known(here.database)).identity.log
        if noted and noted.log != log:
            raise Unsuitable(f"This is another log than the one that was noted: {log}, not {noted.log}.")
        verification = Verification(here.model, noted=noted.noted if noted else None)
        with bar("Verifying", 0, end := await here.log.end()) as progress:
            if walkers and end > SEGMENT:
                return await verify_in(walkers, here.uri, here.log, verification, progress)
            return await walk(here.log, verification, progress)


@asynccontextmanager
async def _open(application: Application, settings: Settings, uri: str) -> AsyncGenerator[tuple[EventLog, Model]]:
    async with opened(application, settings.model_copy(update={"mongodb_uri": uri})) as here:
        yield here.log, here.model
