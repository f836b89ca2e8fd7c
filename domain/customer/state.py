"""What the rules must know of a customer, and how events change it."""

from dataclasses import dataclass, replace

from domain.customer.events import (
    CustomerBlocked,
    CustomerEmailChanged,
    CustomerEvent,
    CustomerRegistered,
    CustomerRenamed,
    CustomerUnblocked,
    Email,
)


@dataclass(frozen=True, slots=True)
class Unregistered:
    """Nobody has registered under this id."""


@dataclass(frozen=True, slots=True)
class Active:
    """A customer in good standing."""

    name: str
    email: Email


@dataclass(frozen=True, slots=True)
class Blocked:
    """A customer who may open no more accounts."""

    name: str
    email: Email


Customer = Unregistered | Active | Blocked

unregistered: Customer = Unregistered()


def evolve(customer: Customer, event: CustomerEvent) -> Customer:
    """The customer after this event; one that cannot follow changes nothing."""
    match customer, event:
        case Unregistered(), CustomerRegistered():
            return Active(event.name, event.email)
        case Active() | Blocked(), CustomerRenamed():
            return replace(customer, name=event.name)
        case Active() | Blocked(), CustomerEmailChanged():
            return replace(customer, email=event.email)
        case Active() | Blocked(), CustomerBlocked():
            return Blocked(customer.name, customer.email)
        case Active() | Blocked(), CustomerUnblocked():
            return Active(customer.name, customer.email)
        case (Active() | Blocked(), CustomerRegistered()) | (Unregistered(), _):
            return customer


def current_email(customer: Customer) -> Email | None:
    """Where the customer is written to now."""
    return None if isinstance(customer, Unregistered) else customer.email
