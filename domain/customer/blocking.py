"""Blocking a customer, who then opens no more accounts; those they have go on."""

from dataclasses import dataclass

from domain.customer.events import CustomerBlocked, CustomerId, CustomerUnblocked
from domain.customer.rejections import CustomerIsBlocked, CustomerNotBlocked, CustomerUnknown
from domain.customer.state import Active, Blocked, Customer, Unregistered


@dataclass(frozen=True, slots=True)
class BlockCustomer:
    """Let a customer open no more accounts. Those they have go on: freeze an account to stop its money."""

    customer: CustomerId


def block_customer(
    command: BlockCustomer, customer: Customer
) -> CustomerBlocked | CustomerUnknown | CustomerIsBlocked:
    match customer:
        case Unregistered():
            return CustomerUnknown(command.customer)
        case Blocked():
            return CustomerIsBlocked(command.customer)
        case Active():
            return CustomerBlocked(command.customer)


@dataclass(frozen=True, slots=True)
class UnblockCustomer:
    """Let a blocked customer open accounts again."""

    customer: CustomerId


def unblock_customer(
    command: UnblockCustomer, customer: Customer
) -> CustomerUnblocked | CustomerUnknown | CustomerNotBlocked:
    match customer:
        case Unregistered():
            return CustomerUnknown(command.customer)
        case Active():
            return CustomerNotBlocked(command.customer)
        case Blocked():
            return CustomerUnblocked(command.customer)
