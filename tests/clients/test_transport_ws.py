"""graphql-transport-ws, spoken by the client that defines it."""

import json

from tests.clients.programs import clients

HISTORY = "subscription History($stream: ID!) { events(stream: $stream) { cursor node { stream version } } }"


def test_a_subscriber_gets_the_history_of_an_account_in_its_order(gateway_url: str) -> None:
    address, variables = f"{gateway_url}/graphql", json.dumps({"stream": "Account:1"})

    lines = clients().output("subscribe.mjs", address, HISTORY, variables, "3").splitlines()

    nodes = [json.loads(line)["data"]["events"]["node"] for line in lines]
    assert nodes == [{"stream": "Account:1", "version": version} for version in (1, 2, 3)]


def test_a_subscriber_to_what_is_not_there_is_told_so(gateway_url: str) -> None:
    ran = clients().run("subscribe.mjs", f"{gateway_url}/graphql", "subscription { nothing }")

    (error,) = json.loads(ran.stderr)["errors"]
    assert "nothing" in error["message"]
    assert ran.returncode == 1
