"""Many commands decided in order, in memory, on one prefix of the log: the commits to insert, and the rest."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gateway.application.model import Digest, Model
from gateway.commands.deciding import Waiting, decide
from gateway.commands.prefix import head_at
from gateway.commands.states import Hot, HotStates
from gateway.commands.tentative import Tentative
from gateway.errors import CommandFailed, CommitTooLarge
from gateway.eventlog.encoding import Draft, Encoded, encode_commit
from gateway.messages import CommandRecord, Head, RecordedEvent


@dataclass(frozen=True, slots=True)
class Candidate:
    """A commit that waits to be inserted, and the states that hold once it is."""

    waiting: Waiting
    encoded: Encoded
    states: dict[str, Hot]

    @property
    def head(self) -> Head:
        return head_at(self.encoded.commit)


@dataclass(frozen=True, slots=True)
class Unproved:
    """A command that changes nothing: rejected, failed, or with neither of them, nothing to do.

    It still has to be proved: it was decided on states that no majority may hold yet, and by a command whose id the
    log may hold already.
    """

    waiting: Waiting
    rejection: object | None = None
    error: Exception | None = None


@dataclass(slots=True)
class Batch:
    """What a round of decisions came to.

    What is in none of its lists found no room: it is for the next round.
    """

    candidates: list[Candidate] = field(default_factory=list[Candidate])
    unproved: list[Unproved] = field(default_factory=list[Unproved])
    aside: list[Waiting] = field(default_factory=list[Waiting])


def clock() -> datetime:
    """The time in whole milliseconds, as MongoDB keeps it."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


@dataclass(frozen=True)
class Decisions:
    """Decides commands one behind the other, each on the states that the ones before it leave."""

    model: Model
    states: HotStates
    batch_bytes: int
    digest: Digest
    clock: Callable[[], datetime] = clock

    def batch(self, waiting: Sequence[Waiting], head: Head, aside: set[str]) -> Batch:
        """The decisions for as many commands as fit and as have their states held; one that fails fails alone.

        `aside` are the streams of those who wait aside, and are more afterwards.
        """
        batch, tentative, size = Batch(), Tentative(self.states, self.digest, aside), 0
        for each in waiting:
            now = max(self.clock(), head.at)
            try:
                held = tentative.of(each)
                if held is None:
                    batch.aside.append(each)
                    continue
                decision = decide(self.model, self.digest, each, held, now)
                if not decision.events:
                    batch.unproved.append(Unproved(each, decision.rejection))
                    continue
                candidate = self._candidate(each, decision.events, held, now, head)
            except (CommandFailed, CommitTooLarge) as error:
                batch.unproved.append(Unproved(each, error=error))
                continue
            batch.candidates.append(candidate)
            tentative.changed.update(candidate.states)
            head, size = candidate.head, size + candidate.encoded.commit.size
            if size >= self.batch_bytes:
                break
        return batch

    def _candidate(
        self, waiting: Waiting, events: tuple[object, ...], held: Mapping[str, Hot], now: datetime, head: Head
    ) -> Candidate:
        envelope = waiting.envelope
        record = CommandRecord(envelope.id, waiting.type.name, waiting.fingerprint, envelope.actor)
        versions = {name: hot.version for name, hot in held.items()}
        numbered: list[tuple[str, int, object]] = []
        for event in events:
            stream = self.model.event_of(event).stream(event)
            versions[stream] += 1
            numbered.append((stream, versions[stream], event))
        encoded = self._encoded(Draft(now, record, tuple(numbered), envelope.correlation, envelope.causation), head)
        return Candidate(waiting, encoded, self._after(waiting, encoded.commit.events, held))

    def _encoded(self, draft: Draft, head: Head) -> Encoded:
        try:
            return encode_commit(self.model, draft, head)
        except CommitTooLarge:
            raise
        except Exception as error:  # a value that no document can hold: 35 digits, 65 bits, a lone surrogate
            raise CommandFailed(f"{draft.command.name} failed; nothing was changed.") from error

    def _after(
        self, waiting: Waiting, events: tuple[RecordedEvent, ...], held: Mapping[str, Hot]
    ) -> dict[str, Hot]:
        states: dict[str, Hot] = {}
        for each in events:
            before = states.get(each.stream) or held[each.stream]
            try:
                states[each.stream] = self.states.after(each.stream, before, [each])
            except Exception as error:
                raise CommandFailed(f"{waiting.type.name} failed; nothing was changed.") from error
        return states
