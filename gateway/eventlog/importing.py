"""Brings an exported file into a database, in two passes: all of it is proved before anything is written.

An import that is interrupted leaves a beginning of the log, which no gateway opens; the same file goes on there.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bson.raw_bson import RawBSONDocument

from gateway.application.model import Model
from gateway.errors import FileRefused, Unavailable, Unsuitable
from gateway.eventlog.chain import chain_of
from gateway.eventlog.portable import Header, reading
from gateway.eventlog.storage import EventLog
from gateway.eventlog.verification import Verification
from gateway.messages import Head
from gateway.mongo.client import Database
from gateway.mongo.identities import adopt, find, release

_COMMITS, _BYTES = 500, 8_000_000
"""What is inserted at once at most."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Progress = Callable[[int], None]


def check(path: Path, model: Model, progress: Progress) -> Header:
    """The header of a file that is whole, and in which `verify` would find nothing wrong; nothing is written.

    Raises FileRefused with the number of the line.
    """
    with reading(path) as (header, documents):
        verification = Verification(model, Head(header.first - 1, header.previous, _EPOCH))
        for each in documents:
            if problem := verification.problem(each):
                raise FileRefused(header.line_of(verification.position + 1), problem)
            progress(verification.position)
    return header


@dataclass(frozen=True, slots=True)
class Import:
    """One file on its way into one database."""

    database: Database
    log: EventLog
    path: Path
    header: Header

    async def fresh(self) -> bool:
        """Whether the database knows nothing of a log yet, so that a secret is wanted.

        Raises Unsuitable where the file does not belong there, FileRefused where it does not follow.
        """
        found, head = await find(self.database), await self.log.head()
        first, last = self.header.first, self.header.last
        if found is None and head.position > 0:
            raise Unsuitable(f"The database {self.database.name} has commits of no known log: drop it first.")
        if found and found.identity.log != self.header.log:
            raise Unsuitable(
                f"The database {self.database.name} holds another log, {found.identity.log}: "
                "drop it first, or name another one."
            )
        if found and not found.importing and head.position != first - 1:
            raise Unsuitable(
                f"This log is there, up to position {head.position}: a file that begins at {first} is not needed."
            )
        if not first - 1 <= head.position <= last:
            raise FileRefused(1, f"it begins at position {first}, and the log ends at {head.position}.")
        if head.position == first - 1 and head.chain != self.header.previous:
            raise FileRefused(1, f"the log has another history up to position {head.position}.")
        return found is None

    async def run(self, secret: bytes | None, progress: Progress) -> None:
        """Insert what is missing. Raises Unavailable and Unsuitable; the same file goes on where that stopped."""
        await adopt(self.database, self.header.log, secret, self.header.format)
        head, position = await self.log.head(), self.header.first - 1
        with reading(self.path) as (_, documents):
            for batch in _batches(documents):
                missing = self._missing(batch, position, head)
                position += len(batch)
                if missing:
                    await self._insert(missing, position)
                progress(position)
        await release(self.database)

    def _missing(self, batch: Sequence[bytes], after: int, head: Head) -> Sequence[bytes]:
        """What of a batch the log does not hold; raises FileRefused where it holds something else."""
        there = head.position - after
        if 1 <= there <= len(batch) and chain_of(batch[there - 1]) != head.chain:
            raise FileRefused(self.header.line_of(head.position), "the log has another commit there.")
        return batch[max(0, there) :]

    async def _insert(self, documents: Sequence[bytes], last: int) -> None:
        appended = await self.log.insert([RawBSONDocument(each) for each in documents])
        if appended.taken:
            at = last - len(documents) + appended.safe + 1
            raise Unsuitable(f"Position {at} was taken: somebody else writes to this log.")
        if appended.unknown:
            raise Unavailable("MongoDB did not confirm what was sent: give the same file again.")


def _batches(documents: Iterable[bytes]) -> Iterator[Sequence[bytes]]:
    batch, size = list[bytes](), 0
    for each in documents:
        batch.append(each)
        size += len(each)
        if len(batch) == _COMMITS or size > _BYTES:
            yield batch
            batch, size = [], 0
    yield batch
