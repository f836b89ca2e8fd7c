"""Brings states into memory beside the batches: a command whose streams are held never waits for another's."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from gateway.commands.snapshots import Snapshot, Snapshots
from gateway.commands.states import Hot, HotStates, Meanwhile
from gateway.errors import CommandFailed, LogBroken, Unavailable
from gateway.eventlog.storage import EventLog
from gateway.mongo.tasks import end

_STREAMS = 100
"""So many streams are read at once."""

_PAGE = 250
"""So many versions of a stream are read at once; one that has more is read on by itself."""

_PAUSE = 0.05


@dataclass(frozen=True, slots=True)
class _Reading:
    """A stream as far as it is read; with `snapshot`, nothing behind that, and the snapshot is not proved yet."""

    stream: str
    meanwhile: Meanwhile
    hot: Hot
    snapshot: Snapshot | None = None

    @property
    def after(self) -> int:
        """Behind which version to read on: the commit behind which a snapshot was taken proves it."""
        return self.hot.version - 1 if self.snapshot else self.hot.version


class Loading:
    """While it is entered, the states that are asked for come into the hot states; `arrived` is called then.

    `broken` are the streams whose states can't be had, and why; the next attempt to answer takes them out.
    """

    def __init__(self, log: EventLog, states: HotStates, snapshots: Snapshots, arrived: Callable[[], None]) -> None:
        self._log, self._states, self._snapshots, self._arrived = log, states, snapshots, arrived
        self.broken: dict[str, Exception] = {}
        self._wanted: dict[str, Meanwhile] = {}
        self._up_to = 0
        self._asked = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    async def __aenter__(self) -> Self:
        self._start(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing = True
        while self._tasks:
            await end(next(iter(self._tasks)))

    def ask(self, streams: Iterable[str], up_to: int) -> None:
        """Have these streams' states loaded as of position `up_to`, the prefix that the hot states know."""
        self._up_to = up_to
        for stream in streams:
            if (meanwhile := self._states.expect(stream)) is not None:
                self._wanted[stream] = meanwhile
                self._asked.set()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        if self._closing:
            work.close()
            return
        task = asyncio.create_task(work, name="loading")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self) -> None:
        while True:
            await self._asked.wait()
            self._asked.clear()
            while self._wanted:
                names = list(self._wanted)[:_STREAMS]
                await self._load({each: self._wanted.pop(each) for each in names})
                self._arrived()

    async def _load(self, group: Mapping[str, Meanwhile]) -> None:
        """Each stream of a group arrives, is broken, is read on by itself, or is wanted again."""
        try:
            snapshots = await self._snapshots.find(group)
            begun = [self._begun(each, meanwhile, snapshots.get(each)) for each, meanwhile in group.items()]
            for each in await self._page(begun, self._up_to):
                self._start(self._read_on(each, self._up_to))
        except Unavailable:
            await asyncio.sleep(_PAUSE)
            self._wanted |= self._expected(group)
        except Exception as error:
            if len(group) == 1:
                self._break(group, error)
                return
            for stream, meanwhile in self._expected(group).items():
                await self._load({stream: meanwhile})

    async def _read_on(self, reading: _Reading, up_to: int) -> None:
        """Read a long stream page by page, to its end."""
        ahead = [reading]
        while ahead:
            try:
                ahead = await self._page(ahead, up_to)
            except Unavailable:
                await asyncio.sleep(_PAUSE)
            except Exception as error:
                self._break({reading.stream: reading.meanwhile}, error)
                ahead = []
        self._arrived()

    async def _page(self, readings: Sequence[_Reading], up_to: int) -> list[_Reading]:
        """Read one page of each stream; those that are not at their end, the others have arrived."""
        found = await self._log.streams({each.stream: each.after for each in readings}, up_to, _PAGE)
        ahead: list[_Reading] = []
        for each in readings:
            commits = found[each.stream]
            if not self._states.expects(each.stream, each.meanwhile):
                continue  # while it was read, the writer gave up all its states
            if each.snapshot and not (commits and each.snapshot.is_behind(commits[0])):
                ahead.append(self._begun(each.stream, each.meanwhile, None))
                continue
            hot = self._states.behind(each.stream, each.hot, commits)
            hot = self._snapshots.take(each.stream, hot, commits[-1]) if commits else hot
            if hot.version >= each.after + _PAGE:
                ahead.append(replace(each, hot=hot, snapshot=None))
            else:
                self._states.arrive(each.stream, hot)
        return ahead

    def _begun(self, stream: str, meanwhile: Meanwhile, snapshot: Snapshot | None) -> _Reading:
        hot = snapshot.hot if snapshot else self._states.initial(stream)
        return _Reading(stream, meanwhile, hot, snapshot)

    def _expected(self, group: Mapping[str, Meanwhile]) -> dict[str, Meanwhile]:
        """Those that are still wanted: not once the writer has given up all its states."""
        return {each: meanwhile for each, meanwhile in group.items() if self._states.expects(each, meanwhile)}

    def _break(self, group: Mapping[str, Meanwhile], error: Exception) -> None:
        for stream in self._expected(group):
            self._states.give_up(stream)
            self.broken[stream] = error if isinstance(error, LogBroken) else _failed(error)


def _failed(error: Exception) -> CommandFailed:
    return CommandFailed(f"The state of a stream can't be folded: {type(error).__name__}.")
