"""The history as a read model: every event once and in order, by every declared path, and never from the log."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from tests.acceptance import recorded
from tests.acceptance.asking import Asker
from tests.acceptance.books import Books, Event
from tests.acceptance.customers import Counter
from tests.acceptance.serving import serving

APP = ("--app", f"{recorded.__name__}:application")
QUERY = """query($first: Int, $after: String, $last: Int, $before: String, $stream: ID, $category: String,
    $type: String, $causedBy: String, $from: Moment, $to: Moment) {
    events(first: $first, after: $after, last: $last, before: $before, stream: $stream, category: $category,
           type: $type, causedBy: $causedBy, from: $from, to: $to) {
        totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        nodes { position } edges { cursor node { __typename id position at stream version correlationId causationId
            ... on MoneyDeposited { accountId amount { amount } } } } } }"""
FOLLOW = (
    "subscription($after: String, $until: String) { events(after: $after, until: $until) { cursor node { id } } }"
)
DEPOSIT = """mutation($input: DepositMoneyInput!) {
    depositMoney(input: $input) { ... on Receipt { token position events { id correlationId } } } }"""


@pytest.fixture(scope="module")
def kept(mongo_uri: str) -> Iterator[tuple[Asker, Books]]:
    """The bank with its history and demo data, and its books."""
    database = f"test_{uuid4().hex}"
    with MongoClient[dict[str, Any]](mongo_uri, uuidRepresentation="standard") as client:
        with (
            serving("--demo", *APP, mongodb_uri=mongo_uri, database=database) as gateway,
            Asker(gateway.url) as asker,
        ):
            yield asker, Books(client, database).read()
        client.drop_database(database)


def ask(asker: Asker, **arguments: Any) -> dict[str, Any]:
    return asker.ask(QUERY, arguments).data["events"]


def ids(events: list[Event]) -> list[str]:
    return [f"Event:{each.key[0]}.{each.key[1]}" for each in events]


def walked(asker: Asker, size: int, **arguments: Any) -> list[str]:
    """The ids of a connection's events, page after page from its beginning."""
    found: list[str] = []
    after = None
    while True:
        page = ask(asker, **arguments, first=size, after=after)
        found += [each["node"]["id"] for each in page["edges"]]
        assert page["pageInfo"]["hasPreviousPage"] == (after is not None)
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def test_all_events_come_once_and_in_the_order_of_the_log_from_either_end(kept: tuple[Asker, Books]) -> None:
    asker, books = kept
    there = ids(books.events)
    assert walked(asker, 500) == there
    last = ask(asker, last=7)
    assert [each["node"]["id"] for each in last["edges"]] == there[-7:]
    before = ask(asker, last=7, before=last["pageInfo"]["startCursor"])
    assert [each["node"]["id"] for each in before["edges"]] == there[-14:-7]
    assert (before["pageInfo"]["hasNextPage"], before["pageInfo"]["hasPreviousPage"]) == (True, True)
    expected = None if len(there) > 10_000 else len(there)
    assert last["totalCount"] == expected


def test_each_way_of_asking_gives_exactly_its_events(kept: tuple[Asker, Books]) -> None:
    asker, books = kept
    busy = max(books.accounts, key=lambda each: books.versions[f"account-{each}"])
    ways: list[tuple[dict[str, Any], Callable[[Event], bool]]] = [
        ({"stream": f"Account:{busy}"}, lambda each: each.stream == f"account-{busy}"),
        ({"category": "customer"}, lambda each: each.stream.startswith("customer-")),
        ({"category": "email"}, lambda each: each.stream.startswith("email-")),
        ({"type": "MoneySent"}, lambda each: each.type == "MoneySent"),
        ({"stream": "Account:nobody"}, lambda _: False),
        ({"causedBy": "nothing"}, lambda _: False),
    ]
    for arguments, chosen in ways:
        there = [each for each in books.events if chosen(each)]
        assert walked(asker, 300, **arguments) == ids(there), arguments
        assert ask(asker, **arguments, first=1)["totalCount"] == len(there)


def test_from_and_to_are_moments_and_belong_to_what_is_asked_for(kept: tuple[Asker, Books]) -> None:
    asker, books = kept
    first, last = books.events[1_000], books.events[1_400]
    by_position = [each for each in books.events if first.key[0] <= each.key[0] <= last.key[0]]
    assert walked(asker, 200, **{"from": str(first.key[0]), "to": str(last.key[0])}) == ids(by_position)
    by_time = [each for each in books.events if first.at <= each.at <= last.at]
    start, end = (each.at.isoformat(timespec="milliseconds") for each in (first, last))
    assert walked(asker, 300, **{"from": start, "to": end}) == ids(by_time)
    sent = [each for each in by_time if each.type == "MoneySent"]
    assert walked(asker, 20, **{"from": start, "to": end, "type": "MoneySent"}) == ids(sent)
    long_ago, future = (
        "1970-01-01T00:00:00Z",
        (books.events[-1].at + timedelta(days=9)).isoformat(timespec="seconds"),
    )
    for nothing in ({"to": long_ago}, {"from": future}, {"from": "9223372036854775807"}, {"to": "0"}):
        assert ask(asker, **nothing)["edges"] == []
    assert ask(asker, **{"from": long_ago, "to": future}, first=1)["edges"]


