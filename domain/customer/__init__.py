"""A customer: what may be asked of one, and how one is folded from events."""

from domain.customer.blocking import block_customer, unblock_customer
from domain.customer.events import CustomerId
from domain.customer.registration import change_customer_email, register_customer, rename_customer
from domain.customer.state import evolve, unregistered

__all__ = [
    "CustomerId",
    "block_customer",
    "change_customer_email",
    "evolve",
    "register_customer",
    "rename_customer",
    "unblock_customer",
    "unregistered",
]
