"""Operations that somebody thought of: each is planned, and answered as the ordinary executor answers it."""

from dataclasses import replace
from typing import Any

import pytest

from gateway.api.requests import Answer, Request
from gateway.api.schema import build_schema
from tests.api.plans.conftest import Bank
from tests.api.plans.modes import both

pytestmark = pytest.mark.anyio

QUERIES = [
    '{ account(id: "Account:1") { id version ownerName status currency balance { amount currency } openedAt } }',
    '{ account(id: "Account:1") { customer { id name accounts { totalCount nodes { id customer { name } } } } } }',
    '{ a: account(id: "Account:1") { b: id a: ownerName id } b: account(id: "Account:nobody") { id } }',
    """{ account(id: "Account:1") { balance { amount } id balance { currency } ...F } }
    fragment F on Account { balance { amount __typename } customer { id } customer { name } }""",
    """{ ... on Query { a: account(id: "Account:2") { ...F ... on Node { id } ... { status } } } __typename }
    fragment F on Node { __typename ... on Account { customer { ...G } } id }
    fragment G on Customer { name ...H } fragment H on Node { id }""",
    '{ account(id: "Account:1") { id @skip(if: true) status @include(if: true) currency @skip(if: false) } }',
    """{ account(id: "Account:1") { ... @include(if: false) { id } ...F @skip(if: true) currency } }
    fragment F on Account { status }""",
    '{ account(id: "Account:1") @skip(if: true) { id } __typename }',
    '{ node(id: "Account:1") { id __typename ... on Account { balance { amount } } ... on Customer { name } } }',
    '{ node(id: "StatementLine:1") { id ... on StatementLine { balance { amount } account { id } } } }',
    '{ nodes(ids: ["Account:1", "Customer:2", "Account:no"]) { id ... on Customer { accounts { totalCount } } } }',
    '{ nodes(ids: ["Account:1", "Nothing:1", "Account:!", "x"]) { id } }',
    '{ nodes(ids: "Account:1") { __typename } }',
    "{ accounts { edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }",
    "{ accounts(first: 2) { nodes { id statement(first: 1) { nodes { amount { amount } at } totalCount } } } }",
    "{ accounts(last: 1, orderBy: {field: OWNER_NAME, direction: DESC}) { nodes { ownerName } } }",
    '{ accounts(where: {customerId: {eq: "Customer:1"}}, orderBy: {field: OWNER_NAME}) { totalCount } }',
    "{ accounts(where: {status: {in: [OPEN, FROZEN]}}) { nodes { id } } }",
    "{ accounts(first: 0) { nodes { id } edges { cursor } pageInfo { startCursor } } }",
    "{ accounts(first: 1, last: 1) { nodes { id } } b: accounts(first: -1) { nodes { id } } }",
    '{ accounts(after: "nonsense") { nodes { id } } }',
    '{ account(id: "Customer:1") { id } b: account(id: "Account:1") { id } }',
    '{ account(id: "") { id } }',
    '{ ledger(currency: "EUR") { __typename id } ledgers { nodes { id } } }',
    '{ dailyActivities { nodes { id day } } parkedViews { key event } bad: parkedViews(readModel: "x") { key } }',
    "{ statement(first: 3) { nodes { id account { ownerName } counterparty: amount { currency } } totalCount } }",
    """{ a: accounts { nodes { status ...F } edges { node { balance { amount } } cursor } }
    b: accounts { totalCount } c: node(id: "Account:1") { ...F } d: account(id: "Account:1") { openedAt }
    e: accounts { nodes { id } } }
    fragment F on Account { version customer { name accounts(first: 1) { nodes { version currency } } } }""",
    """{ a: account(id: "Account:1") { customer { name } } b: account(id: "Account:2") { customer { version } id }
    customer(id: "Customer:1") { email accounts { nodes { ...F } edges { node { id } } } } }
    fragment F on Account { customer { status accounts { totalCount } } statement { nodes { at kind } } }""",
]


@pytest.mark.parametrize("query", QUERIES)
async def test_a_query_is_answered_along_its_plan(bank: Bank, query: str) -> None:
    assert not (await bank.both.ask(query)).refused


BY_ID = """query($id: ID!, $no: Boolean = false, $yes: Boolean!) {
    account(id: $id) { id @skip(if: $no) status @include(if: $yes) } }"""
