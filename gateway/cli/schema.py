"""`tidegate schema`: the GraphQL schema that the application's signatures mean."""

import typer

from gateway.api.schema import build_schema
from gateway.application.reading import read
from gateway.cli.loading import load_application
from gateway.cli.options import App


def schema(app: App = None) -> None:
    """Print the derived schema; nothing is opened."""
    typer.echo(build_schema(read(load_application(app))).as_str())
