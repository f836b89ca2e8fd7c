"""Who says which conversation a request belongs to, and what caused it."""

from typing import Any

import pytest

from gateway.web.tracing import Trace, of_extensions, of_headers
from tests.web.serving import client

TRACE, SPAN = "ab" * 16, "cd" * 8
PARENT = f"00-{TRACE}-{SPAN}-01"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, Trace()),
        ({"traceparent": PARENT}, Trace(TRACE, SPAN)),
        ({"x-correlation-id": "order-7"}, Trace("order-7", None)),
        ({"x-correlation-id": "order-7", "traceparent": PARENT}, Trace("order-7", SPAN)),
        ({"x-request-id": "r-1"}, Trace(None, "r-1")),
        ({"x-request-id": "r-1", "traceparent": PARENT}, Trace(TRACE, SPAN)),
        ({"x-request-id": "has space", "x-correlation-id": "x" * 129}, Trace()),
        ({"traceparent": PARENT.upper()}, Trace()),
        ({"traceparent": f"ff-{TRACE}-{SPAN}-01"}, Trace()),
        ({"traceparent": f"00-{'0' * 32}-{SPAN}-01"}, Trace()),
        ({"traceparent": f"00-{TRACE}-{'0' * 16}-01"}, Trace()),
        ({"traceparent": f"{PARENT}-more"}, Trace()),
        ({"traceparent": f"{PARENT}-"}, Trace()),
        ({"traceparent": f"01-{TRACE}-{SPAN}-01"}, Trace(TRACE, SPAN)),
        ({"traceparent": f"01-{TRACE}-{SPAN}-01-"}, Trace(TRACE, SPAN)),
        ({"traceparent": f"cc-{TRACE}-{SPAN}-01-what-the-future-will-be-like"}, Trace(TRACE, SPAN)),
        ({"traceparent": f"cc-{TRACE}-{SPAN}-01.what"}, Trace()),
        ({"traceparent": f"cc-{TRACE}-{SPAN}-0"}, Trace()),
        ({"traceparent": f"cc-{'0' * 32}-{SPAN}-01-more"}, Trace()),
        ({"traceparent": f"ff-{TRACE}-{SPAN}-01-more"}, Trace()),
    ],
)
def test_headers(headers: dict[str, str], expected: Trace) -> None:
    assert of_headers(headers.get) == expected


@pytest.mark.parametrize(
    ("extensions", "expected"),
    [
        ({}, Trace()),
        ({"traceparent": PARENT}, Trace(TRACE, SPAN)),
        ({"correlationId": "order-7", "causationId": "Event:4.0"}, Trace("order-7", "Event:4.0")),
        ({"causationId": "Event:4.0", "traceparent": PARENT}, Trace(TRACE, "Event:4.0")),
        ({"correlationId": 7, "causationId": ["x"], "traceparent": {}}, Trace()),
        ({"correlationId": "a\nb", "causationId": ""}, Trace()),
    ],
)
def test_extensions(extensions: dict[str, Any], expected: Trace) -> None:
    assert of_extensions(extensions) == expected


def test_what_an_operation_says_of_itself_goes_before_its_headers() -> None:
    body = {"query": "{ correlation }", "extensions": {"correlationId": "mine"}}
    with client() as http:
        answer = http.post("/graphql", json=body, headers={"x-correlation-id": "the proxy's"[:9]})
    assert answer.json()["data"] == {"correlation": "mine"}


def test_a_socket_is_told_once_and_an_operation_may_differ() -> None:
    offered = ["graphql-transport-ws"]
    with client() as http, http.websocket_connect("/graphql", subprotocols=offered) as session:
        session.send_json({"type": "connection_init", "payload": {"traceparent": PARENT}})
        session.receive_json()
        found: list[str | None] = []
        for id_, extensions in (("1", {}), ("2", {"correlationId": "order-7"})):
            payload = {"query": "{ correlation }", "extensions": extensions}
            session.send_json({"id": id_, "type": "subscribe", "payload": payload})
            found.append(session.receive_json()["payload"]["data"]["correlation"])
            session.receive_json()
    assert found == [TRACE, "order-7"]
