"""A customer as the bank knows them."""

from datetime import timedelta

from domain.customer.events import (
    CustomerBlocked,
    CustomerEmailChanged,
    CustomerRegistered,
    CustomerRenamed,
    CustomerUnblocked,
    Email,
)
from gateway.testing import NOON
from readmodels import customers
from readmodels.customers import Customer, CustomerStatus
from tests.domain.examples import ADA, BANK, BRYN, REGISTERED


def customer(*events: object) -> Customer:
    return BANK.given(REGISTERED).given(*events, at=NOON + timedelta(days=1)).views(customers.project)[ADA]


def test_a_registered_customer_is_active() -> None:
    expected = Customer(ADA, "Ada Harbour", Email("ada@example.com"), CustomerStatus.ACTIVE, registered_at=NOON)
    assert customer() == expected


def test_a_renamed_customer_has_the_new_name() -> None:
    assert customer(CustomerRenamed(ADA, "Ada Quay")).name == "Ada Quay"


def test_a_changed_address_is_shown() -> None:
    assert customer(CustomerEmailChanged(ADA, Email("ada@example.org"))).email == "ada@example.org"


def test_a_blocked_customer_is_blocked_until_unblocked() -> None:
    assert customer(CustomerBlocked(ADA)).status == CustomerStatus.BLOCKED
    assert customer(CustomerBlocked(ADA), CustomerUnblocked(ADA)).status == CustomerStatus.ACTIVE


def test_the_day_of_registration_stays() -> None:
    assert customer(CustomerRenamed(ADA, "Ada Quay")).registered_at == NOON


def test_one_customers_events_leave_the_others_alone() -> None:
    other = CustomerRegistered(BRYN, "Bryn Meadow", Email("bryn@example.com"))
    assert customer(other, CustomerRenamed(BRYN, "Bryn Tern")).name == "Ada Harbour"


def test_what_cannot_follow_changes_nothing() -> None:
    view = customer()
    assert customers.project(view, REGISTERED, NOON + timedelta(days=2)) == view
    assert customers.project(None, CustomerBlocked(ADA), NOON) is None
