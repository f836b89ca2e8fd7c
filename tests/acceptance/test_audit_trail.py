"""Who asked what, from a running gateway: conversations reach log and trail, personal data no trail."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from bson import Decimal128, encode
from bson.codec_options import CodecOptions
from pymongo import MongoClient

from tests.acceptance.asking import Asker
from tests.acceptance.books import Books
from tests.acceptance.customers import BALANCE, REGISTER, Counter
from tests.acceptance.serving import eventually, serving

OPTIONS: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True, uuid_representation=4)

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{SPAN}-01"

NAME, EMAIL, OTHER, AMOUNT = "Ottilie Lock", "ottilie@example.com", "ottilie.lock@example.com", "4711.25"
FREEZE = "mutation Freeze($id: ID!) { freezeAccount(input: {accountId: $id}) { ... on Receipt { commandId } } }"
TAKE = """mutation Take($input: WithdrawMoneyInput!) {
    withdrawMoney(input: $input) { __typename ... on Rejection { code message } } }"""
CHANGE = """mutation Change($input: ChangeCustomerEmailInput!) {
    changeCustomerEmail(input: $input) { __typename } }"""


def _by_headers(asker: Asker, account: str) -> str:
    headers = {"X-Correlation-Id": "order-7", "traceparent": TRACEPARENT}
    return asker.ask(FREEZE, {"id": account}, headers).data["freezeAccount"]["commandId"]


def _by_trace_alone(asker: Asker, account: str) -> str:
    return asker.ask(FREEZE, {"id": account}, {"traceparent": TRACEPARENT}).data["freezeAccount"]["commandId"]


def _by_request_id(asker: Asker, account: str) -> str:
    return asker.ask(FREEZE, {"id": account}, {"X-Request-Id": "r-1"}).data["freezeAccount"]["commandId"]


def _by_nothing(asker: Asker, account: str) -> str:
    return asker.ask(FREEZE, {"id": account}).data["freezeAccount"]["commandId"]


def _by_an_operation_on_a_socket(asker: Asker, account: str) -> str:
    extensions = {"correlationId": "order-7", "causationId": "Event:4.0"}
    with asker.socket() as socket:
        payload = {"query": FREEZE, "variables": {"id": account}, "extensions": extensions}
        socket.send({"id": "1", "type": "subscribe", "payload": payload})
        return socket.receive()["payload"]["data"]["freezeAccount"]["commandId"]


@pytest.mark.parametrize(
    ("send", "correlation", "causation"),
    [
        (_by_headers, "order-7", SPAN),
        (_by_trace_alone, TRACE, SPAN),
        (_by_request_id, None, "r-1"),
        (_by_nothing, None, None),
        (_by_an_operation_on_a_socket, "order-7", "Event:4.0"),
    ],
)
def test_a_command_s_conversation_and_cause_are_in_its_commit_and_in_its_entry(
    asker: Asker, books: Books, send: Callable[[Asker, str], str], correlation: str | None, causation: str | None
) -> None:
    command_id = send(asker, Counter(asker).open().account)
    eventually(lambda: bool(_entries(books, command_id)), "an entry of the command")
    (entry,) = _entries(books, command_id)
    (commit,) = _found(books, "events", {"command.id": entry["command_id"]})
    assert (commit["correlation"], commit["causation"]) == (correlation, causation)
    assert (entry["correlation_id"], entry["causation_id"]) == (correlation, causation)
    assert (entry["position"], entry["operation"]) == (commit["_id"], "Freeze")


def test_a_conversation_is_found_through_the_api(asker: Asker) -> None:
    correlation = uuid4().hex
    for text in ("query One { __typename }", "query Two { __typename }"):
        asker.ask(text, headers={"X-Correlation-Id": correlation})
    text = "query($id: String!) { auditTrail(where: {correlationId: {eq: $id}}) { nodes { operation actor } } }"
    wanted = [{"operation": each, "actor": "anonymous"} for each in ("Two", "One")]

    def told() -> bool:
        return asker.ask(text, {"id": correlation}).data["auditTrail"]["nodes"] == wanted

    eventually(told, "both operations, the latest first")


def test_what_was_asked_is_kept_when_the_gateway_ends_and_nothing_personal_with_it(
    mongo_uri: str, mongo: MongoClient[dict[str, Any]], database: str
) -> None:
    with serving(mongodb_uri=mongo_uri, database=database) as gateway, Asker(gateway.url) as asker:
        _live(asker)
        asked = 50
        for _ in range(asked):
            asker.ask(BALANCE, {"id": "Account:ottilie-1"})
    books = Books(mongo, database)
    raw = _raw(books, "audit_trail")
    assert len(raw) == asked + 8
    personal = [NAME, EMAIL, OTHER, AMOUNT, "ttilie", "Lock"]
    held = b"".join(raw)
    assert [each for each in personal if each.encode() in held] == []
    assert _amount() not in held
    log = b"".join(_raw(books, "events"))
    assert NAME.encode() in log
    assert _amount() in log


def _live(asker: Asker) -> None:
    """Eight operations that are full of personal data."""
    customer, account = {"customerId": "Customer:ottilie"}, {"accountId": "Account:ottilie-1"}
    money = {"amount": AMOUNT, "currency": "EUR"}
    asker.ask(REGISTER, {"input": {**customer, "name": NAME, "email": EMAIL}})
    asker.ask(REGISTER, {"input": {**customer, "name": NAME, "email": EMAIL}})
    asker.ask(
        "mutation($input: OpenAccountInput!) { openAccount(input: $input) { __typename } }",
        {"input": {**customer, **account, "currency": "EUR"}},
    )
    deposit = "mutation D($input: DepositMoneyInput!) { depositMoney(input: $input) { __typename } }"
    asker.ask(deposit, {"input": {**account, "amount": money}})
    asker.ask(TAKE, {"input": {**account, "amount": {**money, "amount": f"9{AMOUNT}"}}})
    asker.ask(CHANGE, {"input": {**customer, "email": OTHER}})
    asker.ask(f'{{ customers(where: {{name: {{eq: "{NAME}"}}}}) {{ nodes {{ email }} }} }}')
    asker.ask(f'{{ customers(where: {{name: {{eq: "{NAME}"}}}}) {{ nodes {{ e_mail }} }} ')


def _amount() -> bytes:
    """The amount as MongoDB holds it."""
    return encode({"": Decimal128(AMOUNT)})[6:22]


def _entries(books: Books, command_id: str) -> list[dict[str, Any]]:
    return [each for each in _found(books, "audit_trail", {}) if str(each["command_id"]) == command_id]


def _found(books: Books, name: str, query: dict[str, Any]) -> list[dict[str, Any]]:
    return list(books.client[books.database].get_collection(name, OPTIONS).find(query))


def _raw(books: Books, name: str) -> list[bytes]:
    return [encode(each, codec_options=OPTIONS) for each in _found(books, name, {})]
