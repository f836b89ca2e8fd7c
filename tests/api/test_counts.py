"""What requests cost, counted: commands to MongoDB, plans, bytes. None of it depends on how fast a machine is.

The process that is asked builds no read models, so whatever it sends is sent for what it is asked.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import bson
import orjson
import pytest
import strawberry
from pymongo import MongoClient
from pymongo.monitoring import CommandStartedEvent, CommandSucceededEvent

from bank import application
from gateway.api.execution import Api
from gateway.api.plans.arguments import Converting
from gateway.api.plans.compiling import compiled
from gateway.api.plans.selecting import Chosen
from gateway.api.requests import Answer
from gateway.api.schema import build_schema
from gateway.mongo.client import OPTIONS
from gateway.queries.positions import SILENCE
from tests.audit.world import Sent, World, world
from tests.support.faults import failing

pytestmark = pytest.mark.anyio

AT_ONCE, PAGE = 64, 100
ACCOUNTS = [f"Account:a{number:03}" for number in range(PAGE)]

BY_ID = "query($id: ID!) { account(id: $id) { id balance { amount } } }"
CONNECTION = "query($first: Int) { accounts(first: $first) { nodes { id ownerName balance { amount } } } }"
NESTED = """query($first: Int) {
    accounts(first: $first) { nodes { id customer { name } statement(first: 1) { nodes { id } } } totalCount }
}"""
REGISTER = """mutation {
    registerCustomer(input: {customerId: "Customer:c", name: "Ada", email: "ada@example.com"}) { __typename }
}"""
OPEN = "mutation($input: OpenAccountInput!) { openAccount(input: $input) { ... on Receipt { position } } }"
DEPOSIT = """mutation($input: DepositMoneyInput!, $options: CommandOptions) {
    depositMoney(input: $input, options: $options) { ... on Receipt { position token replayed } }
}"""
READ_BACK = """mutation($input: DepositMoneyInput!) {
    depositMoney(input: $input) { ... on DepositMoneyAccepted { account { balance { amount } } } }
}"""
OVERDRAW = (
    """mutation($input: WithdrawMoneyInput!) { withdrawMoney(input: $input) { ... on Rejection { code } } }"""
)


class Weighed(Sent):
    """What was sent to MongoDB, and how many bytes that and its answers were; the change stream's are left out."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = self.told = 0

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name != "getMore":
            super().started(event)
            self.asked += _bytes(event.command)

    def succeeded(self, event: CommandSucceededEvent) -> None:
        if event.command_name != "getMore":
            self.told += _bytes(event.reply)

    def named(self) -> Counter[str]:
        """The commands by name and collection; they are forgotten with that."""
        found = Counter(f"{name} {of}" for name, of in self.all)
        self.all.clear()
        self.asked = self.told = 0
        return found


def _bytes(document: Any) -> int:
    return len(bson.encode(document, codec_options=OPTIONS))


@pytest.fixture(scope="module")
async def opened(mongo_uri: str, _mongo_client: MongoClient[dict[str, Any]]) -> AsyncIterator[World]:
    """The bank with a hundred accounts, all of them visible; another process builds its read models."""
    database = f"test_{uuid4().hex}"
    given: dict[str, Any] = {"application": application, "audit_days": 0, "plans": True}
    async with (
        world(mongo_uri, database, **given),
        world(mongo_uri, database, watch=False, sent=Weighed(), **given) as place,
    ):
        await ask(place, REGISTER)
        opening = [{"accountId": each, "customerId": "Customer:c", "currency": "EUR"} for each in ACCOUNTS]
        answers = await asyncio.gather(*(ask(place, OPEN, {"input": each}) for each in opening))
        await visible(place, max(int(each["position"]) for each in answers))
        yield place
        # The builder is at rest when it is closed: PyMongo leaves the socket of a connection to Python's garbage
        # collection if the task that opens it is cancelled, and Python warns of that.
        await visible(place, int((await deposit(place))["position"]))
    _mongo_client.drop_database(database)


@pytest.fixture(scope="module")
def schema(opened: World) -> strawberry.Schema:
    return build_schema(opened.services.model)


