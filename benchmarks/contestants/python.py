"""Contestants of Python that are no packages of ours: each has an environment of its own beside it."""

import subprocess
import sys
from hashlib import sha256
from pathlib import Path

FOLDER = Path(__file__).parent


def program(folder: str, script: str) -> list[str]:
    """How a script of a contestant's folder is started, in an environment with its packages."""
    environment, lock = FOLDER / folder / ".venv", FOLDER / folder / "requirements.txt"
    stamp, wanted = environment / "installed", sha256(lock.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        _install(environment, lock)
        stamp.write_text(wanted)
    return [str(environment / "bin/python"), str(FOLDER / folder / script)]


def _install(environment: Path, lock: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--clear", environment], check=True)
    pip = [environment / "bin/python", "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    if subprocess.run([*pip, "--require-hashes", "--requirement", lock], check=False).returncode != 0:
        raise SystemExit(f"The packages of {lock} could not be installed: see pip's message above.")
