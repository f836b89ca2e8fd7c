"""Walks the log and proves it: chain, positions, times, stream versions, and that every event can be decoded.

What the chain can't show by itself is a tail that was cut off, or a whole history that was written anew by somebody
who computed all chain values again. Both are found against a head that was noted elsewhere.
"""

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bson.errors import BSONError

from gateway.application.model import Model
from gateway.errors import LogBroken
from gateway.eventlog.chain import chain_of, link, place_of
from gateway.eventlog.layouts import Layouts
from gateway.eventlog.storage import EMPTY, EventLog
from gateway.eventlog.versions import Versions
from gateway.eventlog.walking import END, walk
from gateway.messages import Head

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_LATEST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MILLISECOND


@dataclass(frozen=True, slots=True)
class Noted:
    """A head that was written down elsewhere: the log must still lead to it."""

    position: int
    chain: bytes


@dataclass(frozen=True, slots=True)
class Verified:
    """What a walk found: how far the log is good, and what is wrong with the next position."""

    head: Head
    problem: str | None = None

    @property
    def position(self) -> int | None:
        """The first bad position, or None."""
        return self.head.position + 1 if self.problem else None


class Verification:
    """One walk over the commits that follow `start`, in their order, wherever they are read from."""

    def __init__(
        self, model: Model, start: Head = EMPTY, noted: Noted | None = None, versions: Versions | None = None
    ) -> None:
        self._layouts = Layouts(model)
        self.noted = noted
        self.versions = versions or Versions(partial=start.position > 0)
        self._chain, self._time = start.chain, _milliseconds(start)
        self.position = start.position

    @property
    def head(self) -> Head:
        """The last commit that was found good."""
        return Head(self.position, self._chain, _EPOCH + self._time * _MILLISECOND)

    def beginning(self) -> str | None:
        """What is wrong before the first commit is looked at."""
        return self._contradicted(self.position, self._chain)

    def problem(self, document: bytes) -> str | None:
        """What is wrong with the next commit's document; without a fault that commit is the head."""
        try:
            return self._problem(document)
        except LogBroken as error:
            return error.reason
        except (KeyError, TypeError, ValueError, AttributeError, BSONError) as error:
            return f"what stands there is no commit: {error!r}."

    def join(self, start: Head, head: Head, versions: Versions) -> bool:
        """Whether a walk that began at `start` goes on where this one stands; it stands at `head` then."""
        if start != self.head or not self.versions.join(versions):
            return False
        self.position, self._chain, self._time = head.position, head.chain, _milliseconds(head)
        return True

    def missing(self) -> str | None:
        """What is wrong when there is no next commit."""
        if self.noted and self.noted.position > self.position:
            return f"the log ends before it, and had reached {self.noted.position}: its tail is gone."
        return None

    def _problem(self, document: bytes) -> str | None:
        position = self.position + 1
        chain, time = link(document, self.position, self._chain)
        if not self._time <= time <= _LATEST:
            return "its time is before that of the commit before it."
        for stream, version in self._layouts.check(document):
            if not self.versions.follows(stream, version):
                return f"the stream {stream} has version {version} out of order."
        if problem := self._contradicted(position, chain):
            return problem
        self.position, self._chain, self._time = position, chain, time
        return None

    def _contradicted(self, position: int, chain: bytes) -> str | None:
        if self.noted and self.noted.position == position and self.noted.chain != chain:
            return "another history led here than the one that was noted: the log was written anew."
        return None


def head_of(document: bytes, position: int) -> Head:
    """What the document that should be at a position says of itself. Raises LogBroken where it is no commit."""
    found, time = place_of(document, position)
    if not 0 <= time <= _LATEST:
        raise LogBroken(position, "its time is none.")
    return Head(found, chain_of(document), _EPOCH + time * _MILLISECOND)


def _milliseconds(head: Head) -> int:
    return (head.at - _EPOCH) // _MILLISECOND


async def verify(
    log: EventLog, verification: Verification, progress: Callable[[int], None], last: int = END
) -> Verified:
    """Walk the log to its end or to `last`, or to the first bad position; `progress` is told each position reached.

    Raises Unavailable when MongoDB does not answer.
    """
    if problem := verification.beginning():
        return Verified(verification.head, problem)
    end = min(await log.end(), last)
    async with aclosing(walk(log, verification.position, last)) as pieces:
        async for documents in pieces:
            for each in documents:
                if problem := verification.problem(each):
                    return Verified(verification.head, problem)
            progress(verification.position)
    if verification.position < end:
        return Verified(verification.head, "it can't be read, though the log goes on behind it.")
    return Verified(verification.head, verification.missing() if verification.position < last else None)
