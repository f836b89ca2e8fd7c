"""`tidegate contract`: what the log may hold, written down where a test compares it with the code."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.application.contract import EMPTY, compare, load, updated, written
from gateway.application.reading import read
from gateway.cli.loading import load_application
from gateway.cli.options import App
from gateway.errors import ContractBroken

File = Annotated[Path | None, typer.Argument(help="The contract's file, brought up to date; else it is printed.")]


def contract(file: File = None, app: App = None) -> None:
    """Print the contract of the application's events, or add to a file what is new in them."""
    model = read(load_application(app))
    if file is None:
        typer.echo(written(updated(model, EMPTY)), nl=False)
        return
    before = load(file)
    found = compare(model, before)
    if found.broken:
        raise ContractBroken(found.broken)
    file.write_text(written(updated(model, before)), "utf-8")
    typer.echo("\n".join(found.news) or f"{file} is current.")
