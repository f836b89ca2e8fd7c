"""The demo data: the same every time, and all of it accepted."""

from collections import Counter
from functools import cache
from itertools import islice

from domain import demo
from domain.account.cash import DepositMoney, WithdrawMoney
from domain.account.freezing import FreezeAccount, UnfreezeAccount
from domain.account.opening import CloseAccount, OpenAccount
from domain.account.overdraft import SetOverdraftLimit
from domain.customer.blocking import BlockCustomer, UnblockCustomer
from domain.customer.registration import ChangeCustomerEmail, RegisterCustomer, RenameCustomer
from domain.transfer import TransferMoney
from gateway.testing import Scenario
from readmodels import accounts, ledger, statement
from tests.domain.examples import BANK, money


@cache
def loaded() -> tuple[Scenario, list[object]]:
    """The bank after all commands, and the commands that changed nothing."""
    bank, idle = BANK, list[object]()
    for command in demo.commands():
        before, bank = bank, bank.after(command)
        if bank is before:
            idle.append(command)
    return bank, idle


def test_every_command_is_accepted_and_changes_something() -> None:
    assert loaded()[1] == []


def test_it_is_the_same_every_time() -> None:
    assert list(demo.commands()) == list(demo.commands())


def test_it_has_5000_movements_and_some_of_everything_else() -> None:
    counts = Counter(type(command) for command in demo.commands())
    movements = (DepositMoney, WithdrawMoney, TransferMoney)
    assert sum(counts[each] for each in movements) == 5_000
    assert min(counts[each] for each in movements) > 1_000
    assert {each: count for each, count in counts.items() if each not in movements} == {
        RegisterCustomer: 100,
        OpenAccount: 301,
        SetOverdraftLimit: 42,
        RenameCustomer: 5,
        ChangeCustomerEmail: 5,
        BlockCustomer: 3,
        UnblockCustomer: 1,
        FreezeAccount: 3,
        UnfreezeAccount: 1,
        CloseAccount: 1,
    }


def test_customers_have_a_hundred_names() -> None:
    first = list(islice(demo.commands(), 100))
    names = {command.name for command in first if isinstance(command, RegisterCustomer)}
    assert len(names) == 100
    assert "Ada Harbour" in names


def test_account_1_is_an_open_account_in_euro_with_a_short_statement() -> None:
    bank, _ = loaded()
    account = bank.views(accounts.project)["1"]
    assert (account.customer, account.owner_name, account.status) == ("1", "Ada Harbour", "OPEN")
    assert account.balance == money("2125.50")
    lines = [line for line in bank.lines(statement.append) if line.account == "1"]
    assert [line.balance for line in lines] == [money("2500"), money("2380"), money("2080"), money("2125.50")]


def test_it_has_accounts_of_every_kind() -> None:
    views = loaded()[0].views(accounts.project).values()
    assert {view.currency for view in views} == {"EUR", "USD", "GBP", "JPY", "CHF", "BHD"}
    assert Counter(view.status.value for view in views) == {"OPEN": 298, "FROZEN": 2, "CLOSED": 1}
    assert sum(view.balance < -view.balance for view in views) > 10, "some are overdrawn"


def test_its_books_balance() -> None:
    books = loaded()[0].views(ledger.project)
    assert len(books) == 6
    assert all(each.sum.amount == 0 and each.transit.amount == 0 for each in books.values())
