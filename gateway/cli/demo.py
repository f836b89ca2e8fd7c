"""Demo data: the application's own commands, through the same writer as everybody's."""

import asyncio
from collections.abc import Sequence
from itertools import islice
from uuid import NAMESPACE_OID, uuid5

import typer
from rich.console import Console
from rich.progress import Progress

from gateway.application import Application
from gateway.messages import Envelope, Receipt
from gateway.runtime import Services, Store

_AT_ONCE = 500


async def load_demo(application: Application, store: Store, services: Services) -> None:
    """Execute the application's demo commands in their order, with a progress bar; only into an empty log."""
    if application.demo is None:
        typer.echo("This application has no demo data.")
        return
    if (await store.log.head()).position > 0:
        return
    commands = list(application.demo())
    accepted = 0
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Demo data", total=len(commands))
        rest = iter(commands)
        while some := list(islice(rest, _AT_ONCE)):
            accepted += await _execute(some, services, offset=int(progress.tasks[0].completed))
            progress.advance(task, len(some))
    await _visible(store, services)
    typer.echo(f"Demo data: {accepted:,} of {len(commands):,} commands were accepted.")


async def _execute(commands: Sequence[object], services: Services, offset: int) -> int:
    """How many of these commands were accepted; they are decided in this order."""
    named = [uuid5(NAMESPACE_OID, f"demo-{offset + number}") for number in range(len(commands))]
    pairs = zip(commands, named, strict=True)
    answers = await asyncio.gather(*(services.execute(Envelope(each, id_, "demo")) for each, id_ in pairs))
    return sum(isinstance(each, Receipt) for each in answers)


async def _visible(store: Store, services: Services) -> None:
    """Returns when every read model shows the demo data, or in a minute: then it will come by and by."""
    head = await store.log.head()
    waits = (services.positions.wait(each.name, head.position, 60.0) for each in store.model.read_models)
    await asyncio.gather(*waits, return_exceptions=True)
