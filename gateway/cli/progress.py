"""The progress bar of a walk over a log: how far it is, how fast, and how long it takes yet."""

from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text


class _Speed(ProgressColumn):
    """Commits a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f} commits/s")


class _Events(ProgressColumn):
    """Events a second, of all events that were read."""

    def render(self, task: Task) -> Text:
        events: int = task.fields["events"]
        return Text(f"{events / task.elapsed:,.0f} events/s" if task.elapsed else "")


@contextmanager
def rebuilding(title: str, last: int) -> Generator[Callable[[int, int], None]]:
    """A bar up to position `last`, on standard error if that is a terminal; it is told positions and events."""
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), _Events(), TimeRemainingColumn(compact=True))
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(title, total=last, events=0)
        yield lambda position, events: progress.update(task, completed=position, events=events)


@contextmanager
def bar(title: str, after: int, last: int) -> Generator[Callable[[int], None]]:
    """A bar from position after + 1 to `last`, on standard error if that is a terminal; it is told positions."""
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), _Speed(), TimeRemainingColumn(compact=True))
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(title, total=last - after)
        yield lambda position: progress.update(task, completed=position - after)
