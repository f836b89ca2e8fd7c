"""One subscriber's inbox, and what its reader makes of a batch: each alone sees that something is missing."""

import asyncio
from dataclasses import replace

import pytest

from gateway.errors import LogBroken
from gateway.eventlog.storage import EventLog
from gateway.feeds.inbox import Batch, Inbox
from gateway.feeds.readers import LogReader, StreamReader
from gateway.messages import RecordedEvent
from tests.feeds.notes import NOON, Notebook, Noted, NoteId, place

pytestmark = pytest.mark.anyio

EVENT = RecordedEvent(1, 0, NOON, "note-a", 1, "me", Noted(NoteId("a"), "text"))


def batch(*positions: int) -> Batch:
    """One event of the stream at each position; its versions are the positions."""
    events = tuple(replace(EVENT, position=each, version=each) for each in positions)
    return Batch(positions[0], positions[-1], events)


def positions(events: list[RecordedEvent] | None) -> list[int] | None:
    return None if events is None else [event.position for event in events]


async def test_an_inbox_gives_what_was_put_in_since_it_was_opened() -> None:
    inbox = Inbox(None, None, room=10)
    inbox.put(batch(1))
    assert inbox.open(since=1)
    inbox.put(batch(2, 3))
    assert await inbox.get() == batch(2, 3)
    waiting = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    inbox.put(batch(4))
    assert await waiting == batch(4)


async def test_a_full_inbox_holds_nothing_and_says_so_until_it_is_opened_again() -> None:
    inbox = Inbox(None, None, room=3)
    inbox.open(since=0)
    inbox.put(batch(1, 2))
    inbox.put(batch(3, 4))
    inbox.put(batch(5))
    assert await inbox.get() is None
    assert inbox.open(since=5)
    inbox.put(batch(6))
    assert await inbox.get() == batch(6)


async def test_an_inbox_that_is_emptied_in_time_is_never_full() -> None:
    inbox = Inbox(None, None, room=3)
    inbox.open(since=0)
    for position in range(1, 100, 2):
        inbox.put(batch(position, position + 1))
        assert await inbox.get() == batch(position, position + 1)


async def test_a_closed_inbox_is_not_opened_and_tells_why() -> None:
    inbox = Inbox(None, None, room=3)
    inbox.open(since=0)
    inbox.close()
    assert await inbox.get() is None
    assert not inbox.open(since=0)
    inbox.close(LogBroken(1, "gone"))
    with pytest.raises(LogBroken):
        inbox.open(since=0)


async def test_a_reader_takes_what_is_new_and_sees_that_something_is_missing(notebook: Notebook) -> None:
    await notebook.write(("a",), ("a",), ("a",))
    for reader in (LogReader(notebook.log, (0, -1)), StreamReader(notebook.log, "note-a", (0, -1))):
        assert positions(await reader.read(3)) == [1, 2, 3]
        assert reader.take(batch(2, 3)) == []
        assert positions(reader.take(batch(3, 4, 5))) == [4, 5]
        assert reader.take(batch(7, 8)) is None
        assert positions(reader.take(batch(6))) == [6]


async def test_a_stream_is_gone_on_from_without_reading_it_from_its_beginning(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    await notebook.write(*[("a", "b")] * 300)
    read: list[int] = []
    stream = EventLog.stream

    async def counting(log: EventLog, name: str, after: int, limit: int) -> list[RecordedEvent]:
        found = await stream(log, name, after, limit)
        read.append(len(found))
        return found

    monkeypatch.setattr(EventLog, "stream", counting)
    event = notebook.of("b")[287]
    reader = StreamReader(notebook.log, "note-b", place(event))
    assert await reader.read(300) == notebook.of("b")[288:]
    assert sum(read) <= 12 + 20
