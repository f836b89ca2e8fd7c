"""What a process knows of the log: a prefix that a majority holds, and the hot states exactly at its end."""

from collections.abc import Callable, Mapping

from gateway.commands.states import Hot, HotStates
from gateway.errors import UndecodableEvent
from gateway.eventlog.storage import EventLog
from gateway.messages import Commit, Head

_PAGE, _BYTES = 1_000, 16_000_000
"""A read that brings less has come to the log's end."""

_FAR_BEHIND = 5_000
"""Beyond so many foreign commits it costs less to load what is needed anew than to fold them all."""


class KnownPrefix:
    """The known head and the states there; `forgotten` is called when they are given up.

    Reads raise Unavailable and LogBroken.
    """

    def __init__(self, log: EventLog, states: HotStates, forgotten: Callable[[], None]) -> None:
        self._log, self._states, self._forgotten = log, states, forgotten
        self._head: Head | None = None

    @property
    def position(self) -> int:
        """Of the head, 0 while it is not known."""
        return self._head.position if self._head else 0

    async def head(self) -> Head:
        if self._head is None:
            self._head = await self._log.head()
        return self._head

    def advance(self, commit: Commit, states: Mapping[str, Hot]) -> None:
        """Go on to the next commit, one of our own, which a majority holds now."""
        self._states.promote(states, commit)
        self._head = head_at(commit)

    def forget(self) -> None:
        """Trust nothing in memory: head and states are read anew when they are needed."""
        self._head = None
        self._states.clear()
        self._forgotten()

    async def catch_up(self) -> bool:
        """Fold what others have committed behind the known head; whether there was anything."""
        start = head = await self.head()
        try:
            while news := await self._log.read(head.position, _PAGE, _BYTES):
                for commit in news:
                    self._states.fold(commit)
                head = self._head = head_at(news[-1])
                if head.position - start.position >= _FAR_BEHIND:
                    return await self._jump()
                if len(news) < _PAGE and sum(each.size for each in news) < _BYTES:
                    break
        except UndecodableEvent:
            return await self._jump()
        return head.position > start.position

    async def _jump(self) -> bool:
        """Take the head without folding the way to it; streams are loaded anew when they are needed."""
        self.forget()
        await self.head()
        return True


def head_at(commit: Commit) -> Head:
    return Head(commit.position, commit.chain, commit.at)
