"""The notebook, open."""

from collections.abc import AsyncIterator

import pytest

from tests.feeds.notes import Notebook, opened


@pytest.fixture
async def notebook(mongo_uri: str, database: str) -> AsyncIterator[Notebook]:
    async with opened(mongo_uri, database, "pymongo") as notebook:
        yield notebook
