"""What Prometheus is told: read by its own parser, and true."""

from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from gateway.web.health import ReadModelHealth
from tests.web.serving import client, post, sample_health

MODELS = [
    ReadModelHealth("accounts", 17, 0.25),
    ReadModelHealth("ledger", 3, 40.0, stopped="its fold can't go on", parked=("EUR", "CHF")),
]


def figures(at: TestClient) -> dict[tuple[str, ...], float]:
    """The samples, by their names and labels."""
    response = at.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=")
    families = text_string_to_metric_families(response.text)
    return {(each.name, *each.labels.values()): each.value for family in families for each in family.samples}


def test_each_read_model_has_its_figures() -> None:
    found = figures(client(health=sample_health(MODELS)))
    assert [found[f"tidegate_read_model_{name}", "ledger"] for name in ("position", "lag_seconds")] == [3, 40]
    assert [found[f"tidegate_read_model_{name}", "ledger"] for name in ("stopped", "parked_keys")] == [1, 2]
    assert [found[f"tidegate_read_model_{name}", "accounts"] for name in ("stopped", "parked_keys")] == [0, 0]
    assert found["process_resident_memory_bytes",] > 1_000_000


def test_what_is_answered_is_counted_once() -> None:
    at = client()
    before = figures(at)
    post(at, "{ __typename }")
    post(at, "{ __typename }")
    post(at, "{ nonsense }")
    after = figures(at)
    count = "tidegate_operation_duration_seconds_count"
    assert before.get((count, "QUERY", "ANSWERED"), 0) == 0
    assert after[count, "QUERY", "ANSWERED"] == 2
    assert sum(value for labels, value in after.items() if labels[0] == count) == 3


def test_no_clients_text_becomes_a_label() -> None:
    at = client()
    post(at, "query SecretOfMine { nonsense }", operationName="SecretOfMine")
    assert "Secret" not in at.get("/metrics").text
