"""Faults that MongoDB makes on request (fail points; its test commands must be enabled)."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from pymongo import AsyncMongoClient

from gateway.mongo.embedded import EmbeddedServer

Mode = str | Mapping[str, float]

ALWAYS = "alwaysOn"


@asynccontextmanager
async def failing(
    uri: str, commands: Sequence[str], how: dict[str, Any], mode: Mode = ALWAYS
) -> AsyncGenerator[None]:
    """While in the block, the server fails these commands."""
    async with failpoint(uri, "failCommand", {"failCommands": [*commands], **how}, mode):
        yield


@asynccontextmanager
async def failpoint(
    uri: str, name: str, data: dict[str, Any] | None = None, mode: Mode = ALWAYS
) -> AsyncGenerator[None]:
    """A fail point that is on while in the block."""
    async with AsyncMongoClient[dict[str, Any]](uri, appname="faults") as client:
        await client.admin.command({"configureFailPoint": name, "mode": mode, "data": data or {}})
        try:
            yield
        finally:
            await client.admin.command({"configureFailPoint": name, "mode": "off"})


@asynccontextmanager
async def stuck_commits(uri: str) -> AsyncGenerator[Callable[[], Awaitable[None]]]:
    """Commits of a gateway's transactions do not get through; gives a way to wait until one has come to MongoDB."""
    how = {"failCommands": ["commitTransaction"], "blockConnection": True, "blockTimeMS": 2_000, "errorCode": 112}
    point = {"configureFailPoint": "failCommand"}
    async with AsyncMongoClient[dict[str, Any]](uri, appname="faults") as client:
        before = await client.admin.command({**point, "mode": ALWAYS, "data": {**how, "appName": "tidegate"}})
        entered = {"timesEntered": before["count"] + 1, "maxTimeMS": 15_000}

        async def one_is_stuck() -> None:
            await client.admin.command({"waitForFailPoint": "failCommand", **entered})

        try:
            yield one_is_stuck
        finally:
            await client.admin.command({**point, "mode": "off"})


@asynccontextmanager
async def stalled(server: EmbeddedServer) -> AsyncGenerator[None]:
    """While in the block, the secondaries take nothing from the primary."""
    primary = await server.primary()
    async with AsyncExitStack() as stack:
        for index, member in enumerate(server.members):
            if index != primary:
                await stack.enter_async_context(failpoint(member.uri, "stopReplProducer"))
        yield
