"""Becoming a customer, and keeping one's name and address up to date."""

from dataclasses import dataclass

from domain.customer.details import refused_email, refused_name
from domain.customer.email import Free, Holder, Taken
from domain.customer.events import (
    CustomerEmailChanged,
    CustomerId,
    CustomerRegistered,
    CustomerRenamed,
    Email,
    EmailClaimed,
    EmailReleased,
)
from domain.customer.rejections import (
    CustomerAlreadyRegistered,
    CustomerUnknown,
    EmailNotPlausible,
    EmailTaken,
    NameRefused,
)
from domain.customer.state import Active, Blocked, Customer, Unregistered


@dataclass(frozen=True, slots=True)
class RegisterCustomer:
    """Become a customer of the bank."""

    customer: CustomerId
    name: str
    "One line of at most 200 characters."
    email: Email
    "An address like name@example.com, which no other customer has."


EmailRefused = EmailNotPlausible | EmailTaken


def register_customer(
    command: RegisterCustomer, customer: Customer, email: Holder
) -> tuple[CustomerRegistered, EmailClaimed] | CustomerAlreadyRegistered | NameRefused | EmailRefused:
    match customer, email:
        case Active() | Blocked(), _:
            return CustomerAlreadyRegistered(command.customer)
        case Unregistered(), _ if refused := refused_name(command.name) or refused_email(command.email):
            return refused
        case Unregistered(), Taken():
            return EmailTaken(command.email)
        case Unregistered(), Free():
            registered = CustomerRegistered(command.customer, command.name, command.email)
            return registered, EmailClaimed(command.email, command.customer)


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
    email: Email
    "An address like name@example.com, which no other customer has."


EmailMoved = tuple[CustomerEmailChanged | EmailClaimed | EmailReleased, ...]


def change_customer_email(
    command: ChangeCustomerEmail, customer: Customer, email: Holder, released: Holder | None
) -> EmailMoved | CustomerUnknown | EmailRefused | None:
    """`released` is the holder of the address that the customer has so far."""
    match customer:
        case Unregistered():
            return CustomerUnknown(command.customer)
        case Active() | Blocked() if customer.email == command.email:
            return None
        case Active() | Blocked():
            return refused_email(command.email) or _moved(command, customer.email, email, released)


def _moved(
    command: ChangeCustomerEmail, before: Email, email: Holder, released: Holder | None
) -> EmailMoved | EmailTaken:
    own, changed = Taken(command.customer), CustomerEmailChanged(command.customer, command.email)
    match email:
        case Taken() if email != own:
            return EmailTaken(command.email)
        case Taken():  # another spelling of the address that they have
            return (changed,)
        case Free():
            claimed = EmailClaimed(command.email, command.customer)
            return (changed, claimed, *([EmailReleased(before, command.customer)] if released == own else []))
