"""A small bank in full swing: the commands that fill an empty log, the same ones every time.

100 customers, some 300 accounts, 5,000 movements of money; every command is accepted. Account 1 is left alone
by chance, so that examples can name its figures: it ends with 2,125.50 EUR. Nobody in here exists.
"""

from collections.abc import Iterator
from decimal import Decimal
from random import Random

from domain.account.cash import DepositMoney, WithdrawMoney
from domain.account.events import AccountId
from domain.account.freezing import FreezeAccount, UnfreezeAccount
from domain.account.opening import CloseAccount, OpenAccount
from domain.account.overdraft import SetOverdraftLimit
from domain.customer.blocking import BlockCustomer, UnblockCustomer
from domain.customer.events import CustomerId, Email
from domain.customer.registration import ChangeCustomerEmail, RegisterCustomer, RenameCustomer
from domain.money import DECIMALS, Currency, Money
from domain.transfer import TransferMoney

_FIRST_NAMES = ["Ada", "Bryn", "Cleo", "Dara", "Edda", "Finn", "Gale", "Hale", "Iris", "Juno"]
_LAST_NAMES = ["Harbour", "Meadow", "Quay", "Lock", "Orchard", "Pebble", "Sluice", "Tern", "Willow", "Yarrow"]
_CURRENCIES = ["EUR", "USD", "EUR", "GBP", "EUR", "JPY", "CHF", "EUR", "BHD", "USD"]
_REFERENCES = [None, "Rent", "Harbour dues", "Invoice 1042", "Thanks for lunch", "Boat share", "Savings"]

_CUSTOMERS = range(1, 101)
_ACCOUNTS = range(1, 301)
_OTHER_ACCOUNTS = _ACCOUNTS[1:]
_DRAWN_BY_LOT = 4_697  # with the others' first deposits and the four movements of account 1: 5,000


def commands() -> Iterator[object]:
    """All commands, in the order in which they are to be sent."""
    yield from _registrations()
    yield from _openings()
    chance = Random("tidegate")  # a fixed seed: the same bank every time
    yield from _first_deposits(chance)
    yield from _story_of_account_1()
    for _ in range(_DRAWN_BY_LOT):
        yield _movement(chance)
    yield from _news_of_customers()
    yield from _news_of_accounts()


def _registrations() -> Iterator[object]:
    for number in _CUSTOMERS:
        name = _name(number)
        yield RegisterCustomer(_customer(number), name, _email(name))


def _openings() -> Iterator[object]:
    """Three accounts a customer; every seventh account may be overdrawn."""
    for number in _ACCOUNTS:
        yield OpenAccount(_account(number), _customer((number + 2) // 3), _currency(number))
        if number % 7 == 0:
            yield SetOverdraftLimit(_account(number), _money(number, 500_000))


def _first_deposits(chance: Random) -> Iterator[object]:
    """So much that whatever is drawn later is there; next to nothing where an overdraft is to be seen."""
    for number in _OTHER_ACCOUNTS:
        minor_units = 5_000 if number % 7 == 0 else chance.randrange(300_000, 900_000)
        yield DepositMoney(_account(number), _money(number, minor_units))


def _story_of_account_1() -> Iterator[object]:
    first, third = _account(1), _account(3)
    yield DepositMoney(first, _money(1, 250_000))
    yield WithdrawMoney(first, _money(1, 12_000))
    yield TransferMoney(first, third, _money(1, 30_000), "Harbour dues")
    yield TransferMoney(third, first, _money(1, 4_550), "Thanks for lunch")


def _movement(chance: Random) -> object:
    number = chance.choice(_OTHER_ACCOUNTS)
    account, amount = _account(number), _money(number, chance.randrange(100, 15_000))
    match chance.choice(["in", "out", "out", "over", "over"]):
        case "in":
            return DepositMoney(account, amount)
        case "out":
            return WithdrawMoney(account, amount)
        case _:
            target = chance.choice(_payable_from(number))
            return TransferMoney(account, _account(target), amount, chance.choice(_REFERENCES))


def _payable_from(number: int) -> list[int]:
    return [other for other in _OTHER_ACCOUNTS if other != number and _currency(other) == _currency(number)]


def _news_of_customers() -> Iterator[object]:
    for number in (10, 20, 30, 40, 50):
        name = f"{_name(number)} Brook"
        yield RenameCustomer(_customer(number), name)
        yield ChangeCustomerEmail(_customer(number), _email(name))
    for number in (97, 98, 99):
        yield BlockCustomer(_customer(number))
    yield UnblockCustomer(_customer(97))


def _news_of_accounts() -> Iterator[object]:
    for number in (55, 155, 255):
        yield FreezeAccount(_account(number))
    yield UnfreezeAccount(_account(55))
    yield OpenAccount(_account(301), _customer(7), _currency(301))
    yield CloseAccount(_account(301))


def _customer(number: int) -> CustomerId:
    return CustomerId(str(number))


def _account(number: int) -> AccountId:
    return AccountId(str(number))


def _currency(number: int) -> Currency:
    """The currency of this account: every tenth has the same."""
    return Currency(_CURRENCIES[(number - 1) % len(_CURRENCIES)])


def _money(number: int, minor_units: int) -> Money:
    currency = _currency(number)
    return Money(Decimal(minor_units).scaleb(-DECIMALS[currency]), currency)


def _name(number: int) -> str:
    """Ada Harbour, Bryn Meadow ...: a hundred names, each another."""
    tens, ones = divmod(number - 1, 10)
    return f"{_FIRST_NAMES[ones]} {_LAST_NAMES[(ones + tens) % 10]}"


def _email(name: str) -> Email:
    return Email(f"{name.lower().replace(' ', '.')}@example.com")