@pytest.fixture
async def bank(opened: World, schema: strawberry.Schema) -> World:
    """The bank without any plan, at the log's head, and with nothing counted yet."""
    await deposit(opened)
    weighed(opened).named()
    return replace(opened, api=Api(schema, opened.services))


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What plans were made of."""
    made: list[object] = []

    def noted(chosen: Chosen, converting: Converting) -> object:
        made.append(chosen)
        return compiled(chosen, converting)

    monkeypatch.setattr("gateway.api.plans.keeping.compiled", noted)
    return made


def weighed(bank: World) -> Weighed:
    assert isinstance(bank.sent, Weighed)
    return bank.sent


async def visible(bank: World, position: int) -> None:
    """Returns when all read models have come to a position."""
    for each in bank.services.model.read_models:
        await bank.services.positions.wait(each.name, position, 30)


async def ask(bank: World, query: str, variables: dict[str, Any] | None = None, **more: Any) -> Any:
    """What the operation's one field answers."""
    return _only(await bank.ask(query, variables, **more))


def _only(answer: Answer) -> Any:
    assert not answer.errors, answer
    assert answer.data
    (found,) = answer.data.values()
    return found


def paid(account: str, amount: str = "1.00") -> dict[str, Any]:
    return {"accountId": account, "amount": {"amount": amount, "currency": "EUR"}}


async def deposit(bank: World, account: str = ACCOUNTS[0], command_id: str | None = None) -> dict[str, Any]:
    options = {"commandId": command_id or str(uuid4())}
    receipt = await ask(bank, DEPOSIT, {"input": paid(account), "options": options})
    assert receipt["position"]
    return receipt


async def by_id(bank: World) -> Any:
    return await ask(bank, BY_ID, {"id": ACCOUNTS[5]})


async def connection(bank: World, first: int = PAGE) -> Any:
    return await ask(bank, CONNECTION, {"first": first})


async def deposits(bank: World) -> list[dict[str, Any]]:
    return await asyncio.gather(*(deposit(bank, each) for each in ACCOUNTS[:AT_ONCE]))


async def test_a_query_by_id_is_one_read_and_one_plan(bank: World, plans: list[object]) -> None:
    for each in (ACCOUNTS[1], ACCOUNTS[2], ACCOUNTS[1]):
        assert (await ask(bank, BY_ID, {"id": each}))["id"] == each
        assert weighed(bank).named() == {"find views.accounts.1": 1}
    assert len(plans) == 1


async def test_queries_by_id_that_come_at_once_are_one_read_and_one_plan(bank: World, plans: list[object]) -> None:
    answers = await asyncio.gather(*(ask(bank, BY_ID, {"id": each}) for each in ACCOUNTS[:AT_ONCE]))
    assert [each["id"] for each in answers] == ACCOUNTS[:AT_ONCE]
    assert weighed(bank).named() == {"find views.accounts.1": 1}
    assert len(plans) == 1


@pytest.mark.parametrize("first", [1, 10, PAGE])
async def test_a_connection_is_one_read_however_long_it_is(bank: World, first: int) -> None:
    assert len((await connection(bank, first))["nodes"]) == first
    assert weighed(bank).named() == {"find views.accounts.1": 1}


@pytest.mark.parametrize("first", [2, PAGE])
async def test_what_is_nested_in_a_connection_is_one_read_for_each_kind_of_it(bank: World, first: int) -> None:
    assert len((await ask(bank, NESTED, {"first": first}))["nodes"]) == first
    assert weighed(bank).named() == {
        "find views.accounts.1": 1,
        "aggregate views.accounts.1": 1,  # the total
        "find views.customers.1": 1,
        "aggregate 1": 1,  # the statements
    }


async def test_a_lone_mutation_is_one_insert(bank: World, plans: list[object]) -> None:
    for _ in range(2):
        await deposit(bank)
        assert weighed(bank).named() == {"insert events": 1}
    assert len(plans) == 1


@pytest.mark.parametrize("accounts", [ACCOUNTS[:AT_ONCE], ACCOUNTS[:1] * AT_ONCE], ids=["many", "one"])
async def test_mutations_that_come_at_once_are_one_insert(
    bank: World, plans: list[object], accounts: list[str]
) -> None:
    receipts = await asyncio.gather(*(deposit(bank, each) for each in accounts))
    assert len({each["position"] for each in receipts}) == AT_ONCE
    assert weighed(bank).named() == {"insert events": 1}
    assert len(plans) == 1


