"""What a running bank tells Prometheus."""

import httpx2
from prometheus_client.parser import text_string_to_metric_families

from tests.acceptance.asking import Asker
from tests.acceptance.customers import Counter


def _figures(asker: Asker) -> dict[tuple[str, ...], float]:
    text = httpx2.get(asker.url.removesuffix("/graphql") + "/metrics").text
    families = text_string_to_metric_families(text)
    return {(each.name, *each.labels.values()): each.value for family in families for each in family.samples}


def test_commands_are_counted_by_their_outcome_and_read_models_by_their_position(fresh: Asker) -> None:
    counter = Counter(fresh).open()
    counter.deposited("1.00")
    counter.deposited("2.00", "6ba7b810-9dad-41d1-80b4-00c04fd430c8")
    counter.deposited("2.00", "6ba7b810-9dad-41d1-80b4-00c04fd430c8")
    counter.deposit("-1.00")
    found = _figures(fresh)
    count = "tidegate_command_duration_seconds_count"
    assert found[count, "DepositMoney", "ACCEPTED"] == 3
    assert found[count, "DepositMoney", "REJECTED"] == 1
    assert found[count, "RegisterCustomer", "ACCEPTED"] == 1
    assert found["tidegate_read_model_position", "accounts"] == 4
