"""Transactions: snapshot reads, majority writes, done again on a conflict, and not held up by the dead."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import ReadPreference

from gateway.mongo.client import OPTIONS, SAFE, Database, Document, settle

STALE = 1.5
"""Seconds without a word after which a transaction that is in the way is taken for abandoned."""

LONGEST_TRY = 30.0
"""Seconds after which a transaction that still meets conflicts is given up."""

_LONGEST_PAUSE = 0.05
_log = logging.getLogger(__name__)


async def transact(database: Database, session: Any, body: Callable[[Any], Awaitable[None]]) -> None:
    """Run `body` in one transaction of `session`; it may run more than once and changes nothing else.

    Raises what `body` raises, and PyMongoError. After that nothing was written, unless the error carries the
    label UnknownTransactionCommitResult.
    """
    clock = asyncio.get_running_loop().time
    began = clock()
    held_up = began + STALE
    while True:
        try:
            await _attempt(session, body)
        except PyMongoError as error:
            if not error.has_error_label("TransientTransactionError") or clock() > began + LONGEST_TRY:
                raise
        else:
            return
        if clock() > held_up:
            held_up = clock() + STALE
            await end_abandoned(database)
        await asyncio.sleep(random.uniform(0, _LONGEST_PAUSE))


async def end_abandoned(database: Database) -> None:
    """End the transactions of processes that were killed in the midst of one.

    MongoDB keeps a transaction, and what it locks, for 60 seconds after its client is gone. Whoever is only
    slow loses no more than this attempt: it is done again.
    """
    name = database.client.options.pool_options.appname
    idle = {"type": "idleSession", "appName": name, "transaction.timeInactiveMicros": {"$gt": STALE * 1e6}}
    current = {"$currentOp": {"allUsers": False, "idleSessions": True}}
    admin = database.client.get_database("admin", OPTIONS)
    found: Any = await settle(admin.aggregate([current, {"$match": idle}]))
    sessions: list[Document] = [{"id": each["lsid"]["id"]} async for each in found]
    if sessions:
        _log.warning("Ending %d transactions that were left open.", len(sessions))
        await admin.command({"killSessions": sessions}, codec_options=OPTIONS)


async def _attempt(session: Any, body: Callable[[Any], Awaitable[None]]) -> None:
    await settle(session.start_transaction(ReadConcern("snapshot"), SAFE, ReadPreference.PRIMARY))
    try:
        await body(session)
    except BaseException:
        with suppress(PyMongoError):
            await session.abort_transaction()
        raise
    await _commit(session)


async def _commit(session: Any) -> None:
    """Asks again, once, where the answer was lost: the driver has asked twice by then."""
    try:
        await session.commit_transaction()
    except PyMongoError as error:
        if not error.has_error_label("UnknownTransactionCommitResult"):
            raise
        await session.commit_transaction()
