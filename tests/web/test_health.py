"""Whether the process lives, and whether it should be asked."""

import asyncio
import os
from collections.abc import Awaitable, Callable

import pytest

from gateway.web import health
from gateway.web.health import Health, ReadModelHealth
from tests.web.serving import client, code, sample_health

WELL = ReadModelHealth("accounts", 9_007_199_254_740_993, 0.12345)
STOPPED = ReadModelHealth("customers", 5, 1.0, stopped="its fold can't go on")
BEHIND = ReadModelHealth("ledger", 5, 30.5)
PARKED = ReadModelHealth("statement", 5, 1.0, parked=("Account:7",))


async def _fails() -> None:
    raise ConnectionError("mongodb://secret@host")


async def _hangs() -> None:
    await asyncio.Event().wait()


def test_a_process_that_serves_is_alive_whatever_the_rest_does() -> None:
    response = client(health=Health(_fails, lambda: [STOPPED], 30.0)).get("/healthz")
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"


def test_a_gateway_that_is_well_is_ready() -> None:
    response = client(health=sample_health([WELL])).get("/readyz")
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    assert response.json() == {
        "ready": True,
        "process": os.getpid(),
        "mongodb": True,
        "readModels": [
            {"name": "accounts", "position": "9007199254740993", "lag": 0.123, "stopped": None, "parked": []}
        ],
    }


@pytest.mark.parametrize("unwell", [STOPPED, BEHIND])
def test_a_read_model_that_stopped_or_is_far_behind_turns_it_red(unwell: ReadModelHealth) -> None:
    response = client(health=sample_health([WELL, unwell])).get("/readyz")
    assert (response.status_code, response.json()["ready"]) == (503, False)
    assert response.json()["readModels"][1]["stopped"] == unwell.stopped


def test_parked_keys_are_told_and_do_not_turn_it_red() -> None:
    response = client(health=sample_health([PARKED])).get("/readyz")
    assert response.status_code == 200
    assert response.json()["readModels"][0]["parked"] == ["Account:7"]


@pytest.mark.parametrize("ping", [_fails, _hangs])
def test_a_mongodb_that_does_not_answer_turns_it_red(
    ping: Callable[[], Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "_PATIENCE", 0.02)
    response = client(health=Health(ping, lambda: [WELL], 30.0)).get("/readyz")
    assert (response.status_code, response.json()["mongodb"]) == (503, False)
    assert "secret" not in response.text


def test_an_application_that_breaks_is_an_id_and_no_more() -> None:
    def broken() -> list[ReadModelHealth]:
        raise RuntimeError("secret")

    response = client(health=Health(_fails, broken, 30.0)).get("/readyz")
    assert (response.status_code, code(response)) == (500, "INTERNAL")
    assert "secret" not in response.text
