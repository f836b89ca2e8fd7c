"""Read models that have nothing to do rest until there is something, or until something may not have been heard."""

import asyncio
from collections.abc import Callable

import pytest
from pymongo.monitoring import CommandStartedEvent, CommandSucceededEvent

from gateway.mongo.changes import Changes, CommitAdded, Heard, Interrupted
from tests.projections.world import World, history, watching
from tests.support.commands import Listener
from tests.support.desks import until
from tests.support.faults import failing

pytestmark = pytest.mark.anyio


class DeafToCommits(Changes):
    """A change stream that says all but that there is a new commit; `interrupted` is set once it was."""

    interrupted: asyncio.Event

    def listen(self, listener: Callable[[Heard], None]) -> Callable[[], None]:
        def hear(heard: Heard) -> None:
            if isinstance(heard, Interrupted):
                self.interrupted.set()
            if not isinstance(heard, CommitAdded):
                listener(heard)

        return super().listen(hear)


class AtTheEnd(Listener):
    """Notes that the log was read, and that there was nothing behind a position."""

    def __init__(self, position: int) -> None:
        self._position = position
        self._asked: set[int] = set()
        self.seen = asyncio.Event()

    def started(self, event: CommandStartedEvent) -> None:
        if event.command.get("find") == "events" and event.command["filter"] == {"_id": {"$gt": self._position}}:
            self._asked.add(event.request_id)

    def succeeded(self, event: CommandSucceededEvent) -> None:
        if event.request_id in self._asked and not event.reply["cursor"]["firstBatch"]:
            self.seen.set()


async def reached(place: World, position: int) -> bool:
    return all(each.position == position for each in (await place.checkpoints()).values())


async def test_everybody_looks_when_the_change_stream_was_interrupted(
    place: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit that came meanwhile is not heard of again; nor is it looked for of itself, for an hour here."""
    for module in ("running", "watcher"):
        monkeypatch.setattr(f"gateway.projections.{module}.BEAT", 3_600.0)
    DeafToCommits.interrupted = asyncio.Event()
    how = {"errorCode": 286, "namespace": f"{place.opened.database.name}.$cmd.aggregate", "appName": "tidegate"}
    end = AtTheEnd(await place.add(*history(90, 20)))
    async with watching(place, changes=DeafToCommits, listeners=[end]):
        await end.seen.wait()
        last = await place.add(*history(91, 5))
        async with failing(place.uri, ["getMore"], how):
            await DeafToCommits.interrupted.wait()
        await until(lambda: reached(place, last))  # what the test itself hears was interrupted, too
    await place.check()
