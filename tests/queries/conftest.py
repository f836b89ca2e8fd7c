"""The library, open."""

from collections.abc import AsyncIterator

import pytest

from tests.queries.bookshop import Library, opened


@pytest.fixture
async def library(mongo_uri: str, database: str) -> AsyncIterator[Library]:
    async with opened(mongo_uri, database, "pymongo") as library:
        yield library
