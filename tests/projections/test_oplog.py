"""A watcher that was away for longer than the oplog reaches back."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from bson import Timestamp
from pymongo import AsyncMongoClient

from gateway.mongo.embedded import EmbeddedOptions, embedded
from tests.projections.world import history, watching, world

pytestmark = pytest.mark.anyio

PATIENCE = 60.0
"""Seconds; MongoDB cuts its oplog when it gets to it, after a checkpoint."""


async def oldest(client: AsyncMongoClient[dict[str, Any]]) -> Timestamp:
    found = await client.local["oplog.rs"].find_one({}, {"ts": 1}, sort=[("$natural", 1)])
    assert found is not None
    return found["ts"]


async def roll_over(client: AsyncMongoClient[dict[str, Any]]) -> None:
    """Returns when the oplog has forgotten everything that was written before."""
    before: Any = (await client.admin.command("ping"))["operationTime"]
    deadline = time.monotonic() + PATIENCE
    while await oldest(client) <= before:
        assert time.monotonic() < deadline, "MongoDB did not cut its oplog"
        await client.elsewhere.junk.insert_many([{"junk": bytes(500_000)} for _ in range(4)])
        await client.admin.command("fsync")
        await asyncio.sleep(0.2)  # there is nothing to wait on: the server tells nobody when it cuts


async def test_a_rolled_over_oplog_is_an_ordinary_start(tmp_path: Path) -> None:
    options = EmbeddedOptions(throwaway=True, oplog_megabytes=2, checkpoint_seconds=1)
    async with embedded(tmp_path, options) as server, world(server.uri, "rolled") as place:
        async with watching(place):
            await place.built(await place.add(*history(1, 20)))
        end = await place.add(*history(2, 20))
        async with AsyncMongoClient[dict[str, Any]](server.uri) as client:
            await roll_over(client)
        async with watching(place):
            await place.built(end)
        await place.check()
