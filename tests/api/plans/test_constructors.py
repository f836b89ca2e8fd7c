"""A view that is made of what is stored by a constructor of its own is shown as that makes it."""

from dataclasses import dataclass, replace

import pytest

from bank import application
from domain.customer.events import CustomerId, CustomerRegistered
from gateway.api.schema import build_schema
from gateway.application import View
from gateway.mongo.client import collection
from tests.api.plans.modes import both
from tests.audit.world import world

pytestmark = pytest.mark.anyio


@dataclass(frozen=True, slots=True)
class Known:
    """A customer whose name has no blanks around it."""

    customer: CustomerId
    name: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.name.strip())


def know(known: Known | None, event: CustomerRegistered) -> Known:
    return Known(event.customer, event.name)


async def test_a_constructor_has_the_last_word(mongo_uri: str, database: str) -> None:
    knowing = replace(application, views=[View(know, one="known", many="knowns")])
    async with world(mongo_uri, database, application=knowing, plans=True) as place:
        await place.ask(
            'mutation { registerCustomer(input: {customerId: "Customer:1", name: "Ada", email: "a@example.com"}) '
            "{ __typename } }"
        )
        asked = both(build_schema(place.services.model), place.services)
        await place.services.positions.wait("knowns", 1, 30)
        stored = collection(place.mongo.database, "views.knowns.1")
        assert (await stored.update_one({"_id": "1"}, {"$set": {"name": " Ada "}})).modified_count == 1
        answer = await asked.ask('{ known(id: "Known:1") { name } }')
        assert answer.data == {"known": {"name": "Ada"}}
