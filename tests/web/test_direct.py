"""POST /graphql is led past routing and middleware: nothing of its answers may tell."""

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Mount
from starlette.testclient import TestClient

from gateway.api.execution import Api
from gateway.web.http import HttpEndpoint
from tests.web.serving import BODY_LIMIT, client, code, sample_app

REQUESTS: list[dict[str, Any]] = [
    {"json": {"query": "{ hello }"}},
    {"json": {"query": "{ hello }"}, "headers": {"accept": "application/graphql-response+json"}},
    {"json": {"query": "{ nothing }"}, "headers": {"accept": "application/graphql-response+json"}},
    {"json": {"query": "{ hello }"}, "headers": {"accept": "text/html"}},
    {"content": b"{", "headers": {"content-type": "application/json"}},
    {"content": b"{}", "headers": {"content-type": "text/plain"}},
    {"content": b" " * (BODY_LIMIT + 1), "headers": {"content-type": "application/json"}},
]


@pytest.fixture(scope="module")
def direct() -> TestClient:
    return client()


@pytest.fixture(scope="module")
def routed() -> TestClient:
    """Below another address, where requests go all the way."""
    outer = Starlette(routes=[Mount("/api", app=sample_app())])
    return TestClient(outer, base_url="http://testserver/api", raise_server_exceptions=False)


@pytest.mark.parametrize("request_", REQUESTS)
def test_the_short_way_gives_the_same_answer_as_the_long_one(
    direct: TestClient, routed: TestClient, request_: dict[str, Any]
) -> None:
    one, other = direct.post("/graphql", **request_), routed.post("/graphql", **request_)
    assert one.status_code == other.status_code
    assert one.json() == other.json()
    assert sorted(one.headers.multi_items()) == sorted(other.headers.multi_items())
    assert one.headers["x-content-type-options"] == "nosniff"


async def broken(*_: object) -> Response:
    raise RuntimeError("secret")


def test_a_post_request_goes_the_short_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HttpEndpoint, "answer", broken)
    assert client().post("/graphql", json={"query": "{ hello }"}).status_code == 200
    assert client().get("/graphql", params={"query": "{ hello }"}).status_code == 500


def test_what_breaks_where_nothing_should_is_an_answer_too(
    direct: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Api, "execute", broken)
    response = direct.post("/graphql", json={"query": "{ hello }"})
    assert (response.status_code, code(response)) == (500, "INTERNAL")
    assert "secret" not in response.text
    assert response.headers["x-content-type-options"] == "nosniff"
