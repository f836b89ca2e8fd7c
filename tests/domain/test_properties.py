"""What no sequence of commands can do."""

from collections import defaultdict
from decimal import Decimal

from hypothesis import given

from domain.account.events import (
    AccountId,
    AccountOpened,
    MoneyDeposited,
    MoneyReceived,
    MoneySent,
    MoneyWithdrawn,
    OverdraftLimitSet,
)
from domain.customer.events import (
    CustomerBlocked,
    CustomerEmailChanged,
    CustomerId,
    CustomerRegistered,
    CustomerUnblocked,
)
from gateway.testing import Scenario
from tests.domain.stories import stories, told


def events(bank: Scenario) -> list[object]:
    return [recorded.event for recorded in bank.history]


def balances_and_limits(bank: Scenario) -> tuple[dict[AccountId, Decimal], dict[AccountId, Decimal]]:
    """Added up by hand, without the domain's own folds."""
    balances, limits = defaultdict[AccountId, Decimal](Decimal), defaultdict[AccountId, Decimal](Decimal)
    for event in events(bank):
        match event:
            case MoneyDeposited() | MoneyReceived():
                balances[event.account] += event.amount.amount
            case MoneyWithdrawn() | MoneySent():
                balances[event.account] -= event.amount.amount
            case OverdraftLimitSet():
                limits[event.account] = event.limit.amount
            case _:
                pass
    return balances, limits


@given(stories)
def test_no_account_goes_below_its_limit(story: list[object]) -> None:
    for bank in told(story):
        balances, limits = balances_and_limits(bank)
        assert all(balance >= -limits[account] for account, balance in balances.items())


@given(stories)
def test_a_transfer_neither_makes_nor_loses_money(story: list[object]) -> None:
    for bank in told(story):
        match events(bank)[-2:]:
            case [MoneySent() as sent, MoneyReceived() as received]:
                assert (sent.account, sent.target) == (received.source, received.account)
                assert sent.amount == received.amount
            case [_, last]:
                assert not isinstance(last, MoneySent | MoneyReceived)
            case _:
                raise AssertionError("the story begins with several events")


@given(stories)
def test_no_two_customers_have_one_address(story: list[object]) -> None:
    for bank in told(story):
        addresses: dict[CustomerId, str] = {}
        for event in events(bank):
            if isinstance(event, CustomerRegistered | CustomerEmailChanged):
                addresses[event.customer] = event.email.lower()
        assert len(set(addresses.values())) == len(addresses)


@given(stories)
def test_no_account_is_opened_for_a_blocked_customer(story: list[object]) -> None:
    for bank in told(story):
        blocked: set[str] = set()
        for event in events(bank):
            match event:
                case CustomerBlocked():
                    blocked.add(event.customer)
                case CustomerUnblocked():
                    blocked.remove(event.customer)
                case AccountOpened():
                    assert event.customer not in blocked
                case _:
                    pass
