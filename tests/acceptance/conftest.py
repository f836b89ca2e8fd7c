"""A running bank, someone who asks it, and the books that its answers are compared with."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Protocol

import pytest
from graphql import GraphQLSchema, build_schema
from pymongo import MongoClient

from bank import application
from gateway.api.schema import build_schema as derive
from gateway.application.reading import read
from tests.acceptance.asking import Asker
from tests.acceptance.books import Books
from tests.acceptance.serving import TIDEGATE, Gateway, serving
from tests.conftest import SHARED


class Serve(Protocol):
    """Starts one more gateway, on the test's own database."""

    def __call__(self, *arguments: str, **settings: str | float) -> Gateway: ...


@pytest.fixture(scope="session")
def schema() -> GraphQLSchema:
    """The bank's schema, as a client reads it: from its text."""
    return build_schema(derive(read(application)).as_str())


@pytest.fixture
def asker(gateway_url: str) -> Iterator[Asker]:
    with Asker(gateway_url) as asker:
        yield asker


@pytest.fixture(scope="session")
def mongo(mongo_uri: str) -> Iterator[MongoClient[dict[str, Any]]]:
    """For tests that look into MongoDB itself."""
    with MongoClient[dict[str, Any]](mongo_uri, uuidRepresentation="standard") as client:
        yield client


@pytest.fixture(scope="session")
def books(mongo: MongoClient[dict[str, Any]]) -> Books:
    """The books of the shared gateway; whoever needs the newest page calls `read`."""
    return Books(mongo, SHARED)


@pytest.fixture
def serve(mongo_uri: str, database: str) -> Iterator[Serve]:
    """Gateways on a database of their own; all of them end, cleanly, with the test."""
    with ExitStack() as stack:

        def start(*arguments: str, **settings: str | float) -> Gateway:
            given: dict[str, str | float] = {"mongodb_uri": mongo_uri, "database": database, **settings}
            return stack.enter_context(serving(*arguments, program=TIDEGATE, **given))

        yield start


@pytest.fixture
def fresh(serve: Serve) -> Iterator[Asker]:
    """Asks a gateway of its own, whose log is empty."""
    with Asker(serve().url) as asker:
        yield asker
