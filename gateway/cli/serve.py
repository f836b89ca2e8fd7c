"""`tidegate serve`: the gateway, with the watcher beside it unless that runs elsewhere."""

import gc
from functools import partial
from typing import Annotated

import typer

from gateway.cli.loading import load_application
from gateway.cli.options import App, Database, DataDir, MongodbUri
from gateway.settings import load_settings
from gateway.web.listening import Address

Host = Annotated[str | None, typer.Option(help="The address to listen on.")]
Port = Annotated[int | None, typer.Option(help="The port to listen on; taken, the next free one.")]
Workers = Annotated[int | None, typer.Option(help="How many processes serve, at the same address.")]
Demo = Annotated[bool, typer.Option("--demo", help="Load the demo data into an empty log first.")]
NoWatch = Annotated[bool, typer.Option("--no-watch", help="Leave the watcher to `tidegate watch`.")]
AsWorker = Annotated[str | None, typer.Option(help="What a worker is handed by who starts it.", hidden=True)]


def serve(  # noqa: PLR0913 # each parameter is an option of the command line
    *,
    app: App = None,
    mongodb_uri: MongodbUri = None,
    database: Database = None,
    data_dir: DataDir = None,
    host: Host = None,
    port: Port = None,
    workers: Workers = None,
    demo: Demo = False,
    no_watch: NoWatch = False,
    as_worker: AsWorker = None,
) -> None:
    """Serve the application over GraphQL until it is stopped."""
    settings = load_settings(
        mongodb_uri=mongodb_uri, database=database, data_dir=data_dir, host=host, port=port, workers=workers
    )
    if settings.workers > 1 and as_worker is None:
        from gateway.cli import workers as several  # noqa: PLC0415 # needs nothing of what serves

        several.run(settings, partial(_announce, settings.workers))
        return
    gc.disable()  # until all is there: hardly anything of it is garbage, and looking takes a sixth of the start
    from gateway.cli import serving  # noqa: PLC0415 # the other way round

    wish = serving.Wish(demo=demo, watch=not no_watch, as_worker=as_worker)
    serving.run(load_application(app), settings, wish, partial(_announce, 1))


def _announce(workers: int, address: Address) -> None:
    if address.moved:
        typer.echo(f"Port {address.wanted} is taken: this is the next free one.")
    typer.echo(
        f"Tidegate serves:\n"
        f"  GraphQL      {address.url}/graphql   (in a browser: the playground)\n"
        f"  Health       {address.url}/healthz   {address.url}/readyz   {address.url}/metrics"
    )
    if workers > 1:
        typer.echo(f"  Workers      {workers} processes")
    typer.echo("Ctrl-C ends it.")
