"""The bank with a little in it, asked in both ways."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from bank import application
from gateway.api.schema import build_schema
from tests.api.plans.modes import Both, both
from tests.audit.world import Sent, World, world

SETUP = """mutation {
    a: registerCustomer(input: {customerId: "Customer:1", name: "Ada", email: "ada@example.com"}) { __typename }
    b: registerCustomer(input: {customerId: "Customer:2", name: "Bo", email: "bo@example.com"}) { __typename }
    c: openAccount(input: {accountId: "Account:1", customerId: "Customer:1", currency: "EUR"}) { __typename }
    d: openAccount(input: {accountId: "Account:2", customerId: "Customer:1", currency: "EUR"}) { __typename }
    e: openAccount(input: {accountId: "Account:3", customerId: "Customer:2", currency: "USD"}) { __typename }
    f: depositMoney(input: {accountId: "Account:1", amount: {amount: "10.50", currency: "EUR"}}) { __typename }
    g: depositMoney(input: {accountId: "Account:3", amount: {amount: "7.00", currency: "USD"}}) { __typename }
    h: transferMoney(
        input: {sourceId: "Account:1", targetId: "Account:2", amount: {amount: "3.25", currency: "EUR"}}
    ) { ... on Receipt { token } }
}"""


@dataclass
class Bank:
    """An open bank; `token` is of the last thing that happened in it."""

    both: Both
    place: World
    token: str

    @property
    def sent(self) -> Sent:
        return self.place.sent


@pytest.fixture(scope="module")
async def bank(mongo_uri: str, _mongo_client: MongoClient[dict[str, Any]]) -> AsyncIterator[Bank]:
    database = f"test_{uuid4().hex}"
    async with world(mongo_uri, database, application=application, plans=True) as place:
        found = await place.ask(SETUP)
        data: Any = found.data
        asked = both(build_schema(place.services.model), place.services)
        made = Bank(asked, place, data["h"]["token"])
        for each in ("accounts", "customers", "statement", "ledgers", "dailyActivities"):
            await asked.ask(f"{{ {each} {{ totalCount }} }}", after=made.token)
        yield made
    _mongo_client.drop_database(database)
