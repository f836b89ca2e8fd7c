"""The file of an exported log: a first line that says what it is, one commit a line, and a last line that ends it.

    {"tidegate": "log", "version": 1, "log": "…", "from": 1, "to": 2, "previous": "00…", …, "check": "…"}
    {"_id": {"$numberLong": "1"}, "at": …, "events": […], …, "previous": …, "chain": …}
    {"_id": {"$numberLong": "2"}, …}
    {"commits": 2, "position": 2, "chain": "…"}

The chain proves the commits, `check` the first line, and the last line that nothing is missing behind.
"""

import gzip
import hashlib
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO, cast
from uuid import UUID

import orjson

from gateway.errors import FileRefused, LogBroken
from gateway.eventlog.chain import link
from gateway.eventlog.extended import document_of
from gateway.mongo.formats import Format

VERSION = 1
"""The version of the file's form; another one is refused."""

SUFFIX = ".gz"
"""Files with names that end so are compressed."""

_LONGEST_LINE = 1 << 26


@dataclass(frozen=True, slots=True)
class Header:
    """Which log a file is of, and which positions of it; `previous` is the chain value before the first.

    `secret` keys the log's tokens, fingerprints and unique values; it is there only where that was asked for.
    """

    log: UUID
    format: Format
    first: int
    last: int
    previous: bytes
    secret: bytes | None = None

    def line_of(self, position: int) -> int:
        """The number of the line that a position stands in."""
        return position - self.first + 2


def first_line(header: Header) -> bytes:
    """The line of a header, with a digest of itself."""
    fields: dict[str, Any] = {
        "tidegate": "log",
        "version": VERSION,
        "log": str(header.log),
        "format": header.format.number,
        "readable_by": header.format.readable_by,
        "writable_by": header.format.writable_by,
        "from": header.first,
        "to": header.last,
        "previous": header.previous.hex(),
    }
    if header.secret is not None:
        fields["secret"] = header.secret.hex()
    return orjson.dumps(fields | {"check": hashlib.sha256(orjson.dumps(fields)).hexdigest()})


def last_line(header: Header, chain: bytes) -> bytes:
    """The line that ends a file whose last commit has this chain value."""
    commits = header.last - header.first + 1
    return orjson.dumps({"commits": commits, "position": header.last, "chain": chain.hex()})


@contextmanager
def reading(path: Path) -> Generator[tuple[Header, Iterator[bytes]]]:
    """A file's header and the documents of its commits, each found to follow in the chain before it is given.

    Raises FileRefused, with the number of the line, for a file that is not as `export` wrote it.
    """
    with _opened(path) as stream:
        lines = _lines(stream)
        header = _header(_next(lines, 1))
        yield header, _documents(header, lines)


def _opened(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path)) if path.name.endswith(SUFFIX) else path.open("rb")


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    for number in count(1):
        if not (line := _line(stream, number)):
            return
        yield line[:-1]


def _next(lines: Iterator[bytes], number: int) -> bytes:
    if (line := next(lines, None)) is None:
        raise FileRefused(number, "the file ends before it: it was cut off.")
    return line


def _line(stream: BinaryIO, number: int) -> bytes:
    try:
        line = stream.readline(_LONGEST_LINE)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FileRefused(number, f"the compressed file was cut off or changed: {error}.") from None
    if line and not line.endswith(b"\n"):
        raise FileRefused(number, "the file ends within it: it was cut off.")
    return line


def _header(line: bytes) -> Header:
    try:
        found = orjson.loads(line)
        if (found["tidegate"], found["version"]) != ("log", VERSION):
            raise FileRefused(1, f"this release reads version {VERSION} of the form, and no other.")
        header = Header(
            UUID(found["log"]),
            Format(found["format"], found["readable_by"], found["writable_by"]),
            found["from"],
            found["to"],
            bytes.fromhex(found["previous"]),
            bytes.fromhex(found["secret"]) if "secret" in found else None,
        )
    except (ValueError, TypeError, LookupError, AttributeError):
        raise FileRefused(1, "it is not the first line of an exported log.") from None
    if first_line(header) != line:
        raise FileRefused(1, "it was changed.")
    return header


def _documents(header: Header, lines: Iterator[bytes]) -> Iterator[bytes]:
    chain = header.previous
    for position in range(header.first, header.last + 1):
        number = header.line_of(position)
        line = _next(lines, number)
        try:
            document = document_of(line)
            chain, _ = link(document, position - 1, chain)
        except ValueError as error:
            raise FileRefused(number, f"{error}.") from None
        except LogBroken as error:
            raise FileRefused(number, error.reason) from None
        yield document
    number = header.line_of(header.last + 1)
    if _next(lines, number) != last_line(header, chain):
        raise FileRefused(number, "it is not the last line of this file.")
    if next(lines, None) is not None:
        raise FileRefused(number + 1, "the file goes on behind its last line.")
