"""More commands than the watcher keeps up with: the read models stay within the setting of the log's head."""

import asyncio
from uuid import uuid4

import pytest

from bank import application
from gateway.messages import Envelope, Receipt
from gateway.runtime import opened, serving, watching
from gateway.settings import load_settings
from tests.support.workload import OPEN, REGISTER, deposit

pytestmark = pytest.mark.anyio

LIMIT, CLIENTS = 50, 32


async def test_no_read_model_is_further_behind_than_the_setting(mongo_uri: str, database: str) -> None:
    settings = load_settings(database=database, lag_commits=LIMIT, fold_commits=5, audit_days=0)
    async with (
        opened(application, settings, mongo_uri) as store,
        watching(store, settings),
        serving(store, settings) as services,
    ):
        names = [each.name for each in store.model.read_models]
        lags = list[int]()

        async def send(command: object) -> None:
            receipt = await services.execute(Envelope(command, uuid4()))
            assert isinstance(receipt, Receipt)
            lags.append(receipt.position - min(map(services.positions.reached, names)))

        async def client() -> None:
            for _ in range(40):
                await send(deposit(1))

        await send(REGISTER)
        await send(OPEN)
        await asyncio.gather(*(client() for _ in range(CLIENTS)))
        assert max(lags) > LIMIT // 2, "nobody would have been held back"
        assert max(lags) <= LIMIT + 2 * CLIENTS
