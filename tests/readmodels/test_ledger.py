"""The bank's books in one currency, by double entry."""

from dataclasses import replace

from domain.account.events import AccountId
from domain.money import Money
from readmodels import ledger
from readmodels.ledger import Ledger
from tests.domain.examples import (
    BANK,
    EUR,
    JPY,
    OPENED,
    OPENED_IN_YEN,
    deposited,
    money,
    transferred,
    withdrawn,
)


def books(*events: object) -> Ledger:
    return BANK.given(OPENED, *events).views(ledger.project)[EUR]


def test_the_first_account_begins_the_books_at_zero() -> None:
    nothing = money("0.00")
    assert books() == Ledger(EUR, nothing, nothing, nothing, nothing, nothing, nothing)


def test_a_deposit_is_cash_that_is_owed() -> None:
    view = books(deposited("50"))
    assert (view.cash, view.liabilities, view.transit) == (money("50"), money("50"), money("0"))


def test_a_withdrawal_is_cash_no_longer_owed() -> None:
    view = books(deposited("50"), withdrawn("20"))
    assert (view.cash, view.liabilities, view.transit) == (money("30"), money("30"), money("0"))


def test_a_transfer_passes_through_transit() -> None:
    sent, received = transferred("20")
    halfway = books(deposited("50"), sent)
    assert (halfway.cash, halfway.liabilities, halfway.transit) == (money("50"), money("30"), money("20"))
    whole = books(deposited("50"), sent, received)
    assert (whole.cash, whole.liabilities, whole.transit) == (money("50"), money("50"), money("0"))
    assert halfway.sum == whole.sum == money("0")


def test_every_booking_is_a_debit_and_a_credit() -> None:
    view = books(deposited("50"), withdrawn("20"), *transferred("10"))
    assert view.debits == view.credits == money("90")


def test_a_wrong_booking_shows_in_the_sum() -> None:
    wrong = replace(books(deposited("50")), cash=money("49"))
    assert ledger.project(wrong, deposited("1")).sum == money("-1")


def test_each_currency_has_books_of_its_own() -> None:
    in_yen = replace(deposited("50"), account=AccountId("yen"), amount=money("700", JPY))
    views = BANK.given(OPENED, OPENED_IN_YEN, deposited("50"), in_yen).views(ledger.project)
    cash: dict[str, Money] = {key: view.cash for key, view in views.items()}
    assert cash == {EUR: money("50"), JPY: money("700", JPY)}