PAGE = (
    "query($first: Int, $after: String, $where: AccountWhere, $order: AccountOrder) {"
    " accounts(first: $first, after: $after, where: $where, orderBy: $order) { nodes { id } } }"
)
DEFAULTS = (
    'query($id: ID = "Account:2", $n: Int = 1) { account(id: $id) { id } accounts(first: $n) { nodes { id } } }'
)
LITERAL = "query($status: AccountStatus) { accounts(where: {status: {eq: $status}}) { nodes { id } } }"
PLAIN = """query($n: Int, $after: String, $with: Boolean! = true) {
    accounts(first: $n, after: $after) { totalCount @include(if: $with) pageInfo { hasNextPage } } }"""
VARIABLES: list[tuple[str, dict[str, Any]]] = [
    (BY_ID, {"id": "Account:1", "yes": True}),
    (BY_ID, {"id": "Account:1", "yes": False, "no": True}),
    (BY_ID, {"id": "Account:1", "yes": True, "no": None}),
    (BY_ID, {"id": "Account:1", "yes": 1}),
    (BY_ID, {"id": 7, "yes": True}),
    (BY_ID, {"id": None, "yes": True}),
    (BY_ID, {"yes": True}),
    (BY_ID, {"id": ["Account:1"], "yes": True}),
    (BY_ID, {"id": "Account:1", "yes": True, "more": {"than": "asked"}}),
    (PAGE, {}),
    (PAGE, {"first": 2, "after": None, "where": None}),
    (PAGE, {"first": 2.0}),
    (PAGE, {"first": True}),
    (PAGE, {"first": 2**31}),
    (PAGE, {"first": "2"}),
    (PAGE, {"first": 1, "where": {"status": {"in": ["OPEN"]}}, "order": {"field": "OPENED_AT"}}),
    (PAGE, {"where": {"status": {"eq": "NONE"}}}),
    (PAGE, {"order": {"field": "OWNER_NAME", "direction": "DESC"}}),
    (PAGE, {"order": {"direction": "DESC"}}),
    *(
        ("query($n: Int) { accounts(first: $n) { totalCount } }", {"n": each})
        for each in (2, 0, None, True, 2.0, 2.5, 2**31, -(2**31) - 1, "2", [2])
    ),
    *((PLAIN, {"after": each}) for each in ("", None, 7, True, ["x"])),
    *((PLAIN, {"with": each}) for each in (True, False, None, 1, "true")),
    (DEFAULTS, {}),
    (DEFAULTS, {"id": "Account:3", "n": 2}),
    (DEFAULTS, {"id": None}),
    (LITERAL, {}),
    (LITERAL, {"status": None}),
    (LITERAL, {"status": "OPEN"}),
]


@pytest.mark.parametrize(("query", "variables"), VARIABLES)
async def test_variables_are_read_as_ever(bank: Bank, query: str, variables: dict[str, Any]) -> None:
    await bank.both.compare(Request(query, variables))


@pytest.mark.parametrize(
    "query",
    [
        "{ __schema { queryType { name } } accounts { totalCount } }",
        '{ __type(name: "Account") { name } }',
        "{ accounts { nodes { id } } } query Other { accounts { totalCount } }",
        "subscription { events { cursor } }",
    ],
)
async def test_what_is_not_planned_is_left_to_the_ordinary_executor_as_a_whole(bank: Bank, query: str) -> None:
    along = bank.both.along
    await bank.both.compare(Request(query))
    assert bank.both.along == along


DEPOSIT = """mutation($input: DepositMoneyInput!, $options: CommandOptions) {
    depositMoney(input: $input, options: $options) {
        __typename
        ... on Receipt { commandId position token replayed events { __typename id at stream version
            ... on MoneyDeposited { amount { amount } accountId } } }
        ... on DepositMoneyAccepted { account { id balance { amount } }
            query { accounts { totalCount } ledger(currency: "EUR") { id } } }
        ... on Rejection { code message path }
        ... on AmountNotPositive { amount { amount } }
        ... on AccountNotOpen { accountId } } }"""
INPUTS: list[tuple[str, str, str]] = [
    ("Account:1", "1.00", "EUR"),
    ("Account:1", "-1.00", "EUR"),
    ("Account:1", "1.00", "USD"),
    ("Account:none", "1.00", "EUR"),
    ("Customer:1", "1.00", "EUR"),
    ("Account:1", "much", "EUR"),
    ("Account:1", "1.00", "E"),
]


