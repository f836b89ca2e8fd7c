"""The sample API over the real server, and over none."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx2
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from gateway.settings import load_settings
from gateway.web.app import create_app
from gateway.web.health import Health, ReadModelHealth
from gateway.web.listening import Address
from gateway.web.server import serve
from tests.api.sample import Control, sample_api

BODY_LIMIT = 20_000


async def _ping() -> None:
    """MongoDB is well."""


def sample_app(
    control: Control | None = None, health: Health | None = None, body_limit: int = BODY_LIMIT
) -> ASGIApp:
    settings = load_settings(body_limit=body_limit)
    return create_app(sample_api(control), health or sample_health(), settings)


def sample_health(read_models: Sequence[ReadModelHealth] = ()) -> Health:
    return Health(_ping, lambda: read_models, ready_lag=30.0)


def client(control: Control | None = None, health: Health | None = None) -> TestClient:
    """A client that needs no server; what the application raises is what a client would see of it."""
    return TestClient(sample_app(control, health), raise_server_exceptions=False)


@asynccontextmanager
async def served(control: Control | None = None, body_limit: int = BODY_LIMIT) -> AsyncGenerator[Address]:
    """The sample behind the real server, on a free port."""
    announced = asyncio.get_running_loop().create_future()
    app = sample_app(control, body_limit=body_limit)
    serving = asyncio.create_task(serve(app, load_settings(port=0), announced.set_result))
    try:
        yield await announced
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


def code(response: httpx2.Response) -> str:
    """The code of a response's only error."""
    (error,) = response.json()["errors"]
    return error["extensions"]["code"]


def post(to: TestClient, query: str, **more: Any) -> httpx2.Response:
    return to.post("/graphql", json={"query": query, **more})
