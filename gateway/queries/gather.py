"""Calls of a few ticks of the event loop, answered by one call for all of them."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeAlias, TypeVar

G = TypeVar("G", bound=Hashable)
K = TypeVar("K", bound=Hashable)
R = TypeVar("R")

_Waiting: TypeAlias = dict[K, list[asyncio.Future[R | None]]]


MOST_TICKS = 4
"""For how many ticks at most keys are collected: under load there are new ones in each."""


class Gather(Generic[G, K, R]):
    """Collects the keys that are asked for until a tick brings none, and loads each group of them at once.

    Fields of one level of a query come to their calls within a few ticks of each other. A lone call waits for the
    rest of its tick and the next one. Whoever gives up does not disturb the others.
    """

    def __init__(self, load: Callable[[G, Sequence[K]], Awaitable[Mapping[K, R]]]) -> None:
        self._load = load
        self._groups: dict[G, _Waiting[K, R]] = {}
        self._calls = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def get(self, group: G, key: K) -> R | None:
        """What is loaded for a key; None where nothing was. Raises what loading raised."""
        loop = asyncio.get_running_loop()
        if not self._groups:
            loop.call_soon(self._collect, MOST_TICKS, self._calls)
        self._calls += 1
        answer: asyncio.Future[R | None] = loop.create_future()
        self._groups.setdefault(group, {}).setdefault(key, []).append(answer)
        return await answer

    def _collect(self, ticks: int, calls: int) -> None:
        """Begin, unless there were further calls in this tick and more of them may come in the next one."""
        if ticks > 1 and self._calls != calls:
            asyncio.get_running_loop().call_soon(self._collect, ticks - 1, self._calls)
        else:
            self._begin()

    def _begin(self) -> None:
        groups, self._groups = self._groups, {}
        for group, waiting in groups.items():
            task = asyncio.create_task(self._answer(group, waiting))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer(self, group: G, waiting: _Waiting[K, R]) -> None:
        try:
            found = await self._load(group, list(waiting))
        except BaseException as error:
            _fail(waiting, error)
            if not isinstance(error, Exception):
                raise
            return
        for key, answers in waiting.items():
            for answer in answers:
                if not answer.done():
                    answer.set_result(found.get(key))


def _fail(waiting: _Waiting[K, R], error: BaseException) -> None:
    for answers in waiting.values():
        for answer in answers:
            if answer.done():
                continue
            if isinstance(error, Exception):
                answer.set_exception(error)
            else:
                answer.cancel()
