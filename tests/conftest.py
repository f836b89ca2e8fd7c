"""What every test may ask for: a real MongoDB and a database of its own."""

import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from gateway.mongo.embedded import EmbeddedOptions, embedded_blocking
from tests.acceptance.serving import Gateway, serving

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Whoever runs the tests in the background has every process ignore Ctrl-C, those of the tests too.
    signal.signal(signal.SIGINT, signal.default_int_handler)

SHARED = "shared"
"""The database of the gateway that the tests of one process share."""


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Asynchronous tests run on asyncio alone, as the gateway does."""
    return "asyncio"


_PARAMETERS = {"transactionLifetimeLimitSeconds": "10"}
"""A database is not dropped before MongoDB has ended the transactions that killed processes left open in it."""


@pytest.fixture(scope="session")
def mongo_uri() -> Iterator[str]:
    """A replica set of one member for this test process; fail points are on."""
    with (
        tempfile.TemporaryDirectory(prefix="tidegate-test-") as folder,
        embedded_blocking(Path(folder), EmbeddedOptions(throwaway=True, parameters=_PARAMETERS)) as server,
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


@pytest.fixture(scope="session")
def gateway(mongo_uri: str) -> Iterator[Gateway]:
    """The bank with its demo data, served by a process of its own for as long as this test process runs."""
    with serving("--demo", mongodb_uri=mongo_uri, database=SHARED) as gateway:
        yield gateway
        assert "is stopped:" not in gateway.output, gateway.output  # whatever was asked of it


@pytest.fixture(scope="session")
def gateway_url(gateway: Gateway) -> str:
    """Where that gateway is. Other tests ask it too: who changes anything does it to accounts of their own."""
    return gateway.url
