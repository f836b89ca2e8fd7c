"""Arguments that a plan makes are those that graphql-core and Strawberry make; what it does not make is theirs."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from graphql import OperationDefinitionNode, get_variable_values, parse, validate
from graphql.execution.values import VariableValues
from hypothesis import given, settings
from hypothesis import strategies as st

from bank import application
from gateway.api.plans.arguments import Converting
from gateway.api.plans.compiling import compiled
from gateway.api.plans.inputs import Inputs
from gateway.api.plans.selecting import Chosen
from gateway.api.plans.tree import Plan
from gateway.api.plans.variables import Plain
from gateway.api.requests import Request
from gateway.api.schema import build_schema
from gateway.application.reading import read
from tests.api.plans.conftest import Bank

pytestmark = pytest.mark.anyio

SCHEMA = build_schema(read(application))
GRAPHQL = SCHEMA._schema  # pyright: ignore[reportPrivateUsage] # strawberry has no other name for it


class Variables:
    """The variables of one request, plain or not."""

    def __init__(self, plain: Mapping[str, Any] | None, full: VariableValues) -> None:
        self.plain, self._full = plain, full

    def full(self) -> VariableValues:
        return self._full


class Operation:
    """One planned operation with one field at its top."""

    def __init__(self, text: str) -> None:
        document = parse(text)
        assert not validate(GRAPHQL, document)
        (self.node,) = document.definitions
        assert isinstance(self.node, OperationDefinitionNode)
        self.plan: Plan = compiled(Chosen(GRAPHQL, document, self.node, {}), Converting.of(SCHEMA))
        self.plain = Plain(Inputs(GRAPHQL), self.node)

    def agrees(self, given: Mapping[str, Any]) -> bool:
        """Whether the plan made the arguments; if so, they are what graphql-core and Strawberry make of them."""
        assert isinstance(self.node, OperationDefinitionNode)
        full = get_variable_values(GRAPHQL, self.node.variable_definitions or (), {**given})
        plain = self.plain.read(given)
        if plain is None:
            return False
        assert isinstance(full, VariableValues), full
        (step,) = self.plan.root.later
        wanted = outcome(step.given, Variables(None, full))
        assert outcome(step.given, Variables(plain, full)) == wanted
        return not isinstance(wanted, str)


def outcome(given: Any, variables: Variables) -> Any:
    try:
        return given(variables)
    except Exception as error:
        return repr(error)


TEXTS = st.sampled_from(
    ["Account:1", "1.50", "EUR", "", "OPEN", "DESC", "0190a5e0-0000-7000-8000-000000000001", "é"]
)
LEAVES = TEXTS | st.none() | st.booleans() | st.sampled_from([0, -1, 2.0, 2**31, 2**63]) | st.text(max_size=3)
JUNK = st.recursive(
    LEAVES, lambda below: st.lists(below, max_size=2) | st.dictionaries(TEXTS, below, max_size=2), max_leaves=4
)


def objects(required: dict[str, Any], left_out: dict[str, Any] | None = None) -> st.SearchStrategy[Any]:
    """Mostly what an input type takes, now and then with something wrong in it."""
    known = st.fixed_dictionaries(required, optional=left_out or {})
    more = st.fixed_dictionaries({}, optional=dict.fromkeys((*required, *(left_out or {}), "other"), JUNK))
    both = st.tuples(known, more).map(lambda pair: {**pair[0], **pair[1]})
    return known | known | both | JUNK


IDS = st.just("Account:1") | TEXTS | JUNK
MONEY = objects({"amount": st.just("1.50") | JUNK, "currency": st.just("EUR") | TEXTS})
UUIDS = st.just("0190a5e0-0000-7000-8000-000000000001") | JUNK
OPTIONS = objects({}, {"commandId": UUIDS, "ifUnchanged": st.lists(TEXTS, max_size=2) | JUNK})
MOMENTS = st.just("2026-01-31T12:00:00Z") | JUNK
WHERE = objects({}, {"status": objects({}, {"eq": st.just("OPEN") | JUNK, "in": st.lists(st.just("OPEN")) | JUNK})})
ORDER = objects({"field": st.just("OPENED_AT") | JUNK}, {"direction": st.just("DESC") | JUNK})

OPERATIONS: list[tuple[str, dict[str, Any]]] = [
    (
        """mutation($input: DepositMoneyInput!, $options: CommandOptions) {
            depositMoney(input: $input, options: $options) { __typename } }""",
        {"input": objects({"accountId": IDS, "amount": MONEY}), "options": OPTIONS},
    ),
    (
        """mutation($id: ID!, $amount: Decimal!, $key: UUID, $seen: [Version!]) { depositMoney(
            input: {accountId: $id, amount: {amount: $amount, currency: "EUR"}}
            options: {commandId: $key, ifUnchanged: $seen}) { __typename } }""",
        {"id": IDS, "amount": st.just("1.50") | JUNK, "key": UUIDS, "seen": st.lists(TEXTS, max_size=2) | JUNK},
    ),
    (
        """mutation($one: Version!) { depositMoney(
            input: {accountId: "Account:1", amount: {amount: "1", currency: "EUR"}}
            options: {ifUnchanged: [$one, "other"]}) { __typename } }""",
        {"one": TEXTS | JUNK},
    ),
    (
        """mutation($name: String!, $id: ID) {
            registerCustomer(input: {customerId: $id, name: $name, email: "a@b.c"}) { __typename } }""",
        {"name": TEXTS | JUNK, "id": IDS},
    ),
    (
        """query($from: DateTime, $size: Int = 3, $order: AccountOrder, $status: AccountStatus) { accounts(
            first: $size, where: {openedAt: {gte: $from}, status: {eq: $status}}, orderBy: $order
        ) { totalCount } }""",
        {"from": MOMENTS, "size": st.just(2) | JUNK, "order": ORDER, "status": st.just("OPEN") | JUNK},
    ),
    (
        """query($where: AccountWhere, $way: OrderDirection = ASC) {
            accounts(where: $where, orderBy: {field: OPENED_AT, direction: $way}) { totalCount } }""",
        {"where": WHERE, "way": st.just("DESC") | JUNK},
    ),
    (
        "query($one: AccountStatus! = OPEN) { accounts(where: {status: {in: [$one, FROZEN]}}) { totalCount } }",
        {"one": st.just("FROZEN") | JUNK},
    ),
    ("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": st.lists(IDS, max_size=3) | JUNK}),
    ('query($id: ID!) { nodes(ids: [$id, "x", $id]) { id } }', {"id": IDS}),
    ('query($id: ID = "Account:1") { node(id: $id) { id } }', {"id": IDS}),
    ("query($size: Int) { accounts(first: $size) { totalCount } }", {"size": JUNK}),
    ('{ nodes(ids: "Account:1") { id } }', {}),
    ("{ accounts(where: {status: {in: OPEN}}, first: null) { totalCount } }", {}),
]


@pytest.mark.parametrize("number", range(len(OPERATIONS)))
def test_arguments_are_the_same_whoever_makes_them(number: int) -> None:
    text, variables = OPERATIONS[number]
    operation, made = Operation(text), list[bool]()

    @settings(max_examples=200, deadline=None, database=None, derandomize=True)
    @given(st.fixed_dictionaries({}, optional=variables))
    def compare(given: dict[str, Any]) -> None:
        made.append(operation.agrees(given))

    compare()
    assert any(made)
    assert not variables or not all(made)


DEPOSIT = """mutation($input: DepositMoneyInput!, $options: CommandOptions) {
    depositMoney(input: $input, options: $options) { __typename } }"""
WRITTEN = """mutation($id: ID!, $amount: Decimal!) {
    depositMoney(input: {accountId: $id, amount: {amount: $amount, currency: "EUR"}}) { __typename } }"""
LISTED = """query($from: DateTime!, $ids: [ID!]!) { nodes(ids: $ids) { id }
    accounts(where: {openedAt: {gte: $from}}, orderBy: {field: OPENED_AT}) { nodes { id } } }"""
EUR = {"accountId": "Account:1", "amount": {"amount": "1.00", "currency": "EUR"}}


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        (DEPOSIT, {"input": EUR}),
        (DEPOSIT, {"input": EUR, "options": {"commandId": str(UUID(int=7))}}),
        (WRITTEN, {"id": "Account:1", "amount": "1.00"}),
        (LISTED, {"from": "2026-01-31T12:00:00Z", "ids": ["Account:1"]}),
    ],
)
async def test_arguments_as_they_should_be_need_no_ordinary_executor(
    bank: Bank, query: str, variables: dict[str, Any]
) -> None:
    before = bank.both.executors
    answer = await bank.both.run(Request(query, variables))
    assert not answer.errors
    assert bank.both.executors == before


async def test_one_input_for_two_commands_makes_two_things(bank: Bank) -> None:
    query = """mutation($input: OpenAccountInput!) {
        a: openAccount(input: $input) { ... on OpenAccountAccepted { account { id } } }
        b: openAccount(input: $input) { ... on OpenAccountAccepted { account { id } } } }"""
    answer = await bank.both.run(Request(query, {"input": {"customerId": "Customer:1", "currency": "EUR"}}))
    data: Any = answer.data
    assert data["a"]["account"]["id"] != data["b"]["account"]["id"]
