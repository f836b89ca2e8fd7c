"""Waiting here for a watcher in another process: woken by the change of its checkpoint, and nothing is asked."""

import asyncio
import time
from collections.abc import AsyncIterator
from math import ceil

import pytest
from pymongo import AsyncMongoClient

from gateway.application.reading import read
from gateway.mongo.changes import LONGEST_WAIT, Changes
from gateway.mongo.client import OPTIONS, Document
from gateway.queries import positions as positions_module
from gateway.queries.positions import Positions
from tests.projections.bookshop import library
from tests.projections.processes import process
from tests.projections.world import MODELS, World, added, lent, world
from tests.support.commands import Commands

pytestmark = pytest.mark.anyio

WAITING = 200


@pytest.fixture
async def place(mongo_uri: str, database: str) -> AsyncIterator[World]:
    async with world(mongo_uri, database) as opened:
        yield opened


async def test_waiting_for_a_watcher_in_another_process_asks_nothing(
    place: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(positions_module, "SILENCE", 60.0)
    commands, name = Commands(), place.opened.database.name
    async with AsyncMongoClient[Document](place.uri, event_listeners=[commands]) as client:
        of = client.get_database(name, OPTIONS)
        async with Changes(of) as changes, Positions(of, changes, read(library())) as positions:
            with process(place, fold_commits=500, fan_out=1_000):
                await place.add([added("b1", "x")])
                await asyncio.gather(*(positions.wait(each, 1, 30) for each in MODELS))
                commands.sent.clear()
                heard = list[object]()
                changes.listen(heard.append)
                began = time.monotonic()
                for position in range(2, 8):
                    waiting = [positions.wait(each, position, 30) for each in MODELS for _ in range(WAITING)]
                    await asyncio.gather(place.add([lent("b1")]), *waiting)
                sent, idle = commands.names, ceil((time.monotonic() - began) / LONGEST_WAIT)
    assert {*sent} == {"getMore"}
    assert len(sent) <= len(heard) + idle + 2
