"""A customer as the bank knows them."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from domain.customer.events import (
    CustomerBlocked,
    CustomerEmailChanged,
    CustomerEvent,
    CustomerId,
    CustomerRegistered,
    CustomerRenamed,
    CustomerUnblocked,
    Email,
)


class CustomerStatus(StrEnum):
    """Whether a customer may open accounts."""

    ACTIVE = "ACTIVE"
    "In good standing."
    BLOCKED = "BLOCKED"
    "Opens no more accounts; those they have go on."


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer of the bank."""

    customer: CustomerId
    name: str
    email: Email
    status: CustomerStatus
    registered_at: datetime


def project(customer: Customer | None, event: CustomerEvent, at: datetime) -> Customer | None:
    """The customer after this event."""
    match customer, event:
        case None, CustomerRegistered():
            return Customer(event.customer, event.name, event.email, CustomerStatus.ACTIVE, at)
        case Customer(), CustomerRenamed():
            return replace(customer, name=event.name)
        case Customer(), CustomerEmailChanged():
            return replace(customer, email=event.email)
        case Customer(), CustomerBlocked():
            return replace(customer, status=CustomerStatus.BLOCKED)
        case Customer(), CustomerUnblocked():
            return replace(customer, status=CustomerStatus.ACTIVE)
        case _:
            return customer
