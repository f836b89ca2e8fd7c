"""`tidegate parked`: the keys whose events wait, and what is done about them."""

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from gateway.cli.loading import load_application
from gateway.cli.opening import Opened, opened
from gateway.cli.options import App, Database, DataDir, MongodbUri
from gateway.errors import BadInput, LogBroken, NotRetried
from gateway.mongo.checkpoints import id_of
from gateway.mongo.client import answering
from gateway.mongo.live import Lives
from gateway.mongo.parked import ParkedKey, Place
from gateway.projections.editions import folded_by
from gateway.projections.folding.reach import plan
from gateway.projections.parking.retrying import Retried, Retrying, Skip
from gateway.projections.parking.storage import ParkedStore
from gateway.projections.storage import ViewStore
from gateway.settings import load_settings

T = TypeVar("T")

MOST_LISTED = 1_000

Name = Annotated[str, typer.Argument(metavar="READ_MODEL", help="A read model's name.")]
Key = Annotated[str, typer.Argument(metavar="KEY", help="A parked key, as `tidegate parked list` prints it.")]
OptionalKey = Annotated[str | None, typer.Argument(metavar="[KEY]", help="A parked key; without it, all of them.")]
Event = Annotated[
    str, typer.Argument(metavar="EVENT", help="The event that the key waits for, as `list` prints it: 17.0.")
]
By = Annotated[str | None, typer.Option(help="Who skips it, for the record; without it, the user of this machine.")]

parked = typer.Typer(name="parked", help="The keys whose events could not be applied: list, show, retry, skip.")


@parked.command("list")
def list_(
    app: App = None, mongodb_uri: MongodbUri = None, database: Database = None, data_dir: DataDir = None
) -> None:
    """Print what is parked: each key, the event that it waits for, and what was raised."""
    _run(_Where(app, mongodb_uri, database, data_dir), _list)


@parked.command()
def show(  # noqa: PLR0913 # each parameter is an argument or an option of the command line
    *,
    read_model: Name,
    key: Key,
    app: App = None,
    mongodb_uri: MongodbUri = None,
    database: Database = None,
    data_dir: DataDir = None,
) -> None:
    """Print the event that a key waits for, and the exception with its traceback."""
    _run(_Where(app, mongodb_uri, database, data_dir), lambda here: _show(_retrying(here, read_model), key))


@parked.command()
def retry(  # noqa: PLR0913 # each parameter is an argument or an option of the command line
    *,
    read_model: Name,
    key: OptionalKey = None,
    app: App = None,
    mongodb_uri: MongodbUri = None,
    database: Database = None,
    data_dir: DataDir = None,
) -> None:
    """Apply the events that wait, in their order, with the code as it is now; exit status 1 if some still wait."""
    left = _run(_Where(app, mongodb_uri, database, data_dir), lambda here: _retry(_retrying(here, read_model), key))
    if left:
        raise typer.Exit(1)


@parked.command()
def skip(  # noqa: PLR0913 # each parameter is an argument or an option of the command line
    *,
    read_model: Name,
    key: Key,
    event: Event,
    by: By = None,
    app: App = None,
    mongodb_uri: MongodbUri = None,
    database: Database = None,
    data_dir: DataDir = None,
) -> None:
    """Drop the event that a key waits for, put that on record, and apply the rest."""
    dropped = Skip(_place(event), by or _user())
    left = _run(
        _Where(app, mongodb_uri, database, data_dir),
        lambda here: _skip(_retrying(here, read_model), key, dropped),
    )
    if left:
        raise typer.Exit(1)


class _Where:
    """Which application, on which MongoDB."""

    def __init__(
        self, app: str | None, mongodb_uri: str | None, database: str | None, data_dir: Path | None
    ) -> None:
        self.settings = load_settings(mongodb_uri=mongodb_uri, database=database, data_dir=data_dir)
        self.application = load_application(app)


def _run(where: _Where, act: Callable[[Opened], Awaitable[T]]) -> T:
    async def run() -> T:
        async with opened(where.application, where.settings) as here:
            with answering():
                return await act(replace(here, model=await folded_by(here.model, Lives(here.database))))

    return asyncio.run(run())


async def _list(here: Opened) -> None:
    models = {id_of(each): each.name for each in here.model.read_models}
    store = ParkedStore(here.database)
    found = await store.all([*models], MOST_LISTED)
    if not found:
        typer.echo("Nothing is parked.")
        return
    table = Table(title="Parked keys", title_justify="left")
    for column in ("read model", "key", "waits for", "event", "raised", "at", "waiting"):
        table.add_column(column)
    for each in found:
        waiting = str(await store.waiting(each))
        at = f"{each.at:%Y-%m-%d %H:%M:%S} UTC"
        table.add_row(models[each.of], each.name, str(each.place), each.event, each.error, at, waiting)
    Console().print(table)


async def _show(retrying: Retrying, key: str) -> None:
    parked = await retrying.parked(key)
    typer.echo(f"{parked.of}: the key {key} waits for the event {parked.place}, {parked.event}.")
    typer.echo(f"\n{await _told(retrying, parked)}\n\n{parked.trace.rstrip()}")
    for each in await retrying.store.parked.skipped(parked.of, key):
        typer.echo(f"\nSkipped: {each['event']} at {Place.of(each['place'])}, by {each['by']}, {each['at']}.")


async def _told(retrying: Retrying, parked: ParkedKey) -> str:
    """The event as the log has it, or why it can't be read."""
    try:
        found = await retrying.first(parked)
    except LogBroken as error:
        return str(error)
    return f"{found.event}\nin {found.stream}, version {found.version}, at {found.at}" if found else "It is gone."


async def _retry(retrying: Retrying, key: str | None) -> bool:
    """Whether some are still parked."""
    keys = [key] if key is not None else await retrying.keys()
    if not keys:
        typer.echo("Nothing is parked.")
    return any([await _retried(retrying, each, alone=key is not None) for each in keys])


async def _retried(retrying: Retrying, key: str, *, alone: bool) -> bool:
    """Whether a key is still parked. One of many that can't be retried does not keep the others from it."""
    try:
        return _say(key, await retrying.retry(key))
    except NotRetried as error:
        if alone:
            raise
        typer.echo(str(error))
        return True


async def _skip(retrying: Retrying, key: str, skip: Skip) -> bool:
    retried = await retrying.skip(key, skip)
    typer.echo(f"{key}: the event {skip.place} was skipped by {skip.by}.")
    return _say(key, retried)


def _say(key: str, retried: Retried) -> bool:
    """Whether it is still parked."""
    again = retried.parked
    if again is None:
        typer.echo(f"{key}: parked no longer; {retried.applied} events were gone through.")
    else:
        typer.echo(f"{key}: waits for the event {again.place} ({again.event}), which raised {again.error}.")
    return again is not None


def _retrying(here: Opened, name: str) -> Retrying:
    model = next((each for each in here.model.read_models if each.name == name), None)
    if model is None:
        known = ", ".join(each.name for each in here.model.read_models)
        raise NotRetried(f"There is no read model {name}; there are {known}.")
    return Retrying(here.database, here.log, plan(model), ViewStore(here.database))


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may have no name for who runs it
        raise BadInput("This machine can't tell who skips the event: say it with --by.") from None


def _place(text: str) -> Place:
    position, point, index = text.partition(".")
    if not (position.isdecimal() and position.isascii() and point and index.isdecimal() and index.isascii()):
        raise BadInput(f"{text} is no event: give it as `tidegate parked list` prints it, such as 17.0.")
    return Place(int(position), int(index))
