"""An e-mail address is one customer's at a time: who has it, and how that changes."""

from dataclasses import dataclass
from unicodedata import normalize

from domain.customer.events import CustomerId, Email, EmailClaimed, EmailEvent, EmailReleased


@dataclass(frozen=True, slots=True)
class Free:
    """Nobody has this address."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A customer has this address."""

    customer: CustomerId


Holder = Free | Taken

free: Holder = Free()


def evolve_holder(holder: Holder, event: EmailEvent) -> Holder:
    """Who has the address after this event."""
    match event:
        case EmailClaimed():
            return Taken(event.customer)
        case EmailReleased():
            return free


def same_address(email: Email) -> str:
    """What two spellings of one address have in common: to people, large and small letters are the same."""
    return normalize("NFKC", normalize("NFKC", email).casefold())
