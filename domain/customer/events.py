"""What has happened to a customer. These names are the storage format: they stay for ever."""

from dataclasses import dataclass
from typing import NewType

CustomerId = NewType("CustomerId", str)
"""A customer of the bank."""


@dataclass(frozen=True, slots=True)
class CustomerRegistered:
    """Somebody became a customer."""

    customer: CustomerId
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class CustomerRenamed:
    """A customer goes by another name."""

    customer: CustomerId
    name: str
    "The new name."


@dataclass(frozen=True, slots=True)
class CustomerEmailChanged:
    """A customer is written to at another address."""

    customer: CustomerId
    email: str
    "The new address."


@dataclass(frozen=True, slots=True)
class CustomerBlocked:
    """A customer may open no more accounts."""

    customer: CustomerId


@dataclass(frozen=True, slots=True)
class CustomerUnblocked:
    """A customer may open accounts again."""

    customer: CustomerId


CustomerEvent = CustomerRegistered | CustomerRenamed | CustomerEmailChanged | CustomerBlocked | CustomerUnblocked
