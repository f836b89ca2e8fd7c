"""`tidegate status`: the log's head and how far each read model is."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from gateway.application import Application
from gateway.application.reading import read
from gateway.cli.heads import line_of
from gateway.cli.loading import load_application
from gateway.cli.opening import opened
from gateway.cli.options import App, Database, DataDir, MongodbUri
from gateway.eventlog.storage import EventLog
from gateway.mongo.address import address
from gateway.mongo.checkpoints import Checkpoint, checkpoint_of
from gateway.mongo.checks import check
from gateway.mongo.client import answering, collection, connect
from gateway.mongo.collections import CHECKPOINTS
from gateway.mongo.identities import known
from gateway.mongo.live import Live, Lives
from gateway.settings import Settings, load_settings

Head = Annotated[
    bool, typer.Option("--head", help="Print the head alone, as one line of JSON to be kept for `verify --since`.")
]


def status(
    *,
    head: Head = False,
    app: App = None,
    mongodb_uri: MongodbUri = None,
    database: Database = None,
    data_dir: DataDir = None,
) -> None:
    """Print the head of the log, and each read model's position, lag and condition."""
    settings = load_settings(mongodb_uri=mongodb_uri, database=database, data_dir=data_dir)
    application = load_application(app)
    asyncio.run(_print_head(application, settings) if head else _print(application, settings))


async def _print_head(application: Application, settings: Settings) -> None:
    async with opened(application, settings) as here:
        log = (await known(here.database)).identity.log
        typer.echo(line_of(log, await here.log.head()))


async def _print(application: Application, settings: Settings) -> None:
    model = read(application)
    mongo = connect(address(settings), settings)
    try:
        await check(mongo)
        head = await EventLog(mongo.database, model).head()
        with answering():
            documents = await collection(mongo.database, CHECKPOINTS).find({}).to_list(None)
            lives = await Lives(mongo.database).all()
    finally:
        await mongo.close()
    table = Table(title=f"Head of the log: {head.position}", title_justify="left")
    for column in ("read model", "version", "position", "behind", "last at the head", "condition"):
        table.add_column(column)
    for each in sorted(map(checkpoint_of, documents), key=lambda each: (each.read_model, each.version, each.id)):
        table.add_row(*_row(each, head.position, lives.get(each.read_model)))
    Console().print(table)


def _row(checkpoint: Checkpoint, head: int, live: Live | None) -> tuple[str, ...]:
    seconds = max(0.0, (datetime.now(UTC) - checkpoint.at_head).total_seconds())
    return (
        checkpoint.read_model,
        str(checkpoint.version),
        str(checkpoint.position),
        str(head - checkpoint.position),
        f"{seconds:.1f} s ago",
        (checkpoint.stopped or _part(checkpoint, live)) + _parked(checkpoint),
    )


def _part(checkpoint: Checkpoint, live: Live | None) -> str:
    """What an edition is there for."""
    if live is None or live.edition == checkpoint.id:
        return "follows"
    return (
        "kept for a rollback" if checkpoint.id in live.past else f"{checkpoint.id} is built beside {live.edition}"
    )


def _parked(checkpoint: Checkpoint) -> str:
    return f", {checkpoint.parked.count} parked" if checkpoint.parked else ""
