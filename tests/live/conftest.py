"""The attic, open."""

from collections.abc import AsyncIterator

import pytest

from tests.live.world import World, world


@pytest.fixture
async def attic(mongo_uri: str, database: str) -> AsyncIterator[World]:
    async with world(mongo_uri, database) as found:
        yield found
