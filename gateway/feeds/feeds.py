"""What subscriptions follow: the events of the log, and the changes of views."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any

from gateway.eventlog.storage import EventLog
from gateway.messages import RecordedEvent
from gateway.settings import Settings

Place = tuple[int, int]
"""A place in the log: a position, and the index of an event in its commit."""


class Feeds:
    def __init__(self, log: EventLog, changes: "Changes", settings: Settings) -> None: ...

    def events(self, stream: str | None, after: Place | None, until: Place | None) -> AsyncGenerator[RecordedEvent]: ...

    def view_changes(self, read_model: str, key: Any) -> AbstractAsyncContextManager[AsyncIterator[int]]: ...
