"""The command line: which commands there are, and how each error ends in one sentence."""

import sys
from importlib import import_module
from keyword import iskeyword
from typing import Any, Final

import typer

from gateway.errors import GatewayError

COMMANDS: Final = (
    "serve",
    "watch",
    "status",
    "parked",
    "rebuild",
    "verify",
    "export",
    "import",
    "schema",
    "contract",
)
"""Each is what has its name in the module of that name; where Python keeps it, both end with an underscore."""


def command_line(asked: str | None) -> typer.Typer:
    """The command line with the command that is asked for: what others import is not waited for.

    Where none is asked for, as with --help, it has all of them.
    """
    found = typer.Typer(
        name="tidegate",
        help="A GraphQL gateway that keeps writing and reading apart.",
        callback=_of_several,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for name in (asked,) if asked in COMMANDS else COMMANDS:
        _add(found, name)
    return found


def main() -> None:
    """Run a command. An error of the gateway is one sentence on standard error and exit status 1."""
    try:
        command_line(next(iter(sys.argv[1:]), None))()
    except GatewayError as error:
        print(f"tidegate: {error}", file=sys.stderr)  # noqa: T201 # this is the command line
        sys.exit(1)


def _of_several() -> None:
    """Without it, a command line of one command would not take that command's name."""


def _add(to: typer.Typer, name: str) -> None:
    own = f"{name}_" if iskeyword(name) else name
    command: Any = getattr(import_module(f"gateway.cli.{own}"), own)
    if isinstance(command, typer.Typer):
        to.add_typer(command)
    else:
        to.command(name)(command)
