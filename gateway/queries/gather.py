"""Calls of one tick of the event loop, answered by one call for all of them."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeAlias, TypeVar

G = TypeVar("G", bound=Hashable)
K = TypeVar("K", bound=Hashable)
R = TypeVar("R")

_Waiting: TypeAlias = dict[K, list[asyncio.Future[R | None]]]


class Gather(Generic[G, K, R]):
    """Collects the keys that are asked for in one tick and loads each group of them at once.

    A lone call waits for the rest of its tick and no longer. Whoever gives up does not disturb the others.
    """

    def __init__(self, load: Callable[[G, Sequence[K]], Awaitable[Mapping[K, R]]]) -> None:
        self._load = load
        self._groups: dict[G, _Waiting[K, R]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def get(self, group: G, key: K) -> R | None:
        """What is loaded for a key; None where nothing was. Raises what loading raised."""
        loop = asyncio.get_running_loop()
        if not self._groups:
            loop.call_soon(self._begin)
        answer: asyncio.Future[R | None] = loop.create_future()
        self._groups.setdefault(group, {}).setdefault(key, []).append(answer)
        return await answer

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
