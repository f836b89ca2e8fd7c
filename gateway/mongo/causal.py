"""Reads that are not older than what this process has seen.

A majority read on the primary alone does not promise that: a primary that was deposed and does not know it yet, or
one that was elected a moment ago, may answer from before a change that another one has already told of
(mongodb.com/docs/manual/core/causal-consistency-read-write-concerns).
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from bson import Timestamp

from gateway.mongo.client import Database, answering, settle


class Seen:
    """How far this process has seen the database; it only goes forward."""

    def __init__(self, database: Database) -> None:
        self._client = database.client
        self._at: Timestamp | None = None

    def note(self, at: Timestamp | None) -> None:
        """Something that happened at this cluster time, and that a majority holds, was seen."""
        if at is not None and (self._at is None or at > self._at):
            self._at = at

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[Any]:
        """A session for one majority read: it shows all that was seen before, and is seen itself.

        Raises Unavailable where MongoDB does not answer, or has not come so far in time.
        """
        with answering():
            async with self.session() as session:
                yield session
                self.note(session.operation_time)

    @asynccontextmanager
    async def session(self) -> AsyncGenerator[Any]:
        """A session that shows all that was seen before; whoever has it notes what is to count as seen by it."""
        async with await settle(self._client.start_session(causal_consistency=True)) as session:
            if self._at is not None:
                session.advance_operation_time(self._at)
            yield session
