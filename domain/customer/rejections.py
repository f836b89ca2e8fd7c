"""Why the bank refuses what is asked of a customer."""

from dataclasses import dataclass

from domain.customer.events import CustomerId, Email


@dataclass(frozen=True, slots=True)
class CustomerUnknown:
    """There is no customer under this id."""

    customer: CustomerId


@dataclass(frozen=True, slots=True)
class CustomerAlreadyRegistered:
    """There is a customer under this id already."""

    customer: CustomerId


@dataclass(frozen=True, slots=True)
class CustomerIsBlocked:
    """The customer is blocked."""

    customer: CustomerId


@dataclass(frozen=True, slots=True)
class CustomerNotBlocked:
    """The customer is not blocked."""

    customer: CustomerId


@dataclass(frozen=True, slots=True)
class NameBlank:
    """A name needs at least one letter or digit."""


@dataclass(frozen=True, slots=True)
class NameTooLong:
    """The name is too long."""

    length: int
    "How many characters the name has."
    allowed: int
    "How many it may have."


@dataclass(frozen=True, slots=True)
class NameNotPrintable:
    """A name is one line of text, without control characters."""


@dataclass(frozen=True, slots=True)
class EmailNotPlausible:
    """This is no e-mail address: it should look like name@example.com, with at most 254 characters."""


@dataclass(frozen=True, slots=True)
class EmailTaken:
    """Another customer has this e-mail address."""

    email: Email


NameRefused = NameBlank | NameTooLong | NameNotPrintable
