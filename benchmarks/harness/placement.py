"""Which core is whose, and what machine this is."""

import os
import platform
import shutil
from collections.abc import Generator, Iterable, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Placement:
    """A core for each part; with two cores, everything but the server that is measured shares the second."""

    server: int
    mongodb: int
    load: int
    watcher: int

    def __str__(self) -> str:
        return (
            f"the server that is measured on core {self.server}, MongoDB on {self.mongodb}, "
            f"the load on {self.load}, Tidegate's watcher on {self.watcher}"
        )


def place(cores: Sequence[int]) -> Placement:
    """As far apart as the machine allows."""
    server, mongodb, load, watcher = ([*cores] + [cores[-1]] * 3)[:4]
    return Placement(server, mongodb, load, watcher)


def here() -> Placement:
    """The placement on this machine. Ends the run where processes cannot be given a core."""
    if shutil.which("taskset") is None:
        raise SystemExit("The contestants are given a core each with taskset, which is not here: use Linux.")
    return place(sorted(os.sched_getaffinity(0)))


def on_core(core: int, command: Sequence[str]) -> list[str]:
    """A command that stays on one core, with everything that it starts."""
    return ["taskset", "-c", str(core), *command]


def pinned(core: int) -> AbstractContextManager[None]:
    """This thread, and what it starts meanwhile, on one core."""
    return _on({core})


def everywhere() -> AbstractContextManager[None]:
    """This thread, and what it starts meanwhile, on any core."""
    return _on(range(os.cpu_count() or 1))


@contextmanager
def _on(cores: Iterable[int]) -> Generator[None]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def machine() -> str:
    """This machine in one line: a figure is worth nothing without it."""
    cores, memory = os.cpu_count(), os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return (
        f"{cores} cores of {_processor()}, {memory / 2**30:.0f} GiB, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}"
    )


def busy() -> float:
    """How many processes wanted a core in the last minute: other work on the machine spoils the figures."""
    return os.getloadavg()[0]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
