"""One Tidegate a data directory."""

import os
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from gateway.mongo.embedded.failures import folder_in_use, folder_unusable

SECONDS_FOR_A_DEAD_HOLDER = 30.0
LOCKED_BYTE = 1 << 20  # far behind the holder's process id, which others read

if sys.platform == "win32":
    import msvcrt

    def _lock(file: BinaryIO) -> None:
        file.seek(LOCKED_BYTE)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


class DirectoryLock:
    """Holds a data directory until it is closed and every `mongod` under its guard has ended."""

    def __init__(self, folder: Path) -> None:
        """Raises EmbeddedUnavailable when another process holds the folder or it cannot be written."""
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = (folder / "lock").open("a+b")
        except OSError as error:
            raise folder_unusable(folder, error) from error
        self._acquire()
        self._write_holder()

    @property
    def descriptor(self) -> int:
        """To be inherited by a guard: the folder is then held until the guard has ended, too."""
        return self._file.fileno()

    def announce(self, uri: str) -> None:
        """Tells other programs where the running server is; see `running_uri`."""
        (self.folder / "mongodb.uri").write_text(uri)

    def close(self) -> None:
        (self.folder / "mongodb.uri").unlink(missing_ok=True)
        self._file.close()

    def _acquire(self) -> None:
        deadline = time.monotonic() + SECONDS_FOR_A_DEAD_HOLDER
        while not _try_lock(self._file):
            holder = _holder(self._file)
            if _alive(holder) or time.monotonic() > deadline:
                self._file.close()
                raise folder_in_use(self.folder, holder)
            time.sleep(0.02)  # the holder was killed, its mongod is still ending

    def _write_holder(self) -> None:
        self._file.truncate(0)
        self._file.write(str(os.getpid()).encode())
        self._file.flush()


def running_uri(folder: Path) -> str | None:
    """Where the embedded server is that a running Tidegate keeps in this data directory, if one does."""
    with _opened(folder / "lock") as file:
        if file is None or _try_lock(file):
            return None
    path = folder / "mongodb.uri"
    return path.read_text() if path.exists() else None


@contextmanager
def _opened(path: Path) -> Generator[BinaryIO | None]:
    if not path.exists():
        yield None
        return
    with path.open("r+b") as file:
        yield file


def _try_lock(file: BinaryIO) -> bool:
    try:
        _lock(file)
    except OSError:
        return False
    return True


def _holder(file: BinaryIO) -> str:
    file.seek(0)
    return file.read(20).decode(errors="replace")


def _alive(holder: str) -> bool:
    """Windows gives a dead process's locks back at once: there, who holds a lock lives."""
    if sys.platform == "win32":
        return True
    try:
        os.kill(int(holder), 0)
    except (ProcessLookupError, ValueError):  # a holder without a number has only just come, or is going
        return False
    except PermissionError:
        return True
    return True
