"""What has happened to a customer. These names are the storage format: they stay for ever."""

from dataclasses import dataclass
from typing import NewType

CustomerId = NewType("CustomerId", str)
"""A customer of the bank."""

Email = NewType("Email", str)
"""An e-mail address."""


@dataclass(frozen=True, slots=True)
class CustomerRegistered:
    """Somebody became a customer."""

    customer: CustomerId
    name: str
    email: Email


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
    email: Email
    "The new address."


@dataclass(frozen=True, slots=True)
class CustomerBlocked:
    """A customer may open no more accounts."""

    customer: CustomerId


@dataclass(frozen=True, slots=True)
class CustomerUnblocked:
    """A customer may open accounts again."""

    customer: CustomerId


@dataclass(frozen=True, slots=True)
class EmailClaimed:
    """An e-mail address is a customer's, and nobody else's."""

    email: Email
    "In the log a keyed digest of it: the address itself stands with the customer alone."
    customer: CustomerId


@dataclass(frozen=True, slots=True)
class EmailReleased:
    """An e-mail address is nobody's any more."""

    email: Email
    "In the log a keyed digest of it, as where it was claimed."
    customer: CustomerId
    "Whose it was."


EmailEvent = EmailClaimed | EmailReleased
CustomerEvent = CustomerRegistered | CustomerRenamed | CustomerEmailChanged | CustomerBlocked | CustomerUnblocked
