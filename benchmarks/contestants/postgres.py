"""A PostgreSQL of one's own, of the programs that are installed, with its defaults: every commit is on the disk."""

import asyncio
import os
import pwd
import shutil
import subprocess
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.harness.placement import on_core
from benchmarks.harness.processes import free_port

_DEBIAN = Path("/usr/lib/postgresql")
_USER = "postgres"


@asynccontextmanager
async def postgres(folder: Path, core: int) -> AsyncGenerator[int | None]:
    """Its port on this machine; None where the programs are missing, or only root is here, whom it refuses."""
    programs, user = _programs(), _user()
    if programs is None or (os.geteuid() == 0 and user is None):
        yield None
        return
    await asyncio.to_thread(_make, folder, user)
    port, data = free_port(), str(folder / "data")
    control = [*on_core(core, [str(programs / "pg_ctl")]), "--pgdata", data, "--wait", "--silent"]
    options = f"-k {folder} -p {port} -h 127.0.0.1"
    await _run([*control, "init", "--options", f"--auth trust --username {_USER}"], user, folder)
    await _run([*control, "start", "--options", options], user, folder)
    try:
        yield port
    finally:
        await _run([*control, "stop", "--mode", "fast"], user, folder)


def _make(folder: Path, user: str | None) -> None:
    folder.mkdir()
    if user is not None:
        folder.parent.chmod(0o755)
        shutil.chown(folder, user)


def _programs() -> Path | None:
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    return next((each.parent for each in sorted(_DEBIAN.glob("*/bin/initdb"), reverse=True)), None)


def _user() -> str | None:
    """Whom the server runs as, where this is root; else None, which is oneself."""
    if os.geteuid() != 0:
        return None
    return _USER if any(each.pw_name == _USER for each in pwd.getpwall()) else None


async def _run(command: Sequence[str], user: str | None, folder: Path) -> None:
    quiet = subprocess.DEVNULL
    try:
        await asyncio.to_thread(subprocess.run, command, check=True, user=user, cwd=folder, stdout=quiet)
    except subprocess.CalledProcessError:
        raise SystemExit(f"PostgreSQL failed: {' '.join(command)}") from None
