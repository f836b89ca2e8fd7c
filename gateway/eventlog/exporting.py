"""Writes a log, or a part of it, into a file: each commit is found to follow in the chain before it is written."""

import gzip
import os
import sys
from collections.abc import Callable, Generator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from gateway.errors import BadInput, HoleInLog, LogBroken
from gateway.eventlog.chain import chain_of, link
from gateway.eventlog.encoding import GENESIS
from gateway.eventlog.extended import line_of
from gateway.eventlog.portable import SUFFIX, Header, first_line, last_line
from gateway.eventlog.storage import EventLog
from gateway.eventlog.walking import walk
from gateway.mongo.identities import Known


async def header_of(log: EventLog, known: Known, first: int, last: int | None) -> Header:
    """What a file with the positions from `first` to `last`, or to the end, begins with; the secret stays out.

    Raises BadInput for positions that the log does not have.
    """
    end = await log.end()
    last = end if last is None else last
    if not (1 <= first <= last + 1 and last <= end):
        raise BadInput(f"The log has the positions 1 to {end}; --from {first} --to {last} are not all among them.")
    previous = GENESIS
    if first > 1:
        before = await log.raw(first - 2, 1)
        previous = chain_of(before[0])
    return Header(known.identity.log, known.format, first, last, previous)


async def export(log: EventLog, header: Header, out: BinaryIO, progress: Callable[[int], None]) -> None:
    """Write what the header promises; `progress` is told each position reached.

    Raises LogBroken at the first commit that does not follow from the one before it: a broken log has no export.
    """
    position, chain = header.first - 1, header.previous
    out.write(first_line(header) + b"\n")
    async with aclosing(walk(log, position, header.last)) as pieces:
        async for documents in pieces:
            for each in documents:
                chain, _ = link(each, position, chain)
                position += 1
                out.write(_line(each, position) + b"\n")
            progress(position)
    if position < header.last:
        raise HoleInLog(position + 1, "the log ends before it.")
    out.write(last_line(header, chain) + b"\n")


def _line(document: bytes, position: int) -> bytes:
    try:
        return line_of(document)
    except ValueError as error:
        raise LogBroken(position, f"{error}.") from None


@contextmanager
def writing(path: Path | None) -> Generator[BinaryIO]:
    """Where an export is written: a file for its owner only, there once all of it is; None is stdout.

    Raises BadInput where it can't be written.
    """
    if path is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    try:
        with _written(path) as out:
            yield out
    except OSError as error:
        raise BadInput(f"{path} can't be written: {error.strerror or error}.") from error


@contextmanager
def _written(path: Path) -> Generator[BinaryIO]:
    if path.exists() and not path.is_file():  # a pipe or a device has nothing to be replaced
        with path.open("wb") as out:
            yield out
    else:
        with _replacing(path) as file, _compressed(file, path) as out:
            yield out


@contextmanager
def _replacing(path: Path) -> Generator[BinaryIO]:
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


@contextmanager
def _compressed(file: BinaryIO, path: Path) -> Generator[BinaryIO]:
    if not path.name.endswith(SUFFIX):
        yield file
        return
    with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=file, mtime=0) as out:
        yield cast(BinaryIO, out)
