"""`tidegate serve`: the gateway, with the watcher beside it unless that runs elsewhere."""

import asyncio
import gc
from contextlib import AsyncExitStack, suppress
from typing import Annotated

import typer

from gateway.api.execution import Api
from gateway.api.schema import build_schema
from gateway.application import Application
from gateway.cli.demo import load_demo
from gateway.cli.loading import load_application
from gateway.cli.options import App, Database, DataDir, MongodbUri
from gateway.cli.stopping import on_stop
from gateway.mongo.address import mongodb
from gateway.runtime import Services, Store, opened, serving, watching
from gateway.settings import Settings, load_settings
from gateway.web import server
from gateway.web.app import create_app
from gateway.web.health import Health, read_models_of

Host = Annotated[str | None, typer.Option(help="The address to listen on.")]
Port = Annotated[int | None, typer.Option(help="The port to listen on; taken, the next free one.")]
Demo = Annotated[bool, typer.Option("--demo", help="Load the demo data into an empty log first.")]
NoWatch = Annotated[bool, typer.Option("--no-watch", help="Leave the watcher to `tidegate watch`.")]


def serve(  # noqa: PLR0913 # each parameter is an option of the command line
    *,
    app: App = None,
    mongodb_uri: MongodbUri = None,
    database: Database = None,
    data_dir: DataDir = None,
    host: Host = None,
    port: Port = None,
    demo: Demo = False,
    no_watch: NoWatch = False,
) -> None:
    """Serve the application over GraphQL until it is stopped."""
    settings = load_settings(mongodb_uri=mongodb_uri, database=database, data_dir=data_dir, host=host, port=port)
    application = load_application(app)
    with asyncio.Runner(loop_factory=server.new_event_loop) as runner, suppress(asyncio.CancelledError):
        runner.run(_serve(application, settings, demo=demo, watch=not no_watch))


async def _serve(application: Application, settings: Settings, *, demo: bool, watch: bool) -> None:
    """Everything is opened in order and closed in the opposite one, also when it is stopped half way."""
    task = asyncio.current_task()
    assert task is not None
    on_stop(task.cancel)
    async with AsyncExitStack() as stack:
        uri = await stack.enter_async_context(mongodb(settings))
        store = await stack.enter_async_context(opened(application, settings, uri))
        if watch:
            await stack.enter_async_context(watching(store, settings))
        services = await stack.enter_async_context(serving(store, settings))
        if demo:
            await load_demo(application, store, services)
        app = create_app(Api(build_schema(store.model), services), _health(store, services), settings)
        gc.collect()
        gc.freeze()  # what stays as long as the process need not be looked through with each collection
        await server.serve(app, settings, _announce)


def _health(store: Store, services: Services) -> Health:
    return Health(
        lambda: store.mongo.client.admin.command("ping"),
        lambda: read_models_of(store.model, services.positions),
        services.settings.ready_lag,
    )


def _announce(address: server.Address) -> None:
    if address.moved:
        typer.echo(f"Port {address.wanted} is taken: this is the next free one.")
    typer.echo(
        f"Tidegate serves:\n"
        f"  GraphQL      {address.url}/graphql   (in a browser: the playground)\n"
        f"  Health       {address.url}/healthz   {address.url}/readyz   {address.url}/metrics\n"
        "Ctrl-C ends it."
    )
