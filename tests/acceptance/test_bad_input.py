"""Values that make no sense: each gets one sentence with a code, and changes nothing."""

import json
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from pymongo import MongoClient

from gateway.signing import Signer
from tests.acceptance.asking import Answer, Asker
from tests.acceptance.books import Books
from tests.acceptance.conftest import Serve
from tests.acceptance.customers import BALANCE, DEPOSIT, REGISTER, Counter

INSIDE = re.compile(
    r"Traceback|\bFile \"|0x[0-9a-f]{6}|site-packages|\.py\b|NoneType|\bException\b|__\w+__|pymongo|bson"
)
"""What an answer never tells: words of the inside."""

ACCOUNTS = """query($first: Int, $after: String, $last: Int, $before: String, $where: AccountWhere,
    $orderBy: AccountOrder) { accounts(first: $first, after: $after, last: $last, before: $before, where: $where,
    orderBy: $orderBy) { edges { cursor } } }"""

FREEZE = "mutation($id: ID!) { freezeAccount(input: {accountId: $id}) { __typename } }"

OF_ACCOUNT = "query($id: ID!) { statement(where: {accountId: {eq: $id}}) { nodes { id } } }"

DIGITS_40 = "1" * 40


@pytest.fixture(scope="module")
def counter(gateway_url: str) -> Generator[Counter]:
    with Asker(gateway_url) as asker:
        counter = Counter(asker).open()
        counter.deposited("5.00")
        yield counter


@contextmanager
def changing_nothing(counter: Counter, books: Books) -> Generator[None]:
    head, before = books.read().head, counter.asker.ask(BALANCE, {"id": counter.account}).data
    yield
    assert books.read().head == head
    assert counter.asker.ask(BALANCE, {"id": counter.account}).data == before


def refusal(answer: Answer) -> Mapping[str, Any]:
    """The one error of an answer that has nothing else."""
    (error,) = answer.errors
    data: dict[str, Any] = answer.body.get("data") or {}
    assert not any(data.values())
    assert answer.status < 500
    _is_one_clear_sentence(error["message"])
    assert not INSIDE.search(answer.text)
    return error


def _is_one_clear_sentence(message: str) -> None:
    assert 10 < len(message) <= 500
    assert message.isprintable()
    assert message[-1] in ".?…" or message.startswith("Variable "), message


@pytest.mark.parametrize(
    "amount",
    [
        "NaN",
        "Infinity",
        "-Infinity",
        "1e400",
        "1E2",
        DIGITS_40,
        "0." + DIGITS_40,
        "",
        " ",
        "1 ",
        "+1",
        "1,5",
        "0x1F",
        "١٢",
        "1.",
        ".5",
        "--1",
        "1" * 100_000,
        10.5,
        10,
        True,
        None,
        [],
        ["1"],
        {},
        {"$gt": 0},
    ],
    ids=lambda value: repr(value)[:12],
)
def test_an_amount_that_is_no_decimal(counter: Counter, books: Books, amount: Any) -> None:
    with changing_nothing(counter, books):
        assert refusal(counter.deposit(amount))["extensions"]["code"] == "BAD_INPUT"


@pytest.mark.parametrize(
    "literal", ['"NaN"', '"1e400"', "1e400", "NaN", "10.50", f'"{DIGITS_40}"', "null", "EUR", "[]"]
)
def test_an_amount_in_the_document_that_is_no_decimal(counter: Counter, books: Books, literal: str) -> None:
    text = f"""mutation {{ depositMoney(input: {{ accountId: "{counter.account}",
        amount: {{ amount: {literal}, currency: "EUR" }} }}) {{ __typename }} }}"""
    with changing_nothing(counter, books):
        code = refusal(counter.asker.ask(text))["extensions"]["code"]
    assert code in ("BAD_INPUT", "GRAPHQL_VALIDATION_FAILED")


@pytest.mark.parametrize("amount", ["-1.00", "0", "-0.00"])
def test_money_below_or_at_zero_is_a_rejection_of_the_domain(counter: Counter, books: Books, amount: str) -> None:
    with changing_nothing(counter, books):
        assert counter.deposited(amount)["code"] == "AMOUNT_NOT_POSITIVE"


@pytest.mark.parametrize(
    "name",
    ["a\0b", "a\x07b", "\x1b[31mred", "\x7f", "\u0085", "\ufdd0", "x" * 10_001, "x" * 900_000, 7, None, ["Ada"]],
    ids=lambda value: repr(value)[:12],
)
def test_a_text_that_is_none(counter: Counter, books: Books, name: Any) -> None:
    with changing_nothing(counter, books):
        answer = counter.asker.ask(REGISTER, {"input": {"name": name, "email": "a@example.com"}})
        assert refusal(answer)["extensions"]["code"] == "BAD_INPUT"


