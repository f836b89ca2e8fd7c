"""`tidegate status`: the log's head and how far each read model is."""

import asyncio
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from gateway.application import Application
from gateway.application.reading import read
from gateway.cli.loading import load_application
from gateway.cli.options import App, Database, DataDir, MongodbUri
from gateway.eventlog.storage import EventLog
from gateway.mongo.checkpoints import Checkpoint, checkpoint_of
from gateway.mongo.checks import check
from gateway.mongo.client import answering, collection, connect
from gateway.mongo.collections import CHECKPOINTS
from gateway.runtime import address
from gateway.settings import Settings, load_settings


def status(
    app: App = None, mongodb_uri: MongodbUri = None, database: Database = None, data_dir: DataDir = None
) -> None:
    """Print the head of the log, and each read model's position, lag and condition."""
    settings = load_settings(mongodb_uri=mongodb_uri, database=database, data_dir=data_dir)
    asyncio.run(_print(load_application(app), settings))


async def _print(application: Application, settings: Settings) -> None:
    model = read(application)
    mongo = connect(address(settings), settings)
    try:
        await check(mongo)
        head = await EventLog(mongo.database, model).head()
        with answering():
            documents = await collection(mongo.database, CHECKPOINTS).find({}).to_list(None)
    finally:
        await mongo.close()
    table = Table(title=f"Head of the log: {head.position}", title_justify="left")
    for column in ("read model", "version", "position", "behind", "last at the head", "condition"):
        table.add_column(column)
    for each in sorted(map(checkpoint_of, documents), key=lambda each: (each.read_model, each.version)):
        table.add_row(*_row(each, head.position))
    Console().print(table)


def _row(checkpoint: Checkpoint, head: int) -> tuple[str, ...]:
    seconds = max(0.0, (datetime.now(UTC) - checkpoint.at_head).total_seconds())
    return (
        checkpoint.read_model,
        str(checkpoint.version),
        str(checkpoint.position),
        str(head - checkpoint.position),
        f"{seconds:.1f} s ago",
        checkpoint.stopped or "follows",
    )
