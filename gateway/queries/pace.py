"""Back-pressure: commands wait while the read models that they feed are too far behind."""

import asyncio
import logging
from collections.abc import Iterable

from gateway.errors import NotYetVisible, ReadModelNotBuilt, ReadModelStopped, Unavailable
from gateway.queries.positions import Positions

STILL = 2.0
"""Seconds without a move after which a read model is waited for no longer, until it moves again."""

_log = logging.getLogger(__name__)


class Pace:
    """Holds commands back so that no read model is more than `limit` commits behind; with 0, none.

    One that stands still, for whatever reason, holds nobody back: writing does not depend on reading.
    """

    def __init__(self, positions: Positions, read_models: Iterable[str], limit: int, patience: float) -> None:
        self._positions, self._limit, self._patience = positions, limit, patience
        self._read_models = tuple(read_models)
        self._still: dict[str, int] = {}
        self._holding = 0

    async def keep(self, head: int) -> None:
        """Returns when the read models are near enough to `head`. Raises Unavailable when that takes too long."""
        if self._limit == 0 or not (behind := self._behind(head)):
            return
        self._begin(behind, head)
        try:
            async with asyncio.timeout(self._patience):
                for name in behind:
                    await self._reach(name, head - self._limit)
        except TimeoutError:
            far = head - self._positions.reached(behind[0])
            raise Unavailable(
                f"{behind[0]} is {far} commits behind, too far for more; nothing was changed."
            ) from None
        finally:
            self._holding -= 1

    def _behind(self, head: int) -> list[str]:
        reached = [(name, self._positions.reached(name)) for name in self._read_models]
        return [name for name, at in reached if head - at > self._limit and self._still.get(name) != at]

    def _begin(self, behind: list[str], head: int) -> None:
        if self._holding == 0:
            far = head - self._positions.reached(behind[0])
            _log.warning("Commands are held back: %s is %d commits behind.", behind[0], far)
        self._holding += 1

    async def _reach(self, name: str, position: int) -> None:
        while (before := self._positions.reached(name)) < position:
            try:
                await self._positions.wait(name, position, STILL)
            except (NotYetVisible, ReadModelStopped, ReadModelNotBuilt) as error:
                if not isinstance(error, NotYetVisible) or self._positions.reached(name) == before:
                    self._still[name] = before
                    return
