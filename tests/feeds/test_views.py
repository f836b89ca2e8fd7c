"""Subscriptions to views: woken when their view may have changed, with the latest position alone."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from bson import Decimal128

from gateway.feeds.feeds import Feeds
from gateway.mongo.changes import CheckpointMoved, CommitAdded, Interrupted, LiveMoved
from gateway.mongo.checkpoints import Checkpoint, document_of
from gateway.mongo.client import collection
from gateway.mongo.collections import CHECKPOINTS
from gateway.mongo.live import live
from tests.feeds.notes import Notebook

pytestmark = pytest.mark.anyio

LOG = uuid4()


def moved(position: int, touched: tuple[Any, ...] | None, name: str = "notes") -> CheckpointMoved:
    return CheckpointMoved(Checkpoint(name, 1, LOG, position, bytes(32), datetime.now(UTC)), touched)


async def nothing_yet(positions: AsyncIterator[int]) -> bool:
    """Whether a subscription has nothing to say: it is asked, and left after all that is due was done."""
    waiting = asyncio.ensure_future(anext(positions))
    for _ in range(5):
        await asyncio.sleep(0)
    return waiting.cancel()


async def test_the_first_position_comes_at_once_and_then_those_that_touch_the_view(notebook: Notebook) -> None:
    async with notebook.feeds.view_changes("notes", "a") as positions:
        assert await anext(positions) == 0
        for document in (
            document_of(moved(1, None).checkpoint, ["b"]),
            document_of(moved(2, None).checkpoint, ["b", "a"]),
        ):
            checkpoints = collection(notebook.mongo.database, CHECKPOINTS)
            await checkpoints.replace_one({"_id": document["_id"]}, document, upsert=True)
        assert await anext(positions) == 2
    async with notebook.feeds.view_changes("notes", "a") as positions:
        assert await anext(positions) == 2


async def test_an_edition_that_nobody_is_asking_wakes_nobody(notebook: Notebook) -> None:
    """It is built beside the live one; at the switch everybody looks."""
    feeds = Feeds(notebook.log, notebook.changes, lambda checkpoint: checkpoint.version == 1)
    hear = feeds._hear  # pyright: ignore[reportPrivateUsage] # stands for the change stream
    async with feeds.view_changes("notes", "a") as positions:
        await anext(positions)
        beside = Checkpoint("notes", 2, LOG, 3, bytes(32), datetime.now(UTC))
        hear(CheckpointMoved(beside, None))
        assert await nothing_yet(positions)
    async with feeds.view_changes("notes", "a") as positions:
        await anext(positions)
        hear(LiveMoved(live(beside)))
        assert await anext(positions) == 0


async def test_only_what_may_have_changed_wakes(notebook: Notebook) -> None:
    hear = notebook.feeds._hear  # pyright: ignore[reportPrivateUsage] # stands for the change stream
    async with notebook.feeds.view_changes("notes", "a") as positions:
        await anext(positions)
        for other in (moved(1, ()), moved(2, ("b",)), moved(3, ("a",), "books"), CommitAdded(4)):
            hear(other)
        assert await nothing_yet(positions)
        hear(moved(5, None))
        assert await anext(positions) == 5
        hear(moved(6, ()))
        hear(Interrupted())
        assert await anext(positions) == 6


async def test_to_whoever_is_slow_only_the_latest_is_given(notebook: Notebook) -> None:
    hear = notebook.feeds._hear  # pyright: ignore[reportPrivateUsage] # stands for the change stream
    async with notebook.feeds.view_changes("notes", "a") as positions:
        for position in range(1, 1000):
            hear(moved(position, ("a",)))
        assert await anext(positions) == 999
        assert await nothing_yet(positions)


@pytest.mark.parametrize(
    ("key", "stored"), [(date(2026, 1, 31), "2026-01-31"), (Decimal("1.5"), Decimal128("1.5")), (7, 7)]
)
async def test_keys_are_compared_as_they_are_stored(notebook: Notebook, key: object, stored: object) -> None:
    hear = notebook.feeds._hear  # pyright: ignore[reportPrivateUsage] # stands for the change stream
    async with notebook.feeds.view_changes("notes", key) as positions:
        await anext(positions)
        hear(moved(3, (stored,)))
        assert await anext(positions) == 3


async def test_who_leaves_is_gone(notebook: Notebook) -> None:
    async with notebook.feeds.view_changes("notes", "a"), notebook.feeds.view_changes("notes", "a"):
        assert notebook.feeds.subscribers == 2
    assert notebook.feeds.subscribers == 0


async def test_when_the_feeds_are_closed_every_subscription_ends(notebook: Notebook) -> None:
    async with notebook.feeds.view_changes("notes", "a") as positions:
        await anext(positions)
        waiting = asyncio.ensure_future(anext(positions))
        await asyncio.sleep(0)
        await notebook.feeds.__aexit__()
        with pytest.raises(StopAsyncIteration):
            await waiting
