"""The library, open; nobody watches it yet."""

from collections.abc import AsyncIterator

import pytest

from tests.projections.world import World, world


@pytest.fixture
async def place(mongo_uri: str, database: str) -> AsyncIterator[World]:
    async with world(mongo_uri, database) as opened:
        yield opened
