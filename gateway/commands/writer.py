"""The writer: one task a process that takes all waiting commands, decides them in order, and commits them at once.

A commit is inserted at position k + 1 only when k is known to be held by a majority. A successful insert proves
that nothing came in between, so every decision was made on exactly the prefix 1…k, for every stream that it read.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from gateway.application.model import Model
from gateway.commands.aside import Aside
from gateway.commands.batches import Candidate, Decisions, Unproved
from gateway.commands.deciding import Answer, Stale, Waiting, waiting_for
from gateway.commands.loading import Loading
from gateway.commands.prefix import KnownPrefix
from gateway.commands.snapshots import Snapshots
from gateway.commands.stale import conflict
from gateway.commands.states import HotStates
from gateway.commands.turns import Turns
from gateway.errors import (
    CommandFailed,
    CommandIdReused,
    CommitUnknown,
    LogBroken,
    Unavailable,
    UndecodableEvent,
)
from gateway.eventlog.storage import Appended, EventLog
from gateway.messages import Envelope, Receipt
from gateway.mongo.changes import Heard
from gateway.mongo.tasks import end
from gateway.settings import Settings
from gateway.signing import Signer

logger = logging.getLogger(__name__)

_MOST_UNSETTLED = 10_000
"""Of so many commands that were answered with CommitUnknown it is remembered where they may still land."""

_PAUSE = 0.05
_LONGEST_PAUSE = 1.0


class Writer:
    """Answers commands. `async with` it: inside, `execute` may be called from any number of tasks."""

    def __init__(
        self, model: Model, log: EventLog, snapshots: Snapshots, signer: Signer, settings: Settings
    ) -> None:
        self._model, self._log, self._signer, self._settings = model, log, signer, settings
        self._states = HotStates(model, settings.hot_bytes)
        self._prefix = KnownPrefix(log, self._states, self._release)
        self._loading = Loading(log, self._states, snapshots, self._release)
        self._snapshots, self._turns = snapshots, Turns(log.database, self._busy)
        self._decisions = Decisions(model, self._states, settings.batch_bytes, signer.digest)
        self._queue: deque[Waiting] = deque()
        self._aside = Aside()
        self._under_way: dict[UUID, Waiting] = {}
        self._unsettled: dict[UUID, int] = {}
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closing = False

    async def __aenter__(self) -> "Writer":
        await self._loading.__aenter__()
        self._task = asyncio.create_task(self._run(), name="writer")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Finish what was sent to MongoDB; what was not is refused with nothing changed."""
        self._closing = True
        self._woken.set()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=self._settings.mongodb_timeout)
            await end(self._task)
        await self._loading.__aexit__()
        await self._turns.end()
        for each in list(self._under_way.values()):
            each.fail(self._given_up(each))

    @property
    def position(self) -> int:
        """Of the log's head, as far as it is known here."""
        return self._prefix.position

    def hear(self, heard: Heard) -> None:
        """To be told what happens to the log: what other writers ask for."""
        self._turns.hear(heard)

    async def execute(self, envelope: Envelope) -> Answer:
        """The receipt of an accepted command, the domain's rejection, or VersionConflict.

        Raises BadInput, CommandIdReused, CommandFailed, CommitTooLarge, LogBroken and Unavailable, after which
        nothing is changed, and CommitUnknown, which the same command id settles. A caller that is cancelled does
        not cancel its command.
        """
        waiting = waiting_for(self._model, self._signer, envelope)
        running = self._under_way.get(envelope.id)
        if running is None:
            self._accept(waiting)
        elif running.fingerprint != waiting.fingerprint:
            raise CommandIdReused(envelope.id)
        else:
            waiting = running
        answer = await asyncio.shield(waiting.answer)
        return await conflict(self._log, answer) if isinstance(answer, Stale) else answer

    def _accept(self, waiting: Waiting) -> None:
        if self._closing:
            raise Unavailable("The gateway is shutting down; nothing was changed.")
        if (exposed := self._unsettled.pop(waiting.envelope.id, None)) is not None:
            waiting.exposed, waiting.again = exposed, True
        self._under_way[waiting.envelope.id] = waiting
        time_is_up = asyncio.get_running_loop().call_later(
            self._settings.command_timeout, lambda: waiting.fail(self._given_up(waiting))
        )
        waiting.answer.add_done_callback(lambda answer: self._forget(waiting, answer, time_is_up))
        self._queue.append(waiting)
        self._woken.set()

    def _release(self) -> None:
        """States have come, or are to be asked for again: those who wait aside are looked at before all others."""
        self._aside.over = True
        self._woken.set()

    def _forget(self, waiting: Waiting, answer: asyncio.Future[Answer], time_is_up: asyncio.TimerHandle) -> None:
        time_is_up.cancel()
        self._under_way.pop(waiting.envelope.id, None)
        if waiting in self._aside.commands:  # whoever waits behind it need not any more
            self._release()
        if isinstance(answer.exception(), CommitUnknown):  # asked in any case: its caller may be gone
            self._unsettled[waiting.envelope.id] = waiting.exposed
            if len(self._unsettled) > _MOST_UNSETTLED:
                del self._unsettled[next(iter(self._unsettled))]

    def _given_up(self, waiting: Waiting) -> CommitUnknown | Unavailable:
        if waiting.exposed:
            return CommitUnknown(waiting.envelope.id)
        return Unavailable("The log did not take the command in time; nothing was changed.")

    async def _run(self) -> None:
        """Attempt after attempt, however often the log moves or MongoDB fails meanwhile."""
        pause = _PAUSE
        while not self._closing:
            await self._woken.wait()
            self._woken.clear()
            while (self._queue or self._aside.over) and not self._closing:
                behind = await self._turns.wait(self._prefix.position)
                waiting = self._next()
                progress = await self._progress(waiting, behind)
                waiting = [each for each in waiting if not (each.answer.done() or each in self._aside.commands)]
                self._queue.extendleft(reversed(waiting))  # before those that came meanwhile
                self._states.trim(self._aside.needs)
                if progress:
                    pause = _PAUSE
                    continue
                self._prefix.forget()
                if waiting and not self._closing:
                    await asyncio.wait([each.answer for each in waiting], timeout=pause)
                    pause = min(2 * pause, _LONGEST_PAUSE)

    def _busy(self) -> bool:
        return self._aside.over or len(self._under_way) > len(self._aside.commands)

    def _next(self) -> list[Waiting]:
        """The commands of one attempt: who was set aside, then in the order in which they came."""
        if self._aside.over:
            self._queue.extendleft(reversed(self._aside.taken()))
        waiting: list[Waiting] = []
        while self._queue and len(waiting) < self._settings.batch_commands:
            each = self._queue.popleft()
            if not each.answer.done():  # their time may be up by now
                waiting.append(each)
        return waiting

    async def _progress(self, waiting: list[Waiting], behind: bool) -> bool:
        """One attempt, whatever happens in it; False when it is worth a pause before the next one."""
        try:
            return await self._attempt(waiting, behind)
        except Unavailable:
            return False
        except Exception as error:
            # A broken log, or a fault of our own: these commands hear of it, the next ones are tried anew.
            logger.exception("The writer could not go on with %d commands.", len(waiting))
            for each in waiting:
                each.fail(self._failure(each, error))
            self._prefix.forget()
            return True

    def _failure(self, waiting: Waiting, error: Exception) -> Exception:
        if waiting.exposed:
            return CommitUnknown(waiting.envelope.id)
        if isinstance(error, LogBroken):
            return error
        return CommandFailed("The gateway failed; nothing was changed.")

    async def _attempt(self, waiting: list[Waiting], behind: bool) -> bool:
        """One round of deciding and inserting; False when nothing came of it.

        `behind` says that others have committed since the last one.
        """
        if behind:
            await self._prefix.catch_up()
        began = time.monotonic()
        known, head = self._prefix.position, await self._prefix.head()
        waiting = [each for each in waiting if not each.answer.done()]
        broken, self._loading.broken = self._loading.broken, {}
        batch = self._decisions.batch(
            [each for each in waiting if broken.keys().isdisjoint(each.streams)], head, self._aside.streams
        )
        batch.unproved += _failed(waiting, broken)
        self._aside.commands |= dict.fromkeys(batch.aside)
        # Before states are loaded, an idle process looks for news: its head may be old, and every snapshot ahead.
        moved = known and batch.aside and not batch.candidates and await self._prefix.catch_up()
        missing = self._states.missing(dict.fromkeys(stream for each in batch.aside for stream in each.streams))
        self._loading.ask(missing, self._prefix.position)
        if moved:
            return True  # what changes nothing was decided before that
        self._turns.goes(head.position + 1 if batch.candidates else 0)
        appended = await self._append(batch.candidates)
        self._turns.went(time.monotonic() - began, lost=appended.raced)
        if appended.safe == len(batch.candidates):
            await self._prove(batch.unproved)
            return True
        moved = await self._prefix.catch_up()
        if moved and appended.raced:
            return True
        found = await self._replay([each for each in waiting if not each.answer.done()])
        return appended.safe > 0 or moved or found

    async def _append(self, candidates: Sequence[Candidate]) -> Appended:
        """Insert the commits, and answer those that a majority holds."""
        if not candidates:
            return Appended(0)
        before = [each.waiting.exposed for each in candidates]
        for each in candidates:
            each.waiting.exposed = max(each.waiting.exposed, each.encoded.commit.position)
        appended = await self._log.append([each.encoded for each in candidates])
        for each in candidates[: appended.safe]:
            commit, take = each.encoded.commit, self._snapshots.take
            self._prefix.advance(commit, {name: take(name, hot, commit) for name, hot in each.states.items()})
            each.waiting.settle(Receipt(commit.command.id, commit.position, commit.events))
        if not appended.unknown:
            for each, exposed in list(zip(candidates, before, strict=True))[appended.safe :]:
                each.waiting.exposed = exposed
        return appended

    async def _prove(self, unproved: Sequence[Unproved]) -> None:
        """Answer what changes nothing, once a read begun after its arrival finds the log where it was decided.

        A rejection can be a lie: decided before another process's acknowledged deposit, or on a commit that was
        then lost. If the log has moved, nothing is answered here and the round that follows decides again.
        """
        if not unproved or await self._prefix.catch_up():
            return
        await self._replay([each.waiting for each in unproved])
        position = self._prefix.position
        for each in unproved:
            if each.waiting.exposed:
                # An earlier insert of it may still land: whatever is said of it now could turn out false.
                each.waiting.fail(CommitUnknown(each.waiting.envelope.id))
            elif each.error is not None:
                each.waiting.fail(each.error)
            elif each.rejection is not None:
                each.waiting.settle(each.rejection)
            else:
                each.waiting.settle(Receipt(each.waiting.envelope.id, position))

    async def _replay(self, waiting: Sequence[Waiting]) -> bool:
        """Answer those whose command id the log holds already; whether there were any."""
        known = self._prefix.position
        commits = await self._log.commands([each.envelope.id for each in waiting])
        for each in waiting:
            commit = commits.get(each.envelope.id)
            if commit is None:
                # Up to the known head every position is taken, by others: no insert of it can land there any more.
                each.exposed = each.exposed if each.exposed > known else 0
            elif isinstance(commit, UndecodableEvent):
                each.fail(commit)
            elif commit.command.fingerprint != each.fingerprint:
                each.fail(CommandIdReused(each.envelope.id))
            else:
                replayed = each.again or not each.exposed
                each.settle(Receipt(each.envelope.id, commit.position, commit.events, replayed))
        return bool(commits)


def _failed(waiting: Sequence[Waiting], broken: Mapping[str, Exception]) -> Iterator[Unproved]:
    """Those that need a stream which can't be read."""
    for each in waiting:
        if (stream := next((name for name in each.streams if name in broken), None)) is not None:
            yield Unproved(each, error=broken[stream])
