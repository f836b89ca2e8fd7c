"""The checker: is this log what it must be, and do the answers that clients got agree with it?

It shares no code with the writer: it takes the log's bytes and commits as they are at the end, and decides every
command anew on the prefixes of the log.
"""

import hashlib
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Any, cast
from uuid import UUID

from bson import BSON, CodecOptions

from gateway.application.model import CommandType, Digest, Model
from gateway.errors import CommitUnknown, Unavailable
from gateway.messages import Commit, Receipt

_OPTIONS: CodecOptions[dict[str, Any]] = CodecOptions(uuid_representation=4)
_PREVIOUS, _CHAIN = b"\x05previous\0\x20\0\0\0\0", b"\x05chain\0\x20\0\0\0\0"


@dataclass(frozen=True, slots=True)
class Sent:
    """A command as its client saw it: when it was sent, when it was answered (monotonic seconds), and what with."""

    command: object
    id: UUID
    began: float
    ended: float
    answer: object


def check_documents(documents: Sequence[bytes]) -> None:
    """Positions 1, 2, 3, …; versions 1, 2, 3, … in every stream; command ids once; time; the chain."""
    previous, versions, ids, at = bytes(32), Counter[str](), set[UUID](), None
    for expected, document in enumerate(documents, start=1):
        decoded: dict[str, Any] = BSON(document).decode(_OPTIONS)
        assert decoded["_id"] == expected
        assert at is None or decoded["at"] >= at
        assert decoded["command"]["id"] not in ids
        assert decoded["events"]
        for event in decoded["events"]:
            versions[event["stream"]] += 1
            assert event["version"] == versions[event["stream"]], (event["stream"], expected)
        previous, at = _chained(document, previous), decoded["at"]
        ids.add(decoded["command"]["id"])


def _chained(document: bytes, previous: bytes) -> bytes:
    """The chain value of a commit, reckoned from its bytes: what comes before `previous` is what it covers."""
    covered, behind = document[:-92], document[-92:]
    assert behind == _PREVIOUS + previous + _CHAIN + behind[-33:]
    size = (len(covered) + 1).to_bytes(4, "little")
    value = hashlib.sha256(previous + size + covered[4:] + b"\0").digest()
    assert behind[-33:] == value + b"\0"
    return value


class Prefixes:
    """Every stream's state at every position of a log; `digest` is the log's own, for unique values."""

    def __init__(self, model: Model, commits: Iterable[Commit], digest: Digest) -> None:
        self.model, self.digest = model, digest
        self._kinds = {each.id.category: each for each in model.streams}
        self._at: defaultdict[str, list[int]] = defaultdict(list)
        self._states: defaultdict[str, list[Any]] = defaultdict(list)
        for commit in commits:
            for each in commit.events:
                state = self._kind(each.stream).evolve(self.state(each.stream, commit.position), each.event)
                self._at[each.stream].append(commit.position)
                self._states[each.stream].append(state)

    def state(self, stream: str, position: int) -> Any:
        """The stream's state once the commit at `position` is made."""
        made = bisect_right(self._at[stream], position)
        return self._states[stream][made - 1] if made else self._kind(stream).initial

    def _kind(self, stream: str) -> Any:
        return self._kinds[stream.split("-", maxsplit=1)[0]]


def decided(type_: CommandType, command: object, prefixes: Prefixes, position: int, now: datetime) -> object:
    """What the application answers on the prefix up to `position`: a tuple of logged events, or a rejection."""
    states: dict[str, Any] = {}
    for each in sorted(type_.states, key=lambda each: each.follow is not None):
        found = each.follow(**{name: states[name] for name in each.needs}) if each.follow else None
        value = found if each.follow else getattr(command, each.field)
        local = None if value is None else each.kind.id.local(value, prefixes.digest)
        states[each.field] = None if local is None else prefixes.state(each.kind.id.stream(local), position)
    answer = type_.function(command, **states, **({type_.clock: now} if type_.clock else {}))
    if isinstance(answer, type_.rejections):
        return answer
    events = cast("tuple[Any, ...]", answer or ()) if answer is None or isinstance(answer, tuple) else (answer,)
    return tuple(prefixes.model.event_of(each).sealed(each, prefixes.digest) for each in events)


@dataclass(frozen=True)
class Window:
    """In which prefixes of the log a command may have been decided, by the clock alone.

    Not before what was acknowledged when it was sent; not after what was sent when it was answered.
    """

    ends: list[float]
    acknowledged: list[int]
    begins: list[float]
    committed: list[int]

    def of(self, sent: Sent) -> tuple[int, int]:
        earlier = bisect_left(self.ends, sent.began)
        later = bisect_right(self.begins, sent.ended)
        return self.acknowledged[earlier], self.committed[later] - 1


def _window(commits: Sequence[Commit], history: Sequence[Sent]) -> Window:
    began: dict[UUID, float] = {}
    for each in history:
        began[each.id] = min(each.began, began.get(each.id, each.began))
    receipts = sorted((each.ended, each.answer.position) for each in history if isinstance(each.answer, Receipt))
    landed = sorted((began[each.command.id], each.position) for each in commits)
    reached = list(accumulate((position for _, position in receipts), max, initial=0))
    later = list(accumulate((position for _, position in reversed(landed)), min, initial=len(commits) + 1))
    return Window([end for end, _ in receipts], reached, [begin for begin, _ in landed], later[::-1])


def check_answers(model: Model, commits: Sequence[Commit], history: Sequence[Sent], digest: Digest) -> None:
    """Every commit is what its command gives on exactly the prefix before it, and every answer is true."""
    prefixes, window = Prefixes(model, commits, digest), _window(commits, history)
    commands = {each.id: each.command for each in history}
    attempts = Counter(each.id for each in history)
    for commit in commits:
        command = commands[commit.command.id]
        events = tuple(each.event for each in commit.events)
        type_ = model.command_of(command)
        assert decided(type_, command, prefixes, commit.position - 1, commit.at) == events, commit
    landed = {each.command.id: each for each in commits}
    for sent in history:
        _check_answer(model, prefixes, window.of(sent), landed.get(sent.id), sent)
        refused = not isinstance(sent.answer, Receipt | CommitUnknown)
        assert not (refused and attempts[sent.id] == 1 and sent.id in landed), f"refused, but in the log: {sent}"


def _check_answer(
    model: Model, prefixes: Prefixes, window: tuple[int, int], landed: Commit | None, sent: Sent
) -> None:
    match sent.answer:
        case Receipt(events=events) if events:
            _check_receipt(sent.answer, window, landed)
        case CommitUnknown() | Unavailable():
            pass
        case Exception() as error:
            raise AssertionError(f"{sent} failed") from error
        case answer:
            expected = () if isinstance(answer, Receipt) else answer
            type_ = model.command_of(sent.command)
            low, high = window
            found = {str(decided(type_, sent.command, prefixes, each, _ANY_TIME)) for each in range(low, high + 1)}
            assert str(expected) in found, f"{sent} holds on no prefix from {low} to {high}: {found}"
            assert not isinstance(answer, Receipt) or low <= answer.position <= high


_ANY_TIME = datetime(2026, 1, 31)  # noqa: DTZ001 # the bank's refusals do not look at it


def _check_receipt(receipt: Receipt, window: tuple[int, int], landed: Commit | None) -> None:
    low, high = window
    assert landed is not None, f"acknowledged, but not in the log: {receipt}"
    assert (landed.position, landed.events) == (receipt.position, receipt.events)
    assert receipt.position <= high
    assert receipt.replayed or low < receipt.position
