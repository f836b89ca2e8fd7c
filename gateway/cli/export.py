"""`tidegate export`: the log into a file that is enough to have it again."""

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from gateway.application import Application
from gateway.cli.loading import load_application
from gateway.cli.opening import opened
from gateway.cli.options import App, Database, DataDir, MongodbUri
from gateway.cli.progress import bar
from gateway.eventlog.exporting import export as write
from gateway.eventlog.exporting import header_of, writing
from gateway.eventlog.portable import Header
from gateway.mongo.identities import known
from gateway.settings import Settings, load_settings

File = Annotated[
    str, typer.Argument(help="Where to; - is standard output. A name that ends with .gz is compressed.")
]
From = Annotated[int, typer.Option("--from", help="The first position.", min=1)]
To = Annotated[int | None, typer.Option("--to", help="The last position; without it, the head.", min=0)]
WithSecret = Annotated[
    bool, typer.Option("--with-secret", help="Put the key of tokens, fingerprints and unique values into the file.")
]


@dataclass(frozen=True, slots=True)
class Part:
    """What of the log is wanted."""

    first: int
    last: int | None
    with_secret: bool


def export(  # noqa: PLR0913 # each parameter is an option of the command line
    file: File,
    *,
    first: From = 1,
    last: To = None,
    with_secret: WithSecret = False,
    app: App = None,
    mongodb_uri: MongodbUri = None,
    database: Database = None,
    data_dir: DataDir = None,
) -> None:
    """Write the log as NDJSON: one commit a line, a first line that says what it is, and one that ends it."""
    settings = load_settings(mongodb_uri=mongodb_uri, database=database, data_dir=data_dir)
    path = None if file == "-" else Path(file)
    header = asyncio.run(_export(load_application(app), settings, path, Part(first, last, with_secret)))
    kept = "with its secret" if header.secret else "without its secret (--with-secret)"
    typer.echo(f"Exported positions {header.first} to {header.last} of the log {header.log}, {kept}.", err=True)


async def _export(application: Application, settings: Settings, path: Path | None, part: Part) -> Header:
    async with opened(application, settings) as here:
        log = await known(here.database)
        header = await header_of(here.log, log, part.first, part.last)
        if part.with_secret:
            header = replace(header, secret=log.identity.secret)
        with bar("Exporting", header.first - 1, header.last) as progress, writing(path) as out:
            await write(here.log, header, out, progress)
    return header