async def test_a_command_that_is_sent_again_is_looked_up_behind_one_insert_that_fails(bank: World) -> None:
    id_ = str(uuid4())
    first = await deposit(bank, command_id=id_)
    weighed(bank).named()
    again = await deposit(bank, command_id=id_)
    assert (again["position"], again["replayed"]) == (first["position"], True)
    assert weighed(bank).named() == {"insert events": 1, "find events": 2}


async def test_a_command_that_is_sent_many_times_at_once_is_one_insert(bank: World) -> None:
    id_ = str(uuid4())
    receipts = await asyncio.gather(*(deposit(bank, command_id=id_) for _ in range(AT_ONCE)))
    assert len({each["position"] for each in receipts}) == 1
    assert weighed(bank).named() == {"insert events": 1}


async def test_a_rejection_is_proved_by_two_reads(bank: World) -> None:
    """What is new in the log, and whether it holds the command already."""
    rejection = await ask(bank, OVERDRAW, {"input": paid(ACCOUNTS[0], "1000000.00")})
    assert rejection["code"] == "INSUFFICIENT_FUNDS"
    assert weighed(bank).named() == {"find events": 2}


async def test_a_receipt_s_own_view_is_one_read_behind_the_insert(bank: World) -> None:
    receipt = await ask(bank, READ_BACK, {"input": paid(ACCOUNTS[3])})
    assert receipt["account"]["balance"]["amount"]
    sent, _ = without_lookups(weighed(bank).named())
    assert sent == {"insert events": 1, "find views.accounts.1": 1}


@pytest.mark.parametrize("waiting", [1, AT_ONCE])
async def test_whoever_waits_for_a_token_asks_nothing_until_it_is_there(
    bank: World, mongo_uri: str, waiting: int
) -> None:
    """The checkpoints are looked up in silence alone, and then once a second for all who wait."""
    stuck = {"blockConnection": True, "blockTimeMS": 300, "appName": "tidegate"}
    async with failing(mongo_uri, ["commitTransaction"], stuck):
        token = (await deposit(bank, ACCOUNTS[4]))["token"]
        weighed(bank).named()
        began = time.monotonic()
        await asyncio.gather(*(ask(bank, BY_ID, {"id": ACCOUNTS[4]}, after=token) for _ in range(waiting)))
        most = 1 + (time.monotonic() - began) / SILENCE
    sent, lookups = without_lookups(weighed(bank).named())
    assert sent == {"find views.accounts.1": 1}
    assert lookups <= most


def without_lookups(sent: Counter[str]) -> tuple[dict[str, int], int]:
    """What was sent besides looking up how far the read models are, and how often that was done."""
    looking = {"find live", "find checkpoints"}
    return {name: times for name, times in sent.items() if name not in looking}, max(sent[each] for each in looking)


@pytest.mark.parametrize("accounts", [1, AT_ONCE])
async def test_a_process_that_holds_no_state_reads_together_what_it_needs(
    bank: World, mongo_uri: str, accounts: int
) -> None:
    """The log's head, snapshots, and the events of all streams."""
    given: dict[str, Any] = {"application": application, "audit_days": 0, "watch": False}
    async with world(mongo_uri, bank.mongo.database.name, sent=Weighed(), **given) as fresh:
        weighed(fresh).named()
        await asyncio.gather(*(deposit(fresh, each) for each in ACCOUNTS[:accounts]))
        assert weighed(fresh).named() == {"find events": 2, "find snapshots": 1, "insert events": 1}


async def test_an_answer_has_few_bytes_besides_its_data(bank: World) -> None:
    for query, given in ((BY_ID, {"id": ACCOUNTS[5]}), (CONNECTION, {"first": PAGE})):
        answer = (await bank.ask(query, given)).document()
        assert len(orjson.dumps(answer)) - len(orjson.dumps(answer["data"])) <= 100


@pytest.mark.parametrize(
    ("work", "asked", "told"),
    [
        (by_id, 500, 600),
        (connection, 600, 250 + 320 * PAGE),
        (deposit, 900, 300),
        (deposits, 450 + 480 * AT_ONCE, 300),
    ],
)
async def test_few_bytes_go_to_mongodb_and_come_from_it(
    bank: World, work: Callable[[World], Awaitable[object]], asked: int, told: int
) -> None:
    """Bounds, and no more: positions and versions have more bytes at one time than at another."""
    await work(bank)
    assert weighed(bank).asked <= asked
    assert weighed(bank).told <= told
