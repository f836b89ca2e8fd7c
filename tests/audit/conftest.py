"""An open world."""

from collections.abc import AsyncIterator

import pytest

from tests.audit.world import World, world


@pytest.fixture
async def open_world(mongo_uri: str, database: str) -> AsyncIterator[World]:
    async with world(mongo_uri, database) as found:
        yield found
