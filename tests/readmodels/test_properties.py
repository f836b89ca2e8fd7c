"""What holds between the read models after every commit, whatever was asked of the bank."""

from collections import defaultdict
from decimal import Decimal

from hypothesis import given

from readmodels import accounts, ledger, statement
from readmodels.accounts import AccountStatus
from tests.domain.stories import stories, told


@given(stories)
def test_the_ledger_is_never_off_zero(story: list[object]) -> None:
    for bank in told(story):
        for books in bank.views(ledger.project).values():
            assert books.sum.amount == 0
            assert books.transit.amount == 0
            assert books.debits == books.credits


@given(stories)
def test_the_ledgers_liabilities_are_the_accounts_balances(story: list[object]) -> None:
    for bank in told(story):
        totals = defaultdict[str, Decimal](Decimal)
        for account in bank.views(accounts.project).values():
            totals[account.currency] += account.balance.amount
        books = bank.views(ledger.project)
        assert {currency: each.liabilities.amount for currency, each in books.items()} == totals


@given(stories)
def test_an_accounts_balance_is_its_last_statement_line(story: list[object]) -> None:
    for bank in told(story):
        last = {line.account: line.balance for line in bank.lines(statement.append)}
        for key, account in bank.views(accounts.project).items():
            assert account.balance == last.get(key, account.balance - account.balance)


@given(stories)
def test_nothing_is_available_beyond_the_limit(story: list[object]) -> None:
    for bank in told(story):
        for account in bank.views(accounts.project).values():
            assert account.available.amount >= 0
            assert account.status != AccountStatus.CLOSED or account.balance.amount == 0
