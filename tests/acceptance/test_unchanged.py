"""Who acts on what they saw is told when it is no longer so; who names nothing is never asked to try again."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from tests.acceptance.asking import Answer, Asker
from tests.acceptance.books import Books
from tests.acceptance.customers import REGISTER, Counter

SEEN = "query($id: ID!) { account(id: $id) { version balance { amount } customer { version name } } }"

WITHDRAW = """mutation($input: WithdrawMoneyInput!, $options: CommandOptions) {
    withdrawMoney(input: $input, options: $options) {
        ... on Receipt { replayed position } ... on WithdrawMoneyAccepted { account { version } }
        ... on Rejection { code message path }
        ... on VersionConflict { current missed since { __typename version stream
            ... on MoneyDeposited { amount { amount } } } } } }"""

RENAME = """mutation($input: RenameCustomerInput!, $options: CommandOptions) {
    renameCustomer(input: $input, options: $options) {
        ... on RenameCustomerAccepted { customer { version } } ... on Rejection { code path } } }"""

CHANGE = """mutation($input: ChangeCustomerEmailInput!) {
    changeCustomerEmail(input: $input) { ... on Receipt { events { __typename stream version } }
        ... on Rejection { code message path } ... on EmailTaken { email } } }"""


@pytest.fixture
def counter(asker: Asker) -> Counter:
    counter = Counter(asker).open()
    asker.after = counter.deposited("10.00")["token"]
    return counter


def seen(counter: Counter) -> dict[str, Any]:
    return counter.asker.ask(SEEN, {"id": counter.account}).data["account"]


def withdraw(counter: Counter, *versions: Any, command_id: str | None = None) -> Answer:
    input_ = {"accountId": counter.account, "amount": {"amount": "1.00", "currency": "EUR"}}
    options = {"ifUnchanged": list(versions)} | ({"commandId": command_id} if command_id else {})
    return counter.asker.ask(WITHDRAW, {"input": input_, "options": options})


def withdrawn(counter: Counter, *versions: str, command_id: str | None = None) -> dict[str, Any]:
    return withdraw(counter, *versions, command_id=command_id).data["withdrawMoney"]


def test_what_is_still_as_it_was_seen_is_acted_on(counter: Counter) -> None:
    first = withdrawn(counter, seen(counter)["version"])
    assert "position" in first
    assert "position" in withdrawn(counter, first["account"]["version"]), "a receipt's own view can be acted on"


def test_what_has_moved_on_is_refused_with_what_came_in_between(counter: Counter) -> None:
    version = seen(counter)["version"]
    counter.deposited("2.50")
    counter.asker.after = counter.deposited("3.50")["token"]
    deposit = {"__typename": "MoneyDeposited", "stream": counter.account}
    assert withdrawn(counter, version) == {
        "code": "VERSION_CONFLICT",
        "message": "A thing is no longer as it was seen: nothing was changed.",
        "path": ["options", "ifUnchanged"],
        "current": [seen(counter)["version"]],
        "missed": 2,
        "since": [
            {**deposit, "version": 3, "amount": {"amount": "2.50"}},
            {**deposit, "version": 4, "amount": {"amount": "3.50"}},
        ],
    }


def test_a_conflicts_current_versions_can_be_acted_on(counter: Counter) -> None:
    version = seen(counter)["version"]
    counter.deposited()
    assert "position" in withdrawn(counter, *withdrawn(counter, version)["current"])


def test_a_version_is_of_one_thing_and_not_of_what_it_links_to(counter: Counter) -> None:
    before = seen(counter)
    customer = counter.account.replace("Account", "Customer")
    renamed = counter.asker.ask(RENAME, {"input": {"customerId": customer, "name": "Cleo Lock"}})
    after = seen(counter)
    assert after["customer"]["name"] == "Cleo Lock"
    assert after["version"] == before["version"]
    assert after["customer"]["version"] == renamed.data["renameCustomer"]["customer"]["version"]
    assert after["customer"]["version"] != before["customer"]["version"]
    assert withdrawn(counter, before["version"], before["customer"]["version"])["code"] == "VERSION_CONFLICT"
    assert "position" in withdrawn(counter, before["version"], after["customer"]["version"])


def test_a_connection_and_a_single_view_show_one_version(counter: Counter) -> None:
    customer = counter.account.replace("Account", "Customer")
    text = "query($id: ID!) { customer(id: $id) { accounts { nodes { version } edges { node { version } } } } }"
    listed = counter.asker.ask(text, {"id": customer}).data["customer"]["accounts"]
    version = {"version": seen(counter)["version"]}
    assert listed == {"nodes": [version], "edges": [{"node": version}]}


def test_the_id_of_an_accepted_command_gets_its_receipt_whatever_has_moved_on(counter: Counter) -> None:
    id_, version = str(uuid4()), seen(counter)["version"]
    first = withdrawn(counter, version, command_id=id_)
    again = withdrawn(counter, version, command_id=id_)
    assert again == {**first, "replayed": True}
    counter.deposited()
    assert withdrawn(counter, command_id=id_)["position"] == first["position"]


def test_without_it_many_at_once_are_all_accepted(counter: Counter) -> None:
    with ThreadPoolExecutor(10) as pool:
        answers = [each.result() for each in [pool.submit(withdrawn, counter) for _ in range(10)]]
    assert all("position" in each for each in answers)


def test_with_it_one_of_many_at_once_is_accepted(counter: Counter) -> None:
    version = seen(counter)["version"]
    with ThreadPoolExecutor(10) as pool:
        answers = [each.result() for each in [pool.submit(withdrawn, counter, version) for _ in range(10)]]
    assert [each.get("code") for each in answers].count("VERSION_CONFLICT") == 9


@pytest.mark.parametrize("version", ["", "x", "a" * 500, "AAAA", "ä", 7, None, ["x"], {}])
def test_what_is_no_version_is_bad_input(counter: Counter, books: Books, version: Any) -> None:
    head = books.read().head
    answer = withdraw(counter, seen(counter)["version"], version)
    assert answer.codes == ["BAD_INPUT"]
    assert books.read().head == head


def test_the_place_of_what_is_no_version_is_named(counter: Counter) -> None:
    (error,) = withdraw(counter, seen(counter)["version"], "x").errors
    assert error["message"] == "This version was not given by this log."
    assert error["extensions"]["inputPath"] == ["options", "ifUnchanged", "1"]


def test_neither_a_token_nor_a_forged_version_is_one(counter: Counter) -> None:
    version = seen(counter)["version"]
    forged = version[:-2] + ("AA" if version[-2:] != "AA" else "BB")
    for other in (counter.asker.after, forged, f"{version}A"):
        assert withdraw(counter, other).codes == ["BAD_INPUT"]


def test_a_version_of_another_log_is_bad_input(counter: Counter, fresh: Asker) -> None:
    elsewhere = Counter(fresh).open()
    fresh.after = elsewhere.deposited()["token"]
    assert withdraw(counter, seen(elsewhere)["version"]).codes == ["BAD_INPUT"]


def test_no_more_than_50_are_compared_at_once(counter: Counter) -> None:
    version = seen(counter)["version"]
    assert withdraw(counter, *[version] * 51).codes == ["BAD_INPUT"]
    assert "position" in withdrawn(counter, *[version] * 50)


def test_an_address_that_somebody_has_is_refused_and_free_again_once_it_is_given_up(asker: Asker) -> None:
    person, taken = (uuid4().hex for _ in range(2))
    input_ = {"customerId": f"Customer:{person}", "name": "Cleo Quay", "email": f"{taken}@example.com"}
    other = {"customerId": f"Customer:{taken}", "name": "Dara Lock", "email": f"{taken.upper()}@EXAMPLE.com"}
    asker.ask(REGISTER, {"input": input_})
    refused = asker.ask(REGISTER, {"input": other}).data["registerCustomer"]
    assert refused == {
        "code": "EMAIL_TAKEN",
        "message": "Another customer has this e-mail address.",
        "path": ["input", "email"],
    }
    changed = {"customerId": input_["customerId"], "email": f"{person}@example.com"}
    events = asker.ask(CHANGE, {"input": changed}).data["changeCustomerEmail"]["events"]
    assert [each["__typename"] for each in events] == ["CustomerEmailChanged", "EmailClaimed", "EmailReleased"]
    assert not any(person in each["stream"] or taken in each["stream"] for each in events[1:])
    assert asker.ask(REGISTER, {"input": other}).data["registerCustomer"]["customer"]["name"] == "Dara Lock"
