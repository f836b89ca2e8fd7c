"""GraphQL over HTTP, asked by graphql-http's own audit: each of its questions, the optional ones too."""

import json
from typing import TypedDict

from tests.clients.programs import clients


class Audit(TypedDict):
    """One question of the audit, and how the server did."""

    id: str
    name: str
    status: str
    reason: str | None


def test_the_gateway_answers_as_the_specification_of_graphql_over_http_says(gateway_url: str) -> None:
    audits: list[Audit] = json.loads(clients().output("audit.mjs", f"{gateway_url}/graphql"))

    failed = [f"{audit['id']} {audit['name']}: {audit['reason']}" for audit in audits if audit["status"] != "ok"]
    assert failed == []
    assert len(audits) == 61
