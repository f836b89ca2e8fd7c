"""The bank's signatures, read: what the gateway knows of it."""

from decimal import Decimal

import pytest

from bank import application
from domain import account, customer, transfer
from domain.account.cash import WithdrawMoney
from domain.account.events import AccountId, AccountOpened, MoneyReceived, MoneySent
from domain.account.opening import OpenAccount
from domain.customer.events import CustomerBlocked, CustomerId, CustomerRenamed, Email, EmailClaimed
from domain.money import Currency, Money
from gateway.application.model import CommandType, Model, ReadModel
from gateway.application.reading import read


@pytest.fixture(scope="module")
def bank() -> Model:
    return read(application)


def command(model: Model, name: str) -> CommandType:
    (found,) = [each for each in model.commands if each.name == name]
    return found


def read_model(model: Model, name: str) -> ReadModel:
    (found,) = [each for each in model.read_models if each.name == name]
    return found


def test_streams_have_their_id_types_category_and_their_evolves_events(bank: Model) -> None:
    assert [each.id.category for each in bank.streams] == ["customer", "email", "account"]
    assert [each.id.kind for each in bank.streams] == ["Customer", "Email", "Account"]
    assert [len(each.events) for each in bank.streams] == [5, 2, 9]
    assert bank.streams[2].initial == account.unopened
    assert bank.streams[2].evolve is account.evolve


def test_an_event_belongs_to_the_stream_that_its_first_field_names(bank: Model) -> None:
    opened = AccountOpened(AccountId("7"), CustomerId("ada"), "Ada", Currency("EUR"))
    assert bank.event_of(opened).stream(opened) == "account-7"
    renamed = CustomerRenamed(CustomerId("ada"), "Ada")
    assert bank.event_of(renamed).stream(renamed) == "customer-ada"


def test_every_command_of_the_composition_root_is_there(bank: Model) -> None:
    assert [each.function for each in bank.commands] == [
        customer.register_customer,
        customer.rename_customer,
        customer.change_customer_email,
        customer.block_customer,
        customer.unblock_customer,
        account.open_account,
        account.deposit_money,
        account.withdraw_money,
        account.set_overdraft_limit,
        account.freeze_account,
        account.unfreeze_account,
        account.close_account,
        transfer.transfer_money,
    ]


def test_a_command_is_found_by_its_class(bank: Model) -> None:
    withdrawal = WithdrawMoney(AccountId("1"), Money(Decimal(1), Currency("EUR")))
    assert bank.command_of(withdrawal).function is account.withdraw_money


def test_a_parameter_named_like_an_id_field_is_that_streams_state(bank: Model) -> None:
    transferring = command(bank, "TransferMoney")
    assert [(each.field, each.kind.id.category) for each in transferring.states] == [
        ("source", "account"),
        ("target", "account"),
    ]
    opening = command(bank, "OpenAccount")
    assert [(each.field, each.kind.id.category) for each in opening.states] == [
        ("account", "account"),
        ("customer", "customer"),
    ]


def test_a_parameter_named_like_a_unique_value_is_that_values_stream(bank: Model) -> None:
    states = command(bank, "RegisterCustomer").states
    assert [(each.field, each.kind.id.category) for each in states] == [
        ("customer", "customer"),
        ("email", "email"),
    ]


def test_a_parameter_may_follow_from_another_ones_state(bank: Model) -> None:
    *named, released = command(bank, "ChangeCustomerEmail").states
    assert [each.follow for each in named] == [None, None]
    assert (released.field, released.kind.id.category, released.needs) == ("released", "email", ("customer",))
    assert released.follow is customer.current_email


def test_a_unique_values_event_is_logged_under_a_digest_of_its_normal_form(bank: Model) -> None:
    claimed = EmailClaimed(Email("Ada@Example.com"), CustomerId("ada"))
    sealed = bank.event_of(claimed).sealed(claimed, lambda category, value: f"{category}+{value}".replace("@", "+"))
    assert sealed == EmailClaimed(Email("email+ada+example.com"), CustomerId("ada"))
    assert bank.event_of(sealed).stream(sealed) == "email-email+ada+example.com"
    blocked = CustomerBlocked(CustomerId("ada"))
    assert bank.event_of(blocked).sealed(blocked, lambda category, value: "") is blocked


def test_a_view_stands_for_the_stream_whose_id_is_its_key(bank: Model) -> None:
    found = {each.name: each.stream and each.stream.category for each in bank.read_models}
    assert found == {
        "customers": "customer",
        "accounts": "account",
        "statement": None,
        "ledgers": None,
        "daily_activities": None,
    }


def test_the_return_type_tells_events_from_rejections(bank: Model) -> None:
    transferring = command(bank, "TransferMoney")
    assert [each.type for each in transferring.events] == [MoneySent, MoneyReceived]
    assert [each.__name__ for each in command(bank, "OpenAccount").rejections] == [
        "AccountAlreadyOpened",
        "CurrencyUnknown",
        "CustomerIsBlocked",
        "CustomerUnknown",
    ]
    assert [each.__name__ for each in command(bank, "RenameCustomer").rejections] == [
        "CustomerUnknown",
        "NameBlank",
        "NameTooLong",
        "NameNotPrintable",
    ]


def test_only_the_declared_id_may_be_left_out(bank: Model) -> None:
    left_out = {each.name: each.new for each in bank.commands if each.new}
    assert left_out == {"RegisterCustomer": "customer", "OpenAccount": "account"}
    assert command(bank, "OpenAccount").type is OpenAccount


def test_a_view_links_to_what_its_id_fields_name(bank: Model) -> None:
    accounts = read_model(bank, "accounts")
    assert (accounts.key_field, accounts.key_type) == ("account", AccountId)
    assert {name: each.kind for name, each in accounts.links.items()} == {"customer": "Customer"}
    assert [each.kind for each in accounts.fan_out] == ["Customer"]


def test_a_journal_links_to_its_first_field_too(bank: Model) -> None:
    statement = read_model(bank, "statement")
    assert statement.journal
    assert statement.links["account"].kind == "Account"
    assert not statement.fan_out


def test_folds_are_given_what_they_ask_for_by_name(bank: Model) -> None:
    assert "at" in read_model(bank, "statement").recorded
    assert "at" in read_model(bank, "daily_activities").key_recorded
    assert read_model(bank, "ledgers").key is not None


def test_access_paths_are_the_declared_indexes(bank: Model) -> None:
    paths = [(each.equal, each.order) for each in read_model(bank, "statement").paths]
    assert paths == [(("account",), "at"), (("account", "kind"), "at")]


def test_the_view_that_stands_for_an_id_is_the_one_named_like_it(bank: Model) -> None:
    assert {each.kind: getattr(bank.viewing(each), "name", None) for each in bank.ids.values()} == {
        "Customer": "customers",
        "Account": "accounts",
        "Activity": "daily_activities",
    }
