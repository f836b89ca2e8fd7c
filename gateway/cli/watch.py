"""`tidegate watch`: the watcher alone, for gateways that run with --no-watch."""

import asyncio

import typer

from gateway.application import Application
from gateway.cli.garbage import begin_collecting
from gateway.cli.loading import load_application
from gateway.cli.options import App, Database, DataDir, MongodbUri
from gateway.cli.stopping import until_stopped
from gateway.mongo.address import address
from gateway.runtime import opened, watching
from gateway.settings import Settings, load_settings


def watch(
    app: App = None, mongodb_uri: MongodbUri = None, database: Database = None, data_dir: DataDir = None
) -> None:
    """Follow the log and build the read models until it is stopped."""
    settings = load_settings(mongodb_uri=mongodb_uri, database=database, data_dir=data_dir)
    asyncio.run(_watch(load_application(app), settings))


async def _watch(application: Application, settings: Settings) -> None:
    async with opened(application, settings, address(settings)) as store, watching(store, settings):
        begin_collecting()
        names = ", ".join(each.name for each in store.model.read_models)
        typer.echo(f"Watching the log; builds {names}. Ctrl-C ends it.")
        await until_stopped()
