"""As of when something is asked: a time or a position, and what it comes to."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gateway.application.model import ReadModel
from gateway.errors import BadAsOf, BadCursor, NoHistory, NotYetVisible
from gateway.queries.cursors import Moment, carried
from gateway.queries.freshness import Freshness
from gateway.queries.pages import AsOf, PageRequest
from gateway.queries.past import Past
from gateway.queries.positions import HEARTBEAT, Positions
from gateway.signing import Signer

UNHEARD = 1.0
"""Seconds that a position is waited for which this process has not heard of."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Finds the position that is meant, and waits until the read model can tell how it stood there."""

    past: Past
    positions: Positions
    signer: Signer

    async def of(self, read_model: ReadModel, as_of: AsOf, freshness: Freshness) -> int:
        """The position at which the answer is to stand.

        Raises NoHistory, BadAsOf, and NotYetVisible and ReadModelStopped where the read model has not come so far.
        """
        if not read_model.history:
            raise NoHistory(read_model.many)
        if isinstance(as_of, int):
            await self._passed(read_model.name, as_of, freshness)
            position = as_of
        else:
            await self._over(read_model, as_of, freshness)
            position = await self.past.last_until(read_model, as_of)
            # A commit that is being applied in parts has left its moment already, and not yet all of its views.
            await self.positions.wait(read_model.name, position, freshness.remaining())
        return position

    async def of_page(self, read_model: ReadModel, wanted: PageRequest, freshness: Freshness) -> Moment | None:
        """That of a page: its cursors', if there are any; None for the present. Raises BadCursor, too."""
        if not read_model.history and wanted.as_of is None:
            return None
        given = {"after": wanted.after, "before": wanted.before}
        cursors = {name: carried(self.signer, text) for name, text in given.items() if text is not None}
        for argument, found in cursors.items():
            if found != next(iter(cursors.values())) or not _agree(wanted.as_of, found):
                raise BadCursor(f"`{argument}` is a cursor as of another moment.", (argument,))
        moment = next(iter(cursors.values()), None)
        asked = moment.position if moment else wanted.as_of
        if asked is None:
            return None
        position = await self.of(read_model, asked, freshness)
        return moment or Moment(asked, position)

    async def _passed(self, name: str, position: int, freshness: Freshness) -> None:
        known = max(self.positions.head, self.positions.reached(name), freshness.after)
        if position <= known:
            await self.positions.wait(name, position, freshness.remaining())
            return
        try:
            await self.positions.wait(name, position, min(UNHEARD, freshness.remaining()))
        except NotYetVisible as error:
            raise BadAsOf(f"Position {position} has not come yet; {name} has reached {error.reached}.") from error

    async def _over(self, read_model: ReadModel, moment: datetime, freshness: Freshness) -> None:
        """Returns when no commit of that time is missing: a later one is there, or the log had ended after it."""
        if moment > datetime.now(UTC):
            raise BadAsOf("This moment has not come yet.")
        if await self.past.changed_after(read_model, moment):
            return
        name, known = read_model.name, max(self.positions.head, freshness.after)
        await self.positions.wait(name, known, freshness.remaining())
        lately = datetime.now(UTC) - timedelta(seconds=HEARTBEAT)
        await self.positions.wait_until(name, min(moment, lately), freshness.remaining())


def _agree(as_of: AsOf | None, carried: Moment | None) -> bool:
    """Whether a cursor may go on where this is asked for; it need not be said again."""
    return as_of is None or (carried is not None and as_of in (carried.asked, carried.position))
