"""Becoming a customer, and keeping one's name and address up to date."""

from dataclasses import dataclass

from domain.customer.details import refused_email, refused_name
from domain.customer.events import CustomerEmailChanged, CustomerId, CustomerRegistered, CustomerRenamed
from domain.customer.rejections import (
    CustomerAlreadyRegistered,
    CustomerUnknown,
    EmailNotPlausible,
    NameRefused,
)
from domain.customer.state import Active, Blocked, Customer, Unregistered


@dataclass(frozen=True, slots=True)
class RegisterCustomer:
    """Become a customer of the bank."""

    customer: CustomerId
    name: str
    "One line of at most 200 characters."
    email: str
    "An address like name@example.com."


def register_customer(
    command: RegisterCustomer, customer: Customer
) -> CustomerRegistered | CustomerAlreadyRegistered | NameRefused | EmailNotPlausible:
    match customer:
        case Active() | Blocked():
            return CustomerAlreadyRegistered(command.customer)
        case Unregistered():
            refused = refused_name(command.name) or refused_email(command.email)
            return refused or CustomerRegistered(command.customer, command.name, command.email)


@dataclass(frozen=True, slots=True)
class RenameCustomer:
    """Give a customer another name; their accounts show it too. The name they have is no change."""

    customer: CustomerId
    name: str
    "One line of at most 200 characters."


def rename_customer(
    command: RenameCustomer, customer: Customer
) -> CustomerRenamed | CustomerUnknown | NameRefused | None:
    match customer:
        case Unregistered():
            return CustomerUnknown(command.customer)
        case Active() | Blocked() if customer.name == command.name:
            return None
        case Active() | Blocked():
            return refused_name(command.name) or CustomerRenamed(command.customer, command.name)


@dataclass(frozen=True, slots=True)
class ChangeCustomerEmail:
    """Write to a customer at another address. The address they have is no change."""

    customer: CustomerId
    email: str
    "An address like name@example.com."


def change_customer_email(
    command: ChangeCustomerEmail, customer: Customer
) -> CustomerEmailChanged | CustomerUnknown | EmailNotPlausible | None:
    match customer:
        case Unregistered():
            return CustomerUnknown(command.customer)
        case Active() | Blocked() if customer.email == command.email:
            return None
        case Active() | Blocked():
            return refused_email(command.email) or CustomerEmailChanged(command.customer, command.email)
