"""The options that several commands take, described once."""

from pathlib import Path
from typing import Annotated

import typer

App = Annotated[
    str | None,
    typer.Option(help="The application as module:attribute; without it, [tool.tidegate] app in pyproject.toml."),
]
MongodbUri = Annotated[
    str | None, typer.Option(help="A replica set's address; without it, an embedded MongoDB.", show_default=False)
]
Database = Annotated[str | None, typer.Option(help="The database of the log and its read models.")]
DataDir = Annotated[Path | None, typer.Option(help="Where the embedded MongoDB keeps its data.")]