@pytest.mark.parametrize(
    "name", ["", " ", "\t", "\u200b", "x" * 10_000, "a\u2028b"], ids=lambda value: repr(value)[:12]
)
def test_a_text_that_is_no_name_is_a_rejection_of_the_domain(counter: Counter, books: Books, name: str) -> None:
    with changing_nothing(counter, books):
        answer = counter.asker.ask(REGISTER, {"input": {"name": name, "email": "a@example.com"}})
        assert answer.data["registerCustomer"]["code"].startswith("NAME_")


@pytest.mark.parametrize("escaped", [r"\ud800", r"\udc00\ud800", r"a\udfff"])
def test_a_lone_surrogate(counter: Counter, books: Books, escaped: str) -> None:
    variables = f'{{"input": {{"name": "{escaped}", "email": "a@example.com"}}}}'
    in_variables = f'{{"query": {json.dumps(REGISTER)}, "variables": {variables}}}'
    document = (
        f'mutation {{ registerCustomer(input: {{name: "{escaped}", email: "a@example.com"}}) {{ __typename }} }}'
    )
    with changing_nothing(counter, books):
        assert refusal(counter.asker.post(in_variables.encode()))["extensions"]["code"] in ("BAD_JSON", "BAD_INPUT")
        code = refusal(counter.asker.ask(document))["extensions"]["code"]
        assert code in ("GRAPHQL_PARSE_FAILED", "BAD_INPUT")


@pytest.mark.parametrize(
    "id_",
    [
        "Customer:1",
        "account:1",
        "Account",
        "Account:",
        ":1",
        "1",
        "",
        "Account:a b",
        "Account:ä",
        "Account:$where",
        "Account:" + "1" * 65,
        "Account:1\n",
        "Account:../1",
        "Event:1.0",
        "x" * 100_000,
        1.5,
        True,
        [],
        {},
    ],
    ids=lambda value: repr(value)[:14],
)
def test_an_id_that_is_none_of_an_account(counter: Counter, books: Books, id_: Any) -> None:
    with changing_nothing(counter, books):
        for text in (BALANCE, FREEZE, OF_ACCOUNT):
            assert refusal(counter.asker.ask(text, {"id": id_}))["extensions"]["code"] == "BAD_INPUT"


def test_the_place_of_a_bad_value_is_named(counter: Counter) -> None:
    error = refusal(counter.asker.ask(FREEZE, {"id": "Customer:1"}))
    assert error["extensions"]["inputPath"] == ["input", "accountId"]
    assert error["message"] == "This is no id of kind Account: ids here begin with Account:."


@pytest.mark.parametrize(
    "arguments",
    [
        {"first": -1},
        {"first": 501},
        {"first": 2**31 - 1},
        {"last": -1},
        {"last": 501},
        {"first": 1, "last": 1},
    ],
    ids=str,
)
def test_a_page_that_is_not_offered(counter: Counter, arguments: Mapping[str, Any]) -> None:
    error = refusal(counter.asker.ask(ACCOUNTS, arguments))
    assert error["extensions"]["code"] in ("BAD_PAGE", "QUERY_TOO_COMPLEX")


@pytest.mark.parametrize(
    "arguments",
    [
        {"first": 2**31},
        {"first": 1.5},
        {"first": "1"},
        {"first": True},
        {"first": []},
        {"where": {"balance": {"eq": "1"}}},
        {"where": {"nothing": 1}},
        {"where": []},
        {"where": "x"},
        {"where": {"status": {"eq": "open"}}},
        {"where": {"status": {"eq": "LOST"}}},
        {"where": {"status": {"eq": "OPEN"}, "currency": {"eq": "EUR"}}},
        {"where": {"currency": {"eq": ""}}},
        {"where": {"currency": {"eq": "E\nR"}}},
        {"where": {"currency": {"eq": "E" * 321}}},
        {"where": {"currency": {"eq": {"$ne": 1}}}},
        {"where": {"openedAt": {"gt": "yesterday"}}},
        {"where": {"openedAt": {"gt": "2026-02-30T00:00:00Z"}}},
        {"where": {"openedAt": {"gt": "2026-01-31T00:00:00"}}},
        {"where": {"openedAt": {"gt": 1769817600}}},
        {"where": {"openedAt": {"gt": "2026-W05-6T00:00:00Z"}}},
        {"where": {"openedAt": {"gt": "20260131T000000Z"}}},
        {"where": {"openedAt": {"gt": "0001-01-01T00:00:00+14:00"}}},
        {"where": {"ownerName": {"startsWith": "a\0b"}}},
        {"where": {"ownerName": {"eq": "x" * 10_001}}},
        {"where": {"ownerName": {"in": ["x" * 10_001]}}},
        {"where": {"ownerName": {"in": [str(number) for number in range(51)]}}},
        {"where": {"ownerName": {"in": ["Ada"], "startsWith": "A"}}},
        {"where": {"ownerName": {"in": [None]}}},
        {"where": {"customerId": {"in": ["Customer:1", "Account:1"]}}},
        {"where": {"status": {"in": "LOST"}}},
        {"where": {"status": {"in": ["OPEN"], "eq": "OPEN"}}},
        {"where": {"status": {"isNull": True}}},
        {"orderBy": {"field": "BALANCE"}},
        {"orderBy": {"field": "ID"}},
        {"orderBy": {}},
        {"orderBy": {"field": "OPENED_AT", "direction": "UP"}},
    ],
    ids=lambda value: str(value)[:50],
)
def test_an_argument_that_makes_no_sense(counter: Counter, arguments: Mapping[str, Any]) -> None:
    assert refusal(counter.asker.ask(ACCOUNTS, arguments))["extensions"]["code"] == "BAD_INPUT"


