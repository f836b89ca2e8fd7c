"""A plan reads of views what is selected of them; the ordinary executor reads them whole and says the same."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from gateway.api.requests import Request
from gateway.mongo.client import collection
from tests.api.plans.conftest import Bank

pytestmark = pytest.mark.anyio

BALANCE = "fragment F on Account { balance { amount } }"
PARTS: list[tuple[str, list[tuple[str, set[str]]]]] = [
    ('{ account(id: "Account:1") { id __typename } }', [("accounts", set())]),
    ('{ account(id: "Account:1") { version } }', [("accounts", {"_version"})]),
    ('{ account(id: "Account:1") { a: status b: status } }', [("accounts", {"status"})]),
    (
        f"""{{ account(id: "Account:1") {{ ...F ...G }} }} {BALANCE}
        fragment G on Account {{ openedAt balance {{ currency }} }}""",
        [("accounts", {"balance", "opened_at"})],
    ),
    (
        f'{{ a: account(id: "Account:1") {{ ...F }} b: account(id: "Account:1") {{ ownerName }} }} {BALANCE}',
        [("accounts", {"balance", "owner_name"})],
    ),
    ('{ account(id: "Account:1") { customer { name } } }', [("accounts", {"customer"}), ("customers", {"name"})]),
    (
        '{ customer(id: "Customer:1") { accounts { nodes { status customer { email } } } } }',
        [("customers", set()), ("accounts", {"status", "customer", "owner_name"}), ("customers", {"email"})],
    ),
    (
        "{ accounts { edges { cursor node { currency } } nodes { status } } }",
        [("accounts", {"currency", "status"})],
    ),
    ("{ accounts(orderBy: {field: OWNER_NAME}) { pageInfo { endCursor } } }", [("accounts", {"owner_name"})]),
    (
        '{ nodes(ids: ["Account:1", "Customer:1"]) { id ... on Account { status } ... on Customer { name } } }',
        [("accounts", {"status"}), ("customers", {"name"})],
    ),
    ('{ node(id: "Account:2") { ... on Customer { name } } }', [("accounts", set())]),
    ("{ statement(first: 2) { nodes { kind amount { amount } } } }", [("statement", {"kind", "amount"})]),
]


@pytest.mark.parametrize(("query", "parts"), PARTS)
async def test_a_plan_reads_what_is_selected(bank: Bank, query: str, parts: list[tuple[str, set[str]]]) -> None:
    assert not (await bank.both.ask(query)).errors
    bank.place.sent.commands.clear()
    await bank.both.run(Request(query))
    assert read(bank) == [(name, wanted | {"_id"}) for name, wanted in parts]


def read(bank: Bank) -> list[tuple[str, set[str]]]:
    """The questions for views: of which read model, and for which fields."""
    found: list[tuple[str, set[str]]] = []
    for command in bank.place.sent.commands:
        name = command["find"] if "find" in command else _looked_up(command)
        if name.startswith("views."):
            fields = command["projection"] if "find" in command else _projected(command)
            found.append((name.split(".")[1], {*fields}))
    return found


def _looked_up(command: Mapping[str, Any]) -> str:
    return next((each["$lookup"]["from"] for each in command.get("pipeline", ()) if "$lookup" in each), "")


def _projected(command: Mapping[str, Any]) -> Mapping[str, Any]:
    (lookup,) = [each["$lookup"] for each in command["pipeline"] if "$lookup" in each]
    return lookup["pipeline"][-1]["$project"]


SKIPPED = """query($no: Boolean!, $yes: Boolean!) { account(id: "Account:1") {
    status @skip(if: $no) balance @include(if: $yes) { amount } } }"""


@pytest.mark.parametrize("no", [False, True])
@pytest.mark.parametrize("yes", [False, True])
async def test_what_is_skipped_is_not_read(bank: Bank, no: bool, yes: bool) -> None:
    variables = {"no": no, "yes": yes}
    await bank.both.ask(SKIPPED, variables)
    bank.place.sent.commands.clear()
    await bank.both.run(Request(SKIPPED, variables))
    wanted = ["_id", *(["status"] if not no else []), *(["balance"] if yes else [])]
    assert read(bank) == [("accounts", {*wanted})]


async def test_requests_of_one_moment_with_different_selections_are_one_question(bank: Bank) -> None:
    selected = ["id", "status", "balance { amount }", "version", "customer { name }", "customer { version id }"]
    await agree(bank, [f'{{ account(id: "Account:{n}") {{ {each} }} }}' for each in selected for n in (1, 2)])
    accounts = {"_id", "status", "balance", "_version", "customer"}
    assert read(bank) == [("accounts", accounts), ("customers", {"_id", "name", "_version"})]


async def test_nested_lists_of_one_moment_with_different_selections_are_one_question(bank: Bank) -> None:
    lists = ["status", "balance { currency } version", "customer { name } id"]
    listed = [f"accounts {{ edges {{ cursor node {{ {each} }} }} }}" for each in lists]
    await agree(bank, [f'{{ customer(id: "Customer:{n}") {{ {each} }} }}' for each in listed for n in (1, 2)])
    accounts = {"_id", "owner_name", "status", "balance", "_version", "customer"}
    assert read(bank) == [("customers", {"_id"}), ("accounts", accounts), ("customers", {"_id", "name"})]


async def agree(bank: Bank, queries: Sequence[str]) -> None:
    """Asks all of them at once; each has the answer that it has alone, and without plans."""
    wanted = [await bank.both.ask(each) for each in queries]
    bank.place.sent.commands.clear()
    found = await asyncio.gather(*(bank.both.planned.execute(Request(each)) for each in queries))
    assert [each.data for each in found] == [each.data for each in wanted]


@pytest.mark.parametrize("selected", ["id status", "id balance { amount currency }", "status ownerName"])
async def test_what_is_stored_otherwise_than_expected_is_told_where_it_is_selected(
    bank: Bank, selected: str
) -> None:
    accounts = collection(bank.place.mongo.database, "views.accounts.1")
    before = await accounts.find_one({"_id": "2"})
    assert before
    try:
        await accounts.update_one({"_id": "2"}, {"$set": {"status": "LOST", "balance.amount": "much"}})
        answer = await bank.both.ask(f'{{ account(id: "Account:2") {{ {selected} }} accounts {{ totalCount }} }}')
        assert answer.errors
        answer = await bank.both.ask('{ account(id: "Account:2") { id ownerName } }')
        assert not answer.errors
    finally:
        await accounts.replace_one({"_id": "2"}, before)
