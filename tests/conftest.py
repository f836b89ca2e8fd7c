"""What every test may ask for: a real MongoDB and a database of its own."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from gateway.mongo.embedded import EmbeddedOptions, embedded_blocking


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Asynchronous tests run on asyncio alone, as the gateway does."""
    return "asyncio"


@pytest.fixture(scope="session")
def mongo_uri() -> Iterator[str]:
    """A replica set of one member for this test process; fail points are on."""
    with (
        tempfile.TemporaryDirectory(prefix="tidegate-test-") as folder,
        embedded_blocking(Path(folder), EmbeddedOptions(throwaway=True)) as server,
    ):
        yield server.uri


@pytest.fixture(scope="session")
def _mongo_client(mongo_uri: str) -> Iterator[MongoClient[dict[str, Any]]]:
    with MongoClient[dict[str, Any]](mongo_uri) as client:
        yield client


@pytest.fixture
def database(_mongo_client: MongoClient[dict[str, Any]]) -> Iterator[str]:
    """The name of a database that no other test uses; dropped afterwards."""
    name = f"test_{uuid4().hex}"
    yield name
    _mongo_client.drop_database(name)
