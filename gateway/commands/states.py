"""The states that commands are decided on, kept in memory between commands, exactly at the log's known prefix."""

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.application.model import Model, StreamKind
from gateway.commands.sizes import size_of
from gateway.messages import Commit, RecordedEvent


@dataclass(frozen=True, slots=True)
class Hot:
    """A stream's state, how many events made it, and behind how many of them a snapshot was last taken."""

    version: int
    state: Any
    kept: int = 0


@dataclass(slots=True)
class _Held:
    """A hot state and the bytes that it took when it was measured, and those that commits have brought since."""

    hot: Hot
    measured: int
    added: int = 0


Meanwhile = list[RecordedEvent]
"""What others commit to a stream while its events are read: to be folded behind them."""

_OVERHEAD = 400
"""The bytes that a stream takes besides its state and its name."""


class HotStates:
    """The most recently used streams' states; `trim` forgets what is over the limit of bytes.

    A stream that is read meanwhile is expected from the moment at which the reading was asked for. So nothing is
    missed between what was read and the prefix that is known when it arrives.
    """

    def __init__(self, model: Model, limit: int) -> None:
        self._kinds: Mapping[str, StreamKind] = {each.id.category: each for each in model.streams}
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._expected: dict[str, Meanwhile] = {}
        self._limit, self.size = limit, 0

    def __getitem__(self, stream: str) -> Hot:
        return self._held[stream].hot

    def missing(self, streams: Iterable[str]) -> list[str]:
        """Those of these streams that must be loaded; the others count as used now."""
        absent: list[str] = []
        for stream in streams:
            if stream in self._held:
                self._held.move_to_end(stream)
            else:
                absent.append(stream)
        return absent

    def expect(self, stream: str) -> Meanwhile | None:
        """Begin to keep what others commit to a stream that is about to be read; None if that has begun before."""
        if stream in self._expected:
            return None
        return self._expected.setdefault(stream, [])

    def expects(self, stream: str, meanwhile: Meanwhile) -> bool:
        """Whether what is being read of a stream is still wanted: not once all states were given up."""
        return self._expected.get(stream) is meanwhile

    def give_up(self, stream: str) -> None:
        """Expect a stream no longer: it can't be read."""
        self._expected.pop(stream, None)

    def arrive(self, stream: str, hot: Hot) -> None:
        """Take over a stream's state as it was read. Raises what the application's `evolve` raises."""
        news = [each for each in self._expected[stream] if each.version > hot.version]
        self._hold(stream, self.after(stream, hot, news), 0)
        del self._expected[stream]

    def initial(self, stream: str) -> Hot:
        """The state of a stream without events."""
        return Hot(0, self._kind(stream).initial)

    def behind(self, stream: str, hot: Hot, commits: Iterable[Commit]) -> Hot:
        """The state behind further commits, of whose events some may be in it already."""
        events = [each for commit in commits for each in commit.events if each.stream == stream]
        return self.after(stream, hot, [each for each in events if each.version > hot.version])

    def after(self, stream: str, hot: Hot, events: Iterable[RecordedEvent]) -> Hot:
        """The state after further events of the stream."""
        evolve, state, version = self._kind(stream).evolve, hot.state, hot.version
        for each in events:
            state, version = evolve(state, each.event), each.version
        return Hot(version, state, hot.kept)

    def promote(self, states: Mapping[str, Hot], commit: Commit) -> None:
        """Take over states that a commit of our own has made true."""
        for stream, hot in states.items():
            self._hold(stream, hot, commit.size)

    def fold(self, commit: Commit) -> None:
        """Take over what another process has committed."""
        for each in commit.events:
            if (meanwhile := self._expected.get(each.stream)) is not None:
                meanwhile.append(each)
            elif (held := self._held.get(each.stream)) is not None:
                self._fold(each, held.hot, commit.size)

    def _fold(self, event: RecordedEvent, hot: Hot, size: int) -> None:
        try:
            self._hold(event.stream, self.after(event.stream, hot, [event]), size)
        except Exception:
            # The application's evolve is at fault: whoever needs this stream next loads it and hears of it.
            self._forget(event.stream)

    def trim(self, needed: Callable[[], Collection[str]]) -> None:
        """Forget the least recently used states beyond the limit, but none that is `needed`."""
        if self.size <= self._limit:
            return
        spared = needed()
        for stream in [each for each in self._held if each not in spared]:
            self._forget(stream)
            if self.size <= self._limit:
                return

    def clear(self) -> None:
        self._held.clear()
        self._expected.clear()
        self.size = 0

    def _hold(self, stream: str, hot: Hot, added: int) -> None:
        """Measured when it is loaded and whenever it may have doubled: to measure takes longer than to fold."""
        held = self._held.get(stream)
        if held is None or held.added + added > held.measured:
            self._forget(stream)
            held = self._held[stream] = _Held(hot, len(stream) + _OVERHEAD + size_of(hot.state))
            self.size += held.measured
        else:
            held.hot, held.added = hot, held.added + added
            self.size += added

    def _forget(self, stream: str) -> None:
        if (held := self._held.pop(stream, None)) is not None:
            self.size -= held.measured + held.added

    def _kind(self, stream: str) -> StreamKind:
        return self._kinds[stream.split("-", maxsplit=1)[0]]