def test_a_cursor_of_nobody_or_of_another_connection(counter: Counter) -> None:
    cursor = counter.asker.ask(ACCOUNTS, {"first": 1}).data["accounts"]["edges"][0]["cursor"]
    order = {"orderBy": {"field": "OPENED_AT"}}
    flipped = cursor[:20] + ("A" if cursor[20] != "A" else "B") + cursor[21:]
    for given in ("", "x", "MTIz", "=", "ä", flipped, cursor + "A", "x" * 100_000):
        for name in ("after", "before"):
            error = refusal(counter.asker.ask(ACCOUNTS, {name: given}))
            assert error["extensions"]["code"] == "BAD_CURSOR"
    assert refusal(counter.asker.ask(ACCOUNTS, {"after": cursor, **order}))["extensions"]["code"] == "BAD_CURSOR"


@pytest.mark.parametrize("token", ["x", "AAAA", "ä", "=", "x" * 100_000])
def test_a_token_of_nobody(counter: Counter, books: Books, token: str) -> None:
    body = {"query": DEPOSIT, "variables": _deposit_of(counter), "extensions": {"after": token}}
    with changing_nothing(counter, books):
        assert refusal(counter.asker.post(json.dumps(body).encode()))["extensions"]["code"] == "BAD_TOKEN"


