"""Subscriptions, queries and mutations, as the clients that people use ask for them."""

import json
from typing import Any

import pytest

from tests.clients.programs import clients

HISTORY = "subscription History($stream: ID!) { events(stream: $stream) { cursor node { stream version } } }"


@pytest.mark.parametrize("program", ["urql.mjs", "apollo.mjs"])
def test_a_client_gets_answers_over_http_and_messages_over_either_transport(gateway_url: str, program: str) -> None:
    found: dict[str, Any] = json.loads(clients().output(program, gateway_url, "Account:1"))

    assert found["query"]["account"]["id"] == "Account:1"
    assert found["mutation"]["freezeAccount"]["__typename"] == "AccountNotOpen"
    assert found["overWebSocket"] == found["overEvents"] == [1, 2]


def test_a_client_that_would_take_events_gets_ordinary_answers_where_it_asks_for_them(gateway_url: str) -> None:
    found = json.loads(clients().output("urql.mjs", gateway_url, "Account:1"))

    assert all("text/event-stream" in accept for accept in found["accepted"])
    assert "account" in found["query"]


def test_graphql_sse_gets_the_history_of_an_account_in_its_order(gateway_url: str) -> None:
    address, variables = f"{gateway_url}/graphql/stream", json.dumps({"stream": "Account:1"})

    lines = clients().output("stream.mjs", address, HISTORY, variables, "3").splitlines()

    nodes = [json.loads(line)["data"]["events"]["node"] for line in lines]
    assert nodes == [{"stream": "Account:1", "version": version} for version in (1, 2, 3)]


def test_graphql_sse_is_told_the_end_of_what_ends(gateway_url: str) -> None:
    address = f"{gateway_url}/graphql/stream"
    (line,) = clients().output("stream.mjs", address, HISTORY, '{"stream": "Account:1"}', "1").splitlines()
    until = json.loads(line)["data"]["events"]["cursor"]

    query = f'subscription {{ events(stream: "Account:1", until: "{until}") {{ cursor }} }}'
    (only,) = clients().output("stream.mjs", address, query).splitlines()

    assert json.loads(only)["data"]["events"]["cursor"] == until


def test_graphql_sse_gets_a_query_s_answer_and_a_refusal_as_messages(gateway_url: str) -> None:
    address = f"{gateway_url}/graphql/stream"

    (answer,) = clients().output("stream.mjs", address, '{ account(id: "Account:1") { id } }').splitlines()
    (refusal,) = clients().output("stream.mjs", address, "subscription { nothing }").splitlines()

    assert json.loads(answer)["data"] == {"account": {"id": "Account:1"}}
    assert json.loads(refusal)["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
