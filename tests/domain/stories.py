"""Any sequence of commands to a small bank, run through its real rules: what the property tests draw from."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from hypothesis import strategies as st

from domain.account.cash import DepositMoney, WithdrawMoney
from domain.account.events import AccountId, AccountOpened, MoneyDeposited, OverdraftLimitSet
from domain.account.freezing import FreezeAccount, UnfreezeAccount
from domain.account.opening import CloseAccount, OpenAccount
from domain.account.overdraft import SetOverdraftLimit
from domain.customer.blocking import BlockCustomer, UnblockCustomer
from domain.customer.events import CustomerRegistered, Email, EmailClaimed
from domain.customer.registration import ChangeCustomerEmail, RegisterCustomer, RenameCustomer
from domain.money import Money
from domain.transfer import TransferMoney
from gateway.testing import Scenario
from tests.domain.examples import ADA, BANK, BRYN, EUR, FIRST, JPY, REGISTERED, SECOND, money

YEN = AccountId("yen")
ADAS, BRYNS = REGISTERED.email, Email("bryn@example.com")

_START = (
    REGISTERED,
    CustomerRegistered(BRYN, "Bryn Meadow", BRYNS),
    EmailClaimed(ADAS, ADA),
    EmailClaimed(BRYNS, BRYN),
    AccountOpened(FIRST, ADA, "Ada Harbour", EUR),
    AccountOpened(SECOND, BRYN, "Bryn Meadow", EUR),
    AccountOpened(YEN, ADA, "Ada Harbour", JPY),
    OverdraftLimitSet(FIRST, money("50")),
    MoneyDeposited(FIRST, money("20")),
    MoneyDeposited(SECOND, money("20")),
    MoneyDeposited(YEN, money("20", JPY)),
)

_customers = st.sampled_from([ADA, BRYN])
_accounts = st.sampled_from([FIRST, FIRST, FIRST, SECOND, SECOND, YEN, AccountId("later")])
_currencies = st.sampled_from([EUR, EUR, EUR, EUR, JPY])
_names = st.sampled_from(["Ada Quay", "Bryn Tern", ""])
_emails = st.sampled_from([ADAS, BRYNS, Email("Ada@Example.com"), Email("new@example.com"), Email("nowhere")])
_round = st.sampled_from([Decimal(0), Decimal(10), Decimal(20), Decimal(50)])
_money = st.builds(Money, _round | st.decimals(-1, 100, places=2) | st.decimals(0, 1, places=3), _currencies)

_about_money: list[st.SearchStrategy[object]] = [
    st.builds(WithdrawMoney, _accounts, _money),
    st.builds(SetOverdraftLimit, _accounts, _money),
    st.builds(TransferMoney, _accounts, _accounts, _money),
    st.builds(DepositMoney, _accounts, _money),
]
_about_accounts: list[st.SearchStrategy[object]] = [
    st.builds(OpenAccount, _accounts, _customers, _currencies),
    st.builds(FreezeAccount, _accounts),
    st.builds(UnfreezeAccount, _accounts),
    st.builds(CloseAccount, _accounts),
]
_about_customers: list[st.SearchStrategy[object]] = [
    st.builds(RegisterCustomer, _customers, _names, _emails),
    st.builds(RenameCustomer, _customers, _names),
    st.builds(ChangeCustomerEmail, _customers, _emails),
    st.builds(BlockCustomer, _customers),
    st.builds(UnblockCustomer, _customers),
]
_commands = st.one_of(*_about_money, *_about_money, *_about_money, *_about_accounts, *_about_customers)

# Of themselves lists stay short: the stories in which much happens are the long ones.
stories = st.lists(_commands, min_size=15, max_size=40)


def told(commands: Iterable[object]) -> Iterator[Scenario]:
    """The bank after each commit of the story: real decisions, folded one after the other."""
    bank = BANK.given(*_START)
    for command in commands:
        before, bank = bank, bank.after(command)
        if bank is not before:
            yield bank
