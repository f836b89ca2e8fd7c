"""Whoever has written something reads it, by token and by receipt, or is told that it is not possible in time."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from tests.acceptance.asking import Asker
from tests.acceptance.books import Books
from tests.acceptance.conftest import Serve
from tests.acceptance.customers import BALANCE, REGISTER, Counter

ROUNDS = 30
"""A read that does not wait loses such a race within a few rounds."""


def nobody() -> dict[str, str]:
    """Somebody new, with an address that nobody has."""
    return {"name": "Dara Lock", "email": f"{uuid4().hex}@example.com"}


@pytest.fixture
def counter(asker: Asker) -> Counter:
    return Counter(asker).open()


def _in_extensions(asker: Asker, token: str, id_: str) -> str:
    asker.after = token
    found = asker.ask(BALANCE, {"id": id_})
    asker.after = None
    return found.data["account"]["balance"]["amount"]


def _in_the_header(asker: Asker, token: str, id_: str) -> str:
    return asker.ask(BALANCE, {"id": id_}, {"Tidegate-After": token}).data["account"]["balance"]["amount"]


def _on_a_socket(asker: Asker, token: str, id_: str) -> str:
    asker.after = token
    with asker.follow(BALANCE, {"id": id_}) as answers:
        found = answers.next().data
    asker.after = None
    return found["account"]["balance"]["amount"]


@pytest.mark.parametrize("read", [_in_extensions, _in_the_header, _on_a_socket])
def test_a_read_with_a_token_is_never_older_than_its_write(
    counter: Counter, read: Callable[[Asker, str, str], str]
) -> None:
    for number in range(1, ROUNDS + 1):
        token = counter.deposited()["token"]
        assert read(counter.asker, token, counter.account) == f"{number}.00"


def test_a_receipts_own_fields_contain_its_write(counter: Counter) -> None:
    for number in range(1, ROUNDS + 1):
        receipt = counter.deposited()
        assert receipt["account"]["balance"]["amount"] == f"{number}.00"
        assert receipt["query"]["account"]["balance"]["amount"] == f"{number}.00"


def test_of_two_tokens_the_later_one_counts(counter: Counter) -> None:
    earlier, later = counter.deposited()["token"], counter.deposited()["token"]
    for first, second in ((earlier, later), (later, earlier)):
        counter.asker.after = first
        found = counter.asker.ask(BALANCE, {"id": counter.account}, {"Tidegate-After": second})
        assert found.data["account"]["balance"]["amount"] == "2.00"


def test_an_answer_says_how_far_the_read_models_were_that_it_used(counter: Counter) -> None:
    receipt = counter.deposited()
    counter.asker.after = receipt["token"]
    found = counter.asker.ask(
        "query($id: ID!) { account(id: $id) { customer { name } statement(first: 1) { totalCount } } }",
        {"id": counter.account},
    )
    assert found.positions.keys() == {"accounts", "customers", "statement"}
    assert all(position >= int(receipt["position"]) for position in found.positions.values())
    assert [each["lag"] >= 0 for each in found.body["extensions"]["readModels"]] == [True] * 3


def test_an_answer_that_read_nothing_names_no_read_models(asker: Asker) -> None:
    assert asker.ask("{ __typename }").body == {"data": {"__typename": "Query"}}


def test_without_a_watcher_the_receipt_stands_and_what_is_read_after_it_is_null(serve: Serve) -> None:
    with Asker(serve("--no-watch", visibility_timeout=0.5).url) as asker:
        answer = asker.ask(REGISTER, {"input": nobody()})
        receipt = answer.body["data"]["registerCustomer"]
    assert (receipt["position"], receipt["customer"]) == ("1", None)
    (error,) = answer.errors
    assert error["path"] == ["registerCustomer", "customer"]
    assert error["extensions"] == {
        "code": "NOT_YET_VISIBLE",
        "readModel": "customers",
        "wanted": "1",
        "reached": "0",
        "retryable": True,
    }
    assert error["message"] == "Position 1 is not visible in customers yet; it has reached 0."


def test_without_a_watcher_a_read_with_a_token_is_told_how_far_the_read_model_is(serve: Serve) -> None:
    with Asker(serve("--no-watch", visibility_timeout=0.5).url) as asker:
        asker.after = asker.ask(REGISTER, {"input": nobody()}).body["data"]["registerCustomer"]["token"]
        answer = asker.ask("{ customers { nodes { id } } }")
    assert answer.body["data"] == {"customers": None}
    assert answer.codes == ["NOT_YET_VISIBLE"]
    assert answer.errors[0]["extensions"]["reached"] == "0"


def test_a_token_of_another_log_is_refused(asker: Asker, fresh: Asker) -> None:
    foreign = fresh.ask(REGISTER, {"input": nobody()}).data["registerCustomer"]["token"]
    asker.after = foreign
    answer = asker.ask("{ customers(first: 1) { nodes { id } } }")
    assert answer.codes == ["BAD_TOKEN"]
    assert "data" not in answer.body
    assert answer.status == 400


def test_the_same_command_id_twice_has_one_effect_and_one_receipt(counter: Counter, books: Books) -> None:
    id_ = str(uuid4())
    first = counter.deposited("5.00", id_)
    head = books.read().head
    again = counter.deposited("5.00", id_)
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert {**again, "replayed": False} == first
    assert books.read().head == head
    assert again["account"]["balance"]["amount"] == "5.00"


def test_a_command_id_with_another_content_is_refused(counter: Counter, books: Books) -> None:
    id_ = str(uuid4())
    counter.deposited("5.00", id_)
    head = books.read().head
    assert counter.deposited("6.00", id_) == {
        "code": "COMMAND_ID_REUSED",
        "message": "This command id was used for another command; use a new one.",
        "path": ["options", "commandId"],
    }
    assert books.read().head == head


def test_what_is_created_without_an_id_has_one_that_follows_from_the_command_id(asker: Asker) -> None:
    command = {"input": nobody(), "options": {"commandId": str(uuid4())}}
    first, again = (asker.ask(REGISTER, command).data["registerCustomer"] for _ in range(2))
    other = asker.ask(REGISTER, {"input": nobody()}).data["registerCustomer"]
    assert first["customer"] == again["customer"] != other["customer"]
    assert again["replayed"]


def test_several_mutations_of_one_request_happen_in_their_order(counter: Counter) -> None:
    one = 'depositMoney(input: {accountId: $id, amount: {amount: "1", currency: "EUR"}})'
    selection = "{ ... on Receipt { position } ... on DepositMoneyAccepted { account { balance { amount } } } }"
    fields = " ".join(f"m{number}: {one} {selection}" for number in range(5))
    found = counter.asker.ask(f"mutation($id: ID!) {{ {fields} }}", {"id": counter.account}).data
    positions = [int(each["position"]) for each in found.values()]
    assert positions == sorted(set(positions))
    assert [each["account"]["balance"]["amount"] for each in found.values()] == [f"{n}.00" for n in range(1, 6)]
