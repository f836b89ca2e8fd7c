"""A customer: what may be asked of one, and how one is folded from events."""

from domain.customer.blocking import block_customer, unblock_customer
from domain.customer.email import evolve_holder, free, same_address
from domain.customer.events import CustomerId, Email
from domain.customer.registration import change_customer_email, register_customer, rename_customer
from domain.customer.state import current_email, evolve, unregistered

__all__ = [
    "CustomerId",
    "Email",
    "block_customer",
    "change_customer_email",
    "current_email",
    "evolve",
    "evolve_holder",
    "free",
    "register_customer",
    "rename_customer",
    "same_address",
    "unblock_customer",
    "unregistered",
]
