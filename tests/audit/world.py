"""Counters behind the API in this process, and what their audit trail says, read from the raw documents."""

import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from pymongo.monitoring import CommandStartedEvent

from gateway import runtime
from gateway.api.execution import Api
from gateway.api.requests import Answer, Request
from gateway.api.schema import build_schema
from gateway.application import Application, Index, View
from gateway.mongo.client import Mongo
from gateway.runtime import Services, opened, serving, watching
from gateway.settings import load_settings
from tests.support.commands import Listener
from tests.support.counters import CounterId, Increased, Marked
from tests.support.counters import application as counters

Document = dict[str, Any]

TRAIL = "audit_trail"


@dataclass(frozen=True, slots=True)
class Tally:
    counter: CounterId
    value: int


def project(tally: Tally | None, event: Increased | Marked) -> Tally:
    before = tally or Tally(event.counter, 0)
    return replace(before, value=before.value + event.by) if isinstance(event, Increased) else before


APPLICATION = Application(
    counters.streams,
    counters.commands,
    [View(project, one="tally", many="tallies", indexes=[Index(order="value")])],
)


class Sent(Listener):
    """The commands that the driver sent: what, and to which collection."""

    def __init__(self) -> None:
        self.all: list[tuple[str, str]] = []
        self.commands: list[Document] = []
        "The same, whole."

    def started(self, event: CommandStartedEvent) -> None:
        self.all.append((event.command_name, str(event.command.get(event.command_name))))
        self.commands.append({**event.command})

    def to(self, collection: str) -> list[str]:
        return [name for name, of in self.all if of == collection]

    def besides(self, *collections: str) -> list[tuple[str, str]]:
        """What was sent to any other collection; the change stream is nobody's."""
        return [each for each in self.all if each[1] not in collections and each[0] != "getMore"]


@dataclass
class World:
    """An open process: what it is asked, and what its trail holds."""

    api: Api
    services: Services
    mongo: Mongo
    sent: Sent

    async def ask(self, query: str, variables: Mapping[str, Any] | None = None, **more: Any) -> Answer:
        return await self.api.execute(Request(query, variables or {}, **more))

    async def trail(self, count: int) -> list[Document]:
        """All entries in the order of their time, once there are so many; never more."""
        entries, deadline = self.mongo.database[TRAIL], time.monotonic() + 20
        while await entries.count_documents({}) < count and time.monotonic() < deadline:
            pass
        found = await entries.find({}, sort=[("_id", 1)]).to_list(None)
        assert len(found) == count, found
        return found

    async def only(self) -> Document:
        (found,) = await self.trail(1)
        return found


def outcome(entry: Document) -> tuple[str, str, str | None]:
    """What an entry says above all."""
    return entry["kind"], entry["outcome"], entry["code"]


def outcomes(entries: Sequence[Document]) -> list[tuple[str, str, str | None]]:
    return [outcome(each) for each in entries]


@asynccontextmanager
async def world(
    uri: str,
    database: str,
    *,
    watch: bool = True,
    application: Application = APPLICATION,
    sent: Sent | None = None,
    **given: Any,
) -> AsyncGenerator[World]:
    """The counters, or another application, in a database of their own; settings are `given`."""
    sent = sent or Sent()
    settings = load_settings(mongodb_uri=uri, database=database, **given)
    connect = runtime.connect
    runtime.connect = partial(connect, listeners=[sent])
    try:
        async with AsyncExitStack() as stack:
            store = await stack.enter_async_context(opened(application, settings, uri))
            if watch:
                await stack.enter_async_context(watching(store, settings))
            services = await stack.enter_async_context(serving(store, settings))
            yield World(Api(build_schema(store.model), services), services, store.mongo, sent)
    finally:
        runtime.connect = connect
