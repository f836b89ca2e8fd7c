"""What a customer's name and e-mail address must look like."""

import re

from domain.customer.rejections import (
    EmailNotPlausible,
    NameBlank,
    NameNotPrintable,
    NameRefused,
    NameTooLong,
)
from domain.text import is_blank, is_one_line

_LONGEST_NAME = 200

# RFC 5321 allows 64 characters before the @ and 254 in all. Only a message that arrives proves an address.
_LONGEST_EMAIL = 254
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")


def refused_name(name: str) -> NameRefused | None:
    """Why nobody can be called this; None if somebody can."""
    if len(name) > _LONGEST_NAME:
        return NameTooLong(len(name), _LONGEST_NAME)
    if not is_one_line(name):
        return NameNotPrintable()
    return NameBlank() if is_blank(name) else None


def refused_email(email: str) -> EmailNotPlausible | None:
    """Why nobody can be written to at this address; None if somebody might."""
    if len(email) <= _LONGEST_EMAIL and _EMAIL.fullmatch(email) and is_one_line(email):
        return None
    return EmailNotPlausible()
