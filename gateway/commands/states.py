"""The states that commands are decided on, kept in memory between commands, exactly at the log's known prefix."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.application.model import Model, StreamKind
from gateway.messages import Commit, RecordedEvent


@dataclass(frozen=True, slots=True)
class Hot:
    """A stream's state, and how many events made it."""

    version: int
    state: Any


class HotStates:
    """The most recently used streams' states; `trim` forgets what is over the limit."""

    def __init__(self, model: Model, limit: int) -> None:
        self._kinds: Mapping[str, StreamKind] = {each.id.category: each for each in model.streams}
        self._hot: OrderedDict[str, Hot] = OrderedDict()
        self._limit = limit

    def __getitem__(self, stream: str) -> Hot:
        return self._hot[stream]

    def missing(self, streams: Iterable[str]) -> list[str]:
        """Those of these streams that must be loaded; the others count as used now."""
        absent: list[str] = []
        for stream in streams:
            if stream in self._hot:
                self._hot.move_to_end(stream)
            else:
                absent.append(stream)
        return absent

    def load(self, stream: str, events: Sequence[RecordedEvent]) -> None:
        """Fold a stream's whole history."""
        self._hot[stream] = self.after(stream, Hot(0, self._kind(stream).initial), events)

    def after(self, stream: str, hot: Hot, events: Iterable[RecordedEvent]) -> Hot:
        """The state after further events of the stream."""
        evolve, state, version = self._kind(stream).evolve, hot.state, hot.version
        for each in events:
            state, version = evolve(state, each.event), each.version
        return Hot(version, state)

    def promote(self, states: Mapping[str, Hot]) -> None:
        """Take over states that a commit of our own has made true."""
        self._hot.update(states)

    def fold(self, commit: Commit) -> None:
        """Take over what another process has committed."""
        for each in commit.events:
            if (hot := self._hot.get(each.stream)) is None:
                continue
            try:
                self._hot[each.stream] = self.after(each.stream, hot, [each])
            except Exception:
                # The application's evolve is at fault: whoever needs this stream next loads it and hears of it.
                del self._hot[each.stream]

    def trim(self) -> None:
        while len(self._hot) > self._limit:
            self._hot.popitem(last=False)

    def clear(self) -> None:
        self._hot.clear()

    def _kind(self, stream: str) -> StreamKind:
        return self._kinds[stream.split("-", maxsplit=1)[0]]
