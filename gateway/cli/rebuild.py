"""`tidegate rebuild`: read models built anew beside the live ones, compared, and switched to."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from gateway.application import Application
from gateway.cli.loading import load_application
from gateway.cli.opening import opened
from gateway.cli.options import App, Database, DataDir, MongodbUri
from gateway.cli.progress import rebuilding
from gateway.errors import BadInput
from gateway.mongo.client import answering
from gateway.mongo.identities import known
from gateway.projections.rebuild.candidates import Wish
from gateway.projections.rebuild.comparing import Difference
from gateway.projections.rebuild.rebuilding import Rebuilding, Rebuilt
from gateway.settings import Settings, load_settings

_PATIENCE = 30.0
"""Seconds that one operation on MongoDB may take: batches are large here, and nobody waits for them."""

Every = Annotated[bool, typer.Option("--all", help="All read models, also those that have not changed.")]
Only = Annotated[
    list[str] | None, typer.Option(help="This read model, changed or not; may be given several times.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Build and compare, and leave everything as it was.")]
Rollback = Annotated[bool, typer.Option("--rollback", help="Back to what this release was answered from before.")]


def rebuild(  # noqa: PLR0913 # each parameter is an option of the command line
    *,
    every: Every = False,
    only: Only = None,
    dry_run: DryRun = False,
    rollback: Rollback = False,
    app: App = None,
    mongodb_uri: MongodbUri = None,
    database: Database = None,
    data_dir: DataDir = None,
) -> None:
    """Build read models that have changed beside the live ones, compare, and switch; gateways go on meanwhile."""
    if every and only:
        raise BadInput("Give --all or --only, not both.")
    settings = load_settings(mongodb_uri=mongodb_uri, database=database, data_dir=data_dir)
    patient = settings.model_copy(update={"mongodb_timeout": max(_PATIENCE, settings.mongodb_timeout)})
    wish = Wish(tuple(only or ()), every, dry_run, rollback)
    found = asyncio.run(_rebuild(load_application(app), patient, wish))
    if not found:
        typer.echo("Nothing has changed: all is answered from what this release builds. --all rebuilds it anyway.")
        return
    _print(found)


async def _rebuild(application: Application, settings: Settings, wish: Wish) -> list[Rebuilt]:
    async with opened(application, settings) as here:
        identity = (await known(here.database)).identity.log
        with answering(), rebuilding("Rebuilding", await here.log.end()) as progress:
            return await Rebuilding(here.database, here.model, identity, settings, progress).run(wish)


def _print(found: list[Rebuilt]) -> None:
    table = Table(title_justify="left")
    for column in ("read model", "from", "to", "position", "views", "checksum", "differing", "now"):
        table.add_column(column)
    for each in found:
        table.add_row(*_row(each))
    Console().print(table)
    for each in found:
        for difference in each.comparison.shown if each.comparison else ():
            _show(each.candidate.model.name, difference)


def _row(rebuilt: Rebuilt) -> tuple[str, ...]:
    candidate, compared = rebuilt.candidate, rebuilt.comparison
    names = (candidate.model.name, candidate.live.edition if candidate.live else "-", candidate.id)
    now = "live" if rebuilt.switched else f"not live: {rebuilt.reason}"
    if compared is None:
        return (*names, "-", "-", "-", "not compared", now)
    counts = _pair(f"{compared.before.views:,}", f"{compared.after.views:,}")
    checksums = _pair(compared.before.checksum, compared.after.checksum)
    return (*names, f"{compared.position:,}", counts, checksums, f"{compared.differing:,}", now)


def _pair(before: str, after: str) -> str:
    return before if before == after else f"{before} → {after}"


def _show(name: str, difference: Difference) -> None:
    """Both views, field by field where they are not the same."""
    table = Table(title=f"{name} {difference.key}", title_justify="left")
    for column in ("field", "live", "rebuilt"):
        table.add_column(column)
    before, after = difference.before or {}, difference.after or {}
    for field in dict.fromkeys((*before, *after)):
        if before.get(field) != after.get(field) or (field in before) != (field in after):
            table.add_row(field, _value(before, field), _value(after, field))
    Console().print(table)


def _value(view: Mapping[str, Any], field: str) -> str:
    return str(view[field]) if field in view else "-"
