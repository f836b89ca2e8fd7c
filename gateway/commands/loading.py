"""Brings states into memory beside the batches: a command whose streams are held never waits for another's."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, Self

from gateway.commands.snapshots import Snapshot, Snapshots
from gateway.commands.states import Hot, HotStates, Meanwhile
from gateway.errors import CommandFailed, LogBroken, Unavailable
from gateway.eventlog.storage import EventLog
from gateway.messages import Commit
from gateway.mongo.tasks import end

_STREAMS = 100
"""So many streams are read at once."""

_PAGE = 250
"""So many versions of a stream are read at once; one that has more is read on by itself."""

_PAUSE = 0.05

_log = logging.getLogger(__name__)

Group = Mapping[str, Meanwhile]


class Loading:
    """While it is entered, the states that are asked for come into the hot states; `arrived` is called then.

    `broken` are the streams whose states can't be had, and why: whoever has answered with that takes it out.
    """

    def __init__(self, log: EventLog, states: HotStates, snapshots: Snapshots, arrived: Callable[[], None]) -> None:
        self._log, self._states, self._snapshots, self._arrived = log, states, snapshots, arrived
        self.broken: dict[str, Exception] = {}
        self._wanted: dict[str, Meanwhile] = {}
        self._up_to = 0
        self._asked = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._start(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        for each in list(self._tasks):
            await end(each)

    def ask(self, streams: Iterable[str], up_to: int) -> None:
        """Have these streams' states loaded as of position `up_to`, the prefix that the hot states know."""
        self._up_to = up_to
        for stream in streams:
            if (meanwhile := self._states.expect(stream)) is not None:
                self._wanted[stream] = meanwhile
                self._asked.set()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
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

    async def _load(self, group: Group) -> None:
        """Every stream of a group arrives, is broken, is read on by itself, or is wanted again."""
        try:
            await self._read(group, await self._snapshots.find(group))
        except Unavailable:
            await asyncio.sleep(_PAUSE)
            self._wanted |= self._expected(group)
        except Exception as error:
            if len(group) == 1:
                self._break(group, error)
                return
            for stream, meanwhile in self._expected(group).items():
                await self._load({stream: meanwhile})

    async def _read(self, group: Group, snapshots: Mapping[str, Snapshot]) -> None:
        """The first page of each stream: behind its snapshot, with the commit behind which that was taken."""
        up_to = self._up_to
        after = {each: snapshots[each].hot.version - 1 if each in snapshots else 0 for each in group}
        found = await self._log.streams(after, up_to, _PAGE)
        doubtful = {each for each, snapshot in snapshots.items() if not _agree(snapshot, found[each])}
        for stream, meanwhile in self._expected(group).items():
            if stream not in doubtful:
                begin = snapshots[stream].hot if stream in snapshots else self._states.initial(stream)
                hot = self._folded(stream, begin, found[stream])
                if hot.version == after[stream] + _PAGE:
                    self._start(self._read_on(stream, meanwhile, hot, up_to))
                else:
                    self._states.arrive(stream, hot)
        if doubtful:
            await self._read({each: group[each] for each in doubtful}, {})

    async def _read_on(self, stream: str, meanwhile: Meanwhile, hot: Hot, up_to: int) -> None:
        while self._states.expects(stream, meanwhile):
            try:
                found = (await self._log.streams({stream: hot.version}, up_to, _PAGE))[stream]
                before, hot = hot, self._folded(stream, hot, found)
                if hot.version < before.version + _PAGE:
                    self._states.arrive(stream, hot)
            except Unavailable:
                await asyncio.sleep(_PAUSE)
            except Exception as error:
                self._break({stream: meanwhile}, error)
        self._arrived()

    def _folded(self, stream: str, hot: Hot, commits: Sequence[Commit]) -> Hot:
        news = [each for commit in commits for each in commit.events if each.stream == stream]
        hot = self._states.after(stream, hot, [each for each in news if each.version > hot.version])
        return self._snapshots.take(stream, hot, commits[-1]) if commits else hot

    def _expected(self, group: Group) -> dict[str, Meanwhile]:
        """Those that are still wanted: not once the writer has given up all its states."""
        return {each: meanwhile for each, meanwhile in group.items() if self._states.expects(each, meanwhile)}

    def _break(self, group: Group, error: Exception) -> None:
        for stream in self._expected(group):
            self._states.give_up(stream)
            self.broken[stream] = error if isinstance(error, LogBroken) else _failed(error)


def _agree(snapshot: Snapshot, commits: Sequence[Commit]) -> bool:
    return bool(commits) and snapshot.is_behind(commits[0])


def _failed(error: Exception) -> CommandFailed:
    return CommandFailed(f"The state of a stream can't be folded: {type(error).__name__}.")