def test_a_token_from_the_future_waits_no_longer_than_the_limit(
    serve: Serve, mongo: MongoClient[dict[str, Any]], database: str
) -> None:
    with Asker(serve(visibility_timeout=0.3).url) as asker:
        counter = Counter(asker).open()
        identity = mongo[database]["identity"].find_one("log") or {}
        asker.after = Signer(bytes(identity["secret"]), identity["log"]).token(1_000_000)
        error = refusal(asker.ask(BALANCE, {"id": counter.account}))
    data = error["extensions"]
    assert (data["code"], data["wanted"], data["reached"]) == ("NOT_YET_VISIBLE", "1000000", "2")


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ accounts { nodes { nothing } } }", "GRAPHQL_VALIDATION_FAILED"),
        ('{ account(id: "Account:1") }', "GRAPHQL_VALIDATION_FAILED"),
        ('{ account(id: "Account:1", nothing: 1) { id } }', "GRAPHQL_VALIDATION_FAILED"),
        ("{ account { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ accounts(where: { nothing: 1 }) { nodes { id } } }", "GRAPHQL_VALIDATION_FAILED"),
        ("query($x: Nothing) { __typename }", "GRAPHQL_VALIDATION_FAILED"),
        ("fragment A on Query { ...A } { ...A }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ accounts { nodes { id } ", "GRAPHQL_PARSE_FAILED"),
        ("nonsense", "GRAPHQL_PARSE_FAILED"),
        ("{ a: __typename } { b: __typename }", "GRAPHQL_VALIDATION_FAILED"),
        ('{ node(id: "Nothing:1") { id } }', "BAD_INPUT"),
        ('{ node(id: "StatementLine:x") { id } }', "BAD_INPUT"),
        ('{ ledger(currency: "") { sum { amount } } }', "BAD_INPUT"),
        ('{ dailyActivities(where: {day: {eq: "2026-W05-6"}}) { nodes { id } } }', "BAD_INPUT"),
        ('{ dailyActivities(where: {day: {eq: "20260131"}}) { nodes { id } } }', "BAD_INPUT"),
        ('{ dailyActivities(where: {day: {eq: "2026-02-30"}}) { nodes { id } } }', "BAD_INPUT"),
        ("subscription { events { cursor } }", "WEBSOCKET_ONLY"),
        ("{ " + "a { " * 300 + "}" * 301, "QUERY_TOO_COMPLEX"),
        ("{ " + " ".join(f"a{n}: __typename" for n in range(31)) + " }", "QUERY_TOO_COMPLEX"),
        ("{ accounts(first: 500) { nodes { statement(first: 500) { nodes { id } } } } }", "QUERY_TOO_COMPLEX"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_document_that_is_not_executed(counter: Counter, document: str, code: str) -> None:
    assert counter.asker.ask(document).codes[0] == code
    assert not INSIDE.search(counter.asker.ask(document).text)


def test_unknown_fields_of_an_input(counter: Counter, books: Books) -> None:
    given = _deposit_of(counter)
    given["input"]["actor"] = "somebody"
    with changing_nothing(counter, books):
        assert refusal(counter.asker.ask(DEPOSIT, given))["extensions"]["code"] == "BAD_INPUT"


@pytest.mark.parametrize(
    "command_id", ["", "1", "x" * 36, "0190a5e0-0000-7000-8000-00000000000g", 1, [], "{0190a5e0}"]
)
def test_a_command_id_that_is_no_uuid(counter: Counter, books: Books, command_id: Any) -> None:
    given = {**_deposit_of(counter), "options": {"commandId": command_id}}
    with changing_nothing(counter, books):
        assert refusal(counter.asker.ask(DEPOSIT, given))["extensions"]["code"] == "BAD_INPUT"


def test_more_nodes_than_are_looked_up_at_once(counter: Counter) -> None:
    answer = counter.asker.ask("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ["Account:1"] * 101})
    assert refusal(answer)["extensions"]["code"] == "BAD_INPUT"


def test_a_body_over_the_limit(counter: Counter, books: Books) -> None:
    given = {"input": {"name": "x" * 1_000_000, "email": "a@example.com"}}
    with changing_nothing(counter, books):
        answer = counter.asker.ask(REGISTER, given)
    assert (answer.status, refusal(answer)["extensions"]["code"]) == (413, "TOO_LARGE")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "BAD_JSON"),
        (b"null", "BAD_REQUEST"),
        (b"[]", "BATCHING_DISABLED"),
        (b"{", "BAD_JSON"),
        (b'{"query": null}', "NO_QUERY"),
        (b'{"query": "{__typename}", "variables": []}', "BAD_REQUEST"),
        (b'{"query": "\xff"}', "BAD_ENCODING"),
        (b'{"query": "{__typename}", "variables": {"a": NaN}}', "BAD_NUMBER"),
        (b'{"query": "{__typename}", "variables": {"a": 1e400}}', "BAD_NUMBER"),
        (b'{"query": "{__typename}", "extensions": {"after": 1}}', "BAD_REQUEST"),
        (b'{"query": "{__typename}", "variables": {"a": ' + DIGITS_40.encode() + b"}}", "BAD_NUMBER"),
        (b"[" * 100_000, "TOO_DEEP"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_body_that_is_no_request(counter: Counter, body: bytes, code: str) -> None:
    answer = counter.asker.post(body)
    assert (answer.status, refusal(answer)["extensions"]["code"]) == (400, code)


@pytest.mark.parametrize(
    ("subscription", "variables", "code"),
    [
        ("subscription($id: ID!) { accountChanged(id: $id) { id } }", {"id": "Customer:1"}, "BAD_INPUT"),
        ("subscription($id: ID!) { accountChanged(id: $id) { id } }", {"id": "x"}, "BAD_INPUT"),
        ("subscription($id: ID) { events(stream: $id) { cursor } }", {"id": "Ledger:EUR"}, "BAD_INPUT"),
        ("subscription($id: String) { events(after: $id) { cursor } }", {"id": "x"}, "BAD_CURSOR"),
        ("subscription($id: String) { events(until: $id) { cursor } }", {"id": "x"}, "BAD_CURSOR"),
        ("subscription { nothing }", {}, "GRAPHQL_VALIDATION_FAILED"),
    ],
)
def test_a_subscription_that_makes_no_sense(
    counter: Counter, subscription: str, variables: Mapping[str, Any], code: str
) -> None:
    with counter.asker.follow(subscription, variables) as answers:
        assert refusal(answers.next())["extensions"]["code"] == code


def _deposit_of(counter: Counter) -> dict[str, Any]:
    amount = {"amount": "1.00", "currency": "EUR"}
    return {"input": {"accountId": counter.account, "amount": amount}, "id": counter.account}
