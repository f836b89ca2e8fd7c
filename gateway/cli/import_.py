"""`tidegate import`: an exported log into an empty database, or behind the part of it that is there."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from gateway.application import Application
from gateway.application.reading import read
from gateway.cli.loading import load_application
from gateway.cli.opening import opened
from gateway.cli.options import App, Database, DataDir, MongodbUri
from gateway.cli.progress import bar
from gateway.errors import Unsuitable
from gateway.eventlog.importing import Import, check
from gateway.eventlog.portable import Header, reading
from gateway.settings import Settings, load_settings

File = Annotated[Path, typer.Argument(help="A file of `tidegate export`.", exists=True, dir_okay=False)]
NewSecret = Annotated[bool, typer.Option("--new-secret", help="Draw a new secret where the file has none.")]

_NO_SECRET = (
    "The file has no secret. With TIDEGATE_SECRET as it was, everything goes on as before. --new-secret draws "
    "another one: then tokens and cursors that were given are not recognised, commands that are sent again are "
    "refused as reused ids, and unique values that are taken can be taken again."
)


def import_(  # noqa: PLR0913 # each parameter is an option of the command line
    file: File,
    *,
    new_secret: NewSecret = False,
    app: App = None,
    mongodb_uri: MongodbUri = None,
    database: Database = None,
    data_dir: DataDir = None,
) -> None:
    """Bring an exported log back: positions, chain and identity. A file that is not whole is refused before."""
    settings = load_settings(mongodb_uri=mongodb_uri, database=database, data_dir=data_dir)
    application = load_application(app)
    header = _checked(file, application)
    asyncio.run(_import(application, settings, file, header, new_secret=new_secret))
    typer.echo(f"Imported positions {header.first} to {header.last} of the log {header.log}.")


def _checked(file: Path, application: Application) -> Header:
    with reading(file) as (header, _):
        pass
    with bar("Checking", header.first - 1, header.last) as progress:
        return check(file, read(application), progress)


async def _import(
    application: Application, settings: Settings, file: Path, header: Header, *, new_secret: bool
) -> None:
    async with opened(application, settings) as here:
        importing = Import(here.database, here.log, file, header)
        kept = header.secret or settings.secret or new_secret
        if await importing.fresh() and not kept:
            raise Unsuitable(_NO_SECRET)
        with bar("Importing", header.first - 1, header.last) as progress:
            await importing.run(header.secret, progress)