@pytest.mark.parametrize(("account", "amount", "currency"), INPUTS)
async def test_receipts_and_rejections(bank: Bank, account: str, amount: str, currency: str) -> None:
    given = {"accountId": account, "amount": {"amount": amount, "currency": currency}}
    options = {"commandId": "0190a5e0-0000-7000-8000-000000000001"}
    request = Request(DEPOSIT, {"input": given, "options": options})
    await bank.both.planned.execute(request)  # an accepted command is now the same for both
    await bank.both.compare(request)


SEEN = """mutation($seen: [Version!], $id: UUID, $amount: Decimal!) { depositMoney(
    input: {accountId: "Account:2", amount: {amount: $amount, currency: "EUR"}},
    options: {ifUnchanged: $seen, commandId: $id}) {
        __typename
        ... on Receipt { token replayed }
        ... on VersionConflict { current missed since { __typename id } code path message }
        ... on CommandIdReused { code path } } }"""


async def test_versions_and_reused_ids_are_refused_alike(bank: Bank) -> None:
    version = _data(await bank.both.ask('{ account(id: "Account:2") { version } }'))["account"]["version"]
    first: dict[str, Any] = {"seen": [version], "id": "0190a5e0-0000-7000-8000-000000000002", "amount": "1.00"}
    await bank.both.planned.execute(Request(SEEN, first))
    await bank.both.ask(SEEN, first)
    stale = await bank.both.ask(SEEN, {"seen": [version], "amount": "1.00"})
    reused = await bank.both.ask(SEEN, {**first, "amount": "2.00"})
    names = [_data(each)["depositMoney"]["__typename"] for each in (stale, reused)]
    assert names == ["VersionConflict", "CommandIdReused"]
    await bank.both.compare(Request(SEEN, {"seen": ["nonsense"], "amount": "1.00"}))


def _data(answer: Answer) -> Any:
    return answer.data


LAST = """mutation { depositMoney(input: {accountId: "Account:1", amount: {amount: "1", currency: "EUR"}}) {
    ... on Receipt { token } } }"""


async def test_tokens_are_waited_for_and_refused_alike(bank: Bank) -> None:
    await bank.both.ask("{ accounts { totalCount } }", after=bank.token)
    await bank.both.compare(Request("{ accounts { totalCount } }", after="nonsense"))
    services = bank.place.services
    last = _data(await bank.both.run(Request(LAST)))["depositMoney"]["token"]
    await bank.both.ask("{ accounts { totalCount } }", after=last)  # an error says how far the read model is
    settings = services.settings.model_copy(update={"visibility_timeout": 0.01})
    impatient = both(build_schema(services.model), replace(services, settings=settings))
    never = services.signer.token(10**6)
    late = await impatient.ask('{ a: account(id: "Account:1") { id } accounts { totalCount } }', after=never)
    assert [each["extensions"]["code"] for each in late.errors] == ["NOT_YET_VISIBLE", "NOT_YET_VISIBLE"]


async def test_an_accepted_command_is_in_what_its_receipt_shows(bank: Bank) -> None:
    given = {"accountId": "Account:3", "amount": {"amount": "1.00", "currency": "USD"}}
    along = bank.both.along
    answer = await bank.both.run(Request(DEPOSIT.replace("EUR", "USD"), {"input": given}))
    receipt = _data(answer)["depositMoney"]
    assert receipt["account"] == {"id": "Account:3", "balance": {"amount": "8.00"}}
    assert receipt["query"] == {"accounts": {"totalCount": 3}, "ledger": {"id": "Ledger:USD"}}
    assert bank.both.along == along + 1


async def test_a_variable_of_another_operation_has_this_one_s_name(bank: Bank) -> None:
    """It is a condition there, and a list here."""
    lists = "query A($x: [ID!]!) { nodes(ids: $x) { id } }"
    query = lists + " query B($x: Boolean!) { accounts { totalCount @skip(if: $x) } }"
    for name, value in (("A", ["Account:1"]), ("B", True), ("A", ["Account:2"])):
        answer = await bank.both.compare(Request(query, {"x": value}, operation=name))
        assert not answer.errors
