"""One open process: MongoDB, the writer, the watcher, the queries and the feeds, opened and closed in order."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.application import Application
from gateway.application.model import Model
from gateway.application.reading import read
from gateway.audit.entries import with_audit_trail
from gateway.audit.trail import Trail
from gateway.commands.snapshots import Snapshots
from gateway.commands.writer import Writer
from gateway.eventlog.storage import EventLog
from gateway.feeds.feeds import Feeds
from gateway.history import with_history
from gateway.messages import Envelope, Receipt
from gateway.mongo.changes import Changes
from gateway.mongo.checks import check
from gateway.mongo.client import Mongo, connect
from gateway.mongo.collections import Identity, prepare
from gateway.mongo.keys import recognise
from gateway.queries.pace import Pace
from gateway.queries.positions import Positions
from gateway.queries.queries import Queries
from gateway.settings import Settings
from gateway.signing import Signer

if TYPE_CHECKING:
    from gateway.projections.watcher import Watcher


@dataclass(frozen=True)
class Services:
    """What the API is made of; `execute` answers a receipt, or the domain's rejection.

    `trail` is None where nothing is recorded of who asks what.
    """

    model: Model
    settings: Settings
    signer: Signer
    execute: Callable[[Envelope], Awaitable[Receipt | object]]
    queries: Queries
    positions: Positions
    feeds: Feeds
    trail: Trail | None = None


@dataclass(frozen=True)
class Store:
    """A MongoDB that was found fit, with the log of one application in it."""

    mongo: Mongo
    model: Model
    identity: Identity
    signer: Signer
    log: EventLog
    changes: Changes


@asynccontextmanager
async def opened(application: Application, settings: Settings, uri: str) -> AsyncGenerator[Store]:
    """The store of an application. Raises InvalidApplication, Unsuitable and Unavailable."""
    model = with_history(read(application))
    mongo = connect(uri, settings)
    try:
        await check(mongo)
        identity = await prepare(mongo.database)
        secret = settings.secret.get_secret_value().encode() if settings.secret else identity.secret
        signer = Signer(secret, identity.log)
        await recognise(mongo.database, signer.digest("log", str(identity.log)))
        log = EventLog(mongo.database, model)
        async with Changes(mongo.database) as changes:
            yield Store(mongo, model, identity, signer, log, changes)
    finally:
        await mongo.close()


@asynccontextmanager
async def watching(store: Store, settings: Settings) -> "AsyncGenerator[Watcher]":
    """The watcher at work: it follows the log and builds every read model until it is left."""
    from gateway.projections.watcher import Watcher  # noqa: PLC0415 # much that only those need who watch

    async with Watcher(
        store.mongo.database, store.model, store.identity, store.log, store.changes, settings
    ) as watcher:
        yield watcher


@asynccontextmanager
async def serving(store: Store, settings: Settings) -> AsyncGenerator[Services]:
    """The services that the API is made of, until it is left."""
    database = store.mongo.database
    async with AsyncExitStack() as stack:
        trail = await stack.enter_async_context(Trail(database, settings.audit_days))
        positions = await stack.enter_async_context(Positions(database, store.changes, store.model))
        feeds = await stack.enter_async_context(Feeds(store.log, store.changes, positions.answers))
        taken = Snapshots(database, store.model, store.signer, settings.snapshot_events)
        snapshots = await stack.enter_async_context(taken)
        writer = await stack.enter_async_context(Writer(store.model, store.log, snapshots, store.signer, settings))
        stack.callback(store.changes.listen(writer.hear))
        pace = Pace(
            positions,
            [each.name for each in store.model.read_models],
            settings.lag_commits,
            settings.command_timeout,
        )

        async def execute(envelope: Envelope) -> Receipt | object:
            await pace.keep(writer.position)
            return await writer.execute(envelope)

        queries = Queries(database, with_audit_trail(store.model), store.signer, settings, positions)
        kept = trail if settings.audit_days else None
        yield Services(store.model, settings, store.signer, execute, queries, positions, feeds, kept)
