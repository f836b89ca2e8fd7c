"""The library, open."""

from collections.abc import AsyncIterator

import pytest

from tests.past.world import World, world


@pytest.fixture
async def place(mongo_uri: str, database: str) -> AsyncIterator[World]:
    async with world(mongo_uri, database) as opened:
        yield opened