def test_an_event_is_shown_as_a_receipt_shows_it_with_its_conversation_and_its_cause(
    kept: tuple[Asker, Books],
) -> None:
    asker, books = kept
    account = f"Account:{max(books.accounts, key=lambda each: books.accounts[each].status == 'OPEN')}"
    origin = {"X-Correlation-Id": "talk-7", "X-Request-Id": uuid4().hex}
    input_ = {"accountId": account, "amount": {"amount": "2.50", "currency": "EUR"}}
    receipt = asker.ask(DEPOSIT, {"input": input_}, origin).data["depositMoney"]
    asker.after = receipt["token"]
    (edge,) = ask(asker, causedBy=origin["X-Request-Id"])["edges"]
    asker.after = None
    node = edge["node"]
    assert (node["__typename"], node["id"]) == ("MoneyDeposited", receipt["events"][0]["id"])
    assert (node["correlationId"], node["causationId"]) == ("talk-7", origin["X-Request-Id"])
    assert (node["accountId"], node["stream"], node["amount"]) == (account, account, {"amount": "2.50"})
    assert receipt["events"][0]["correlationId"] == "talk-7"


def test_a_cursor_goes_on_in_the_subscription_and_back(kept: tuple[Asker, Books]) -> None:
    asker, _ = kept
    page = ask(asker, first=5)
    cursors = [each["cursor"] for each in page["edges"]]
    with asker.follow(FOLLOW, {"after": cursors[1], "until": cursors[4]}) as following:
        followed = [each["events"] for each in following.rest()]
    assert followed == [
        {"cursor": each["cursor"], "node": {"id": each["node"]["id"]}} for each in page["edges"][2:]
    ]
    assert ask(asker, first=1, after=followed[0]["cursor"])["edges"] == page["edges"][3:4]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"stream": "Account:1", "type": "MoneySent"}, "BAD_INPUT"),
        ({"stream": "Ship:1"}, "BAD_INPUT"),
        ({"stream": "42"}, "BAD_INPUT"),
        ({"category": "ship"}, "BAD_INPUT"),
        ({"type": "MoneyLost"}, "BAD_INPUT"),
        ({"type": "x" * 9_999}, "BAD_INPUT"),
        ({"causedBy": "\x00"}, "BAD_INPUT"),
        ({"from": "soon"}, "BAD_INPUT"),
        ({"first": 501}, "BAD_PAGE"),
        ({"after": "nonsense"}, "BAD_CURSOR"),
    ],
)
def test_what_is_not_offered_is_refused(kept: tuple[Asker, Books], arguments: dict[str, Any], code: str) -> None:
    assert kept[0].ask(QUERY, arguments).codes == [code]


def test_without_it_there_is_no_such_field(asker: Asker) -> None:
    assert asker.ask("{ events { totalCount } }").codes == ["GRAPHQL_VALIDATION_FAILED"]


WHOLE = """query($id: ID!, $asOf: Moment) { customer(id: $id, asOf: $asOf) { name version
    accounts(first: 1) { totalCount pageInfo { hasNextPage endCursor } nodes {
        ownerName balance { amount } customer { name version accounts { totalCount } } } } } }"""
MORE = """query($id: ID!, $asOf: Moment, $after: String) { customer(id: $id, asOf: $asOf) {
    accounts(first: 5, after: $after) { nodes { ownerName balance { amount } } } } }"""
RENAME = """mutation($input: RenameCustomerInput!) {
    renameCustomer(input: $input) { ... on Receipt { token position } } }"""
OPEN = "mutation($input: OpenAccountInput!) { openAccount(input: $input) { ... on Receipt { position } } }"


def test_everything_below_an_answer_is_as_of_its_moment_links_and_connections_and_counts(
    kept: tuple[Asker, Books],
) -> None:
    asker, _ = kept
    counter = Counter(asker).open()
    customer = counter.account.replace("Account", "Customer")
    second = {"accountId": f"{counter.account}.2", "customerId": customer, "currency": "EUR"}
    asker.ask(OPEN, {"input": second})
    then = counter.deposited("7.00")["position"]
    third = {**second, "accountId": f"{counter.account}.3"}
    asker.ask(OPEN, {"input": third})
    counter.deposited("5.00")
    renamed = asker.ask(RENAME, {"input": {"customerId": customer, "name": "Zoe Lock"}}).data["renameCustomer"]
    asker.after = renamed["token"]
    old, now = (asker.ask(WHOLE, {"id": customer, "asOf": each}).data["customer"] for each in (then, None))
    assert (old["name"], now["name"]) == ("Cleo Quay", "Zoe Lock")
    assert (old["accounts"]["totalCount"], now["accounts"]["totalCount"]) == (2, 3)
    for found, name, count in ((old, "Cleo Quay", 2), (now, "Zoe Lock", 3)):
        (account,) = found["accounts"]["nodes"]
        assert account["ownerName"] == name
        above = {"name": name, "version": found["version"], "accounts": {"totalCount": count}}
        assert account["customer"] == above
    assert old["version"] != now["version"]
    end = old["accounts"]["pageInfo"]["endCursor"]
    rest = asker.ask(MORE, {"id": customer, "asOf": then, "after": end}).data["customer"]["accounts"]["nodes"]
    shown = sorted(each["balance"]["amount"] for each in [*old["accounts"]["nodes"], *rest])
    assert shown == ["0.00", "7.00"]
    assert asker.ask(MORE, {"id": customer, "asOf": "1", "after": end}).body["data"] == {"customer": None}
    later = asker.ask(MORE, {"id": customer, "asOf": renamed["position"], "after": end})
    assert later.codes == ["BAD_CURSOR"]
    asker.after = None
