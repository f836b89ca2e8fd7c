"""As of a moment, over HTTP: how the bank's accounts stood, and every way in which that can't be said."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from tests.acceptance import recorded
from tests.acceptance.asking import Asker
from tests.acceptance.books import Books
from tests.acceptance.conftest import Serve
from tests.acceptance.customers import Counter
from tests.acceptance.serving import serving

APP = ("--app", f"{recorded.__name__}:accounts")
ONE = "query($id: ID!, $asOf: Moment) { account(id: $id, asOf: $asOf) { id status balance { amount } } }"
LIST = """query($first: Int, $after: String, $asOf: Moment, $where: AccountWhere, $order: AccountOrder) {
    accounts(first: $first, after: $after, asOf: $asOf, where: $where, orderBy: $order) {
        totalCount pageInfo { hasNextPage endCursor } nodes { id ownerName status balance { amount } } } }"""
BOTH = """query($asOf: Moment, $id: ID!) { account(id: $id, asOf: $asOf) {
    balance { amount } customer { name } statement { totalCount } } }"""
RICHEST = {"where": {"currency": {"eq": "EUR"}}, "order": {"field": "BALANCE", "direction": "DESC"}}


@pytest.fixture(scope="module")
def kept(mongo_uri: str) -> Iterator[tuple[str, Books]]:
    """Where the bank is that keeps the past of its accounts, and its books."""
    database = f"test_{uuid4().hex}"
    with MongoClient[dict[str, Any]](mongo_uri, uuidRepresentation="standard") as client:
        with serving("--demo", *APP, mongodb_uri=mongo_uri, database=database) as gateway:
            yield gateway.url, Books(client, database)
        client.drop_database(database)


@pytest.fixture
def asker(kept: tuple[str, Books]) -> Iterator[Asker]:
    with Asker(kept[0]) as asker:
        yield asker


@pytest.fixture
def books(kept: tuple[str, Books]) -> Books:
    return kept[1]


@pytest.fixture
def fresh(serve: Serve) -> Iterator[Asker]:
    """Asks a bank of its own, whose log is empty."""
    with Asker(serve(*APP).url) as asker:
        yield asker


def deposited(counter: Counter, times: int) -> list[int]:
    """The positions at which an account had 1.00, 2.00, … on it."""
    found = [counter.deposited() for _ in range(times)]
    counter.asker.after = found[-1]["token"]
    return [int(each["position"]) for each in found]


def balance(asker: Asker, account: str, as_of: object) -> Any:
    found = asker.ask(ONE, {"id": account, "asOf": as_of}).data["account"]
    return found and found["balance"]["amount"]


def test_an_account_as_of_each_position_has_what_was_on_it_then(asker: Asker) -> None:
    counter = Counter(asker).open()
    positions = deposited(counter, 5)
    assert [balance(asker, counter.account, str(each)) for each in positions] == [f"{n}.00" for n in range(1, 6)]
    assert balance(asker, counter.account, str(positions[0] - 1)) in ("0.00", None)
    assert balance(asker, counter.account, "0") is None
    assert balance(asker, counter.account, None) == "5.00"


def test_an_account_as_of_a_time_has_all_that_was_committed_at_it_or_before(asker: Asker, books: Books) -> None:
    counter = Counter(asker).open()
    deposited(counter, 4)
    local = counter.account.removeprefix("Account:")
    lines = [each for each in books.read().lines.values() if each.account == local]
    for moment in {each.at for each in lines}:
        last = [each for each in lines if each.at <= moment][-1]
        assert balance(asker, counter.account, moment.isoformat(timespec="milliseconds")) == f"{last.balance}"
        before = [each for each in lines if each.at < moment]
        earlier = (moment - timedelta(milliseconds=1)).isoformat(timespec="milliseconds")
        assert balance(asker, counter.account, earlier) in ([f"{before[-1].balance}"] if before else ["0.00", None])


def listed(asker: Asker, size: int, **wanted: Any) -> list[dict[str, Any]]:
    """The accounts of a connection page after page; only the first page is told as of when."""
    found: list[dict[str, Any]] = []
    after, counts = None, set[int]()
    while True:
        page = asker.ask(LIST, {**wanted, "first": size, "after": after}).data["accounts"]
        found += page["nodes"]
        counts.add(page["totalCount"])
        wanted["asOf"], after = None, page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            assert counts == {len(found)}
            return found


def test_the_richest_accounts_of_a_moment_are_those_of_the_books_at_that_moment(fresh: Asker) -> None:
    counters = [Counter(fresh).open() for _ in range(5)]
    positions = [deposited(each, number)[-1] for number, each in enumerate(counters, start=1)]
    for number, position in enumerate(positions, start=1):
        there = [(f"{each}.00", counters[each - 1].account) for each in range(number, 0, -1)]
        found = [
            (each["balance"]["amount"], each["id"]) for each in listed(fresh, 2, **RICHEST, asOf=str(position))
        ]
        assert [each for each in found if Decimal(each[0])] == there
    now = [each["balance"]["amount"] for each in listed(fresh, 2, **RICHEST)]
    assert now == ["5.00", "4.00", "3.00", "2.00", "1.00"]


def test_what_hangs_on_an_answer_is_as_of_the_same_moment_or_says_that_it_cannot_be(asker: Asker) -> None:
    counter = Counter(asker).open()
    position = deposited(counter, 2)[0]
    answer = asker.ask(BOTH, {"id": counter.account, "asOf": str(position)})
    found = answer.body["data"]["account"]
    assert found == {"balance": {"amount": "1.00"}, "customer": None, "statement": None}
    assert answer.codes == ["NO_HISTORY", "NO_HISTORY"]
    assert {each["path"][-1] for each in answer.errors} == {"customer", "statement"}


@pytest.mark.parametrize(
    ("as_of", "code"),
    [
        ("2999-01-01T00:00:00Z", "BAD_AS_OF"),
        ("9223372036854775807", "BAD_AS_OF"),
        ("9223372036854775808", "BAD_INPUT"),
        ("-1", "BAD_INPUT"),
        ("yesterday", "BAD_INPUT"),
        ("2026-01-31", "BAD_INPUT"),
        ("2026-02-30T00:00:00Z", "BAD_INPUT"),
        ("2026-01-31T23:59:59", "BAD_INPUT"),
        ("", "BAD_INPUT"),
        (7, "BAD_INPUT"),
        (True, "BAD_INPUT"),
        ({"$gt": ""}, "BAD_INPUT"),
    ],
)
def test_a_moment_that_is_none_or_has_not_come_is_refused(asker: Asker, as_of: Any, code: str) -> None:
    for text, more in ((ONE, {"id": "Account:1"}), (LIST, {})):
        answer = asker.ask(text, {**more, "asOf": as_of})
        assert answer.codes == [code]
        assert not [each for each in dict(answer.body.get("data") or {}).values() if each]


def test_before_the_beginning_there_was_nothing(asker: Asker) -> None:
    assert listed(asker, 5, asOf="1970-01-01T00:00:00Z") == []
    assert listed(asker, 5, asOf="0") == []


def test_a_read_model_without_history_has_no_such_argument(asker: Asker) -> None:
    answer = asker.ask('{ customers(asOf: "1") { totalCount } }')
    assert answer.codes == ["GRAPHQL_VALIDATION_FAILED"]


def test_a_cursor_of_one_moment_goes_with_no_other(asker: Asker) -> None:
    position = str(deposited(Counter(asker).open(), 1)[0])
    end = asker.ask(LIST, {"first": 1, "asOf": position}).data["accounts"]["pageInfo"]["endCursor"]
    live = asker.ask(LIST, {"first": 1}).data["accounts"]["pageInfo"]["endCursor"]
    assert asker.ask(LIST, {"first": 1, "after": end, "asOf": position}).data["accounts"]["nodes"]
    altered = ("B" if end[0] == "A" else "A") + end[1:]
    for after, as_of in ((end, "1"), (live, position), (altered, position)):
        assert asker.ask(LIST, {"first": 1, "after": after, "asOf": as_of}).codes == ["BAD_CURSOR"]


def test_as_of_now_there_is_what_was_acknowledged_before(asker: Asker) -> None:
    """Nobody gives a token: the read model is waited for, as far as this gateway knows the log."""
    counter = Counter(asker).open()
    for number in range(1, 11):
        position = counter.deposited()["position"]
        assert balance(asker, counter.account, position) == f"{number}.00"
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        assert balance(asker, counter.account, now) == f"{number}.00"
