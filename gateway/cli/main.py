"""The command line: which commands there are, and how each error ends in one sentence."""

import sys

import typer

from gateway.cli import contract, export, import_, parked, rebuild, schema, serve, status, verify, watch
from gateway.errors import GatewayError

app = typer.Typer(
    name="tidegate",
    help="A GraphQL gateway that keeps writing and reading apart.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(serve.serve)
app.command()(watch.watch)
app.command()(status.status)
app.add_typer(parked.app)
app.command()(rebuild.rebuild)
app.command()(verify.verify)
app.command()(export.export)
app.command("import")(import_.import_)
app.command()(schema.schema)
app.command()(contract.contract)


def main() -> None:
    """Run a command. An error of the gateway is one sentence on standard error and exit status 1."""
    try:
        app()
    except GatewayError as error:
        print(f"tidegate: {error}", file=sys.stderr)  # noqa: T201 # this is the command line
        sys.exit(1)
