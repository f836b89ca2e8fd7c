"""The bank under way: commands drawn by lot, a few accounts and customers much more often than the others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
from domain.money import Currency, Money
from domain.transfer import TransferMoney

EUR = Currency("EUR")
ADA = CustomerId("ada")
FIRST, SECOND = AccountId("first"), AccountId("second")

REGISTER = RegisterCustomer(ADA, "Ada Harbour", Email("ada@example.com"))
OPEN = OpenAccount(FIRST, ADA, EUR)


def eur(amount: int | str) -> Money:
    return Money(Decimal(amount), EUR)


def deposit(amount: int | str, account: AccountId = FIRST) -> DepositMoney:
    return DepositMoney(account, eur(amount))


def withdraw(amount: int | str, account: AccountId = FIRST) -> WithdrawMoney:
    return WithdrawMoney(account, eur(amount))


@dataclass(frozen=True)
class Workload:
    """Who there is; the weights follow Zipf's law."""

    customers: int = 4
    accounts: int = 12

    def commands(self, seed: int, number: int) -> Iterator[object]:
        """The same commands for the same seed."""
        chance = Random(seed)
        for _ in range(number):
            yield self._command(chance)

    def beginning(self) -> Sequence[object]:
        """Commands after which everybody is there and has some money."""
        customers = [self._customer(number) for number in range(self.customers)]
        accounts = [AccountId(str(number)) for number in range(self.accounts)]
        return [
            *(RegisterCustomer(each, f"Customer {each}", Email(f"{each}@example.com")) for each in customers),
            *(OpenAccount(each, customers[number % len(customers)], EUR) for number, each in enumerate(accounts)),
            *(deposit(500, each) for each in accounts),
        ]

    def _command(self, chance: Random) -> object:
        account, other, amount = self._account(chance), self._account(chance), chance.randrange(1, 400)
        customer = self._customer(chance.randrange(self.customers))
        rare: list[object] = [
            OpenAccount(account, customer, EUR),
            CloseAccount(account),
            FreezeAccount(account),
            UnfreezeAccount(account),
            UnfreezeAccount(account),
            SetOverdraftLimit(account, eur(chance.randrange(0, 3) * 100)),
            BlockCustomer(customer),
            UnblockCustomer(customer),
            RenameCustomer(customer, f"Customer {chance.randrange(3)}"),
            ChangeCustomerEmail(customer, Email(f"{chance.randrange(3)}@example.com")),
        ]
        often = [deposit(amount, account), withdraw(amount, account), TransferMoney(account, other, eur(amount))]
        return chance.choice(rare if chance.random() < 0.2 else often)

    def _account(self, chance: Random) -> AccountId:
        weights = [1 / (rank + 1) for rank in range(self.accounts)]
        return AccountId(str(chance.choices(range(self.accounts), weights)[0]))

    def _customer(self, number: int) -> CustomerId:
        return CustomerId(f"customer-{number}")
