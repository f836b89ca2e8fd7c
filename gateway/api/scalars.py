"""The scalars beside GraphQL's own: each refuses what it can't carry exactly, with one sentence."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NewType
from uuid import UUID

import strawberry
from strawberry.types.scalar import ScalarDefinition

from gateway.application.descriptions import describe_new_type
from gateway.audit.entries import Position
from gateway.errors import BadInput

Int64 = NewType("Int64", int)
Token = NewType("Token", str)
Version = NewType("Version", str)
Moment = NewType("Moment", str)

_DIGITS = 34
"""What a Decimal128 holds exactly (IEEE 754-2019, decimal128)."""

_DECIMAL = re.compile(r"-?([0-9]+)(?:\.([0-9]+))?")
_WHOLE = re.compile(r"-?[0-9]{1,19}")
_POSITION = re.compile(r"[0-9]{1,19}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# RFC 3339, to the millisecond as MongoDB keeps it; Python reads the rest of ISO 8601, too.
_DATETIME = re.compile(_DATE.pattern + r"T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,3})?(Z|[+-][0-9]{2}:[0-9]{2})")
_LONGEST = 64
_LONGEST_NAME = 320
"""In characters, of a NewType's text: an e-mail address fits (RFC 5321); more is the application's to refuse."""


def text_of(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise BadInput(f"{what} is a text.")
    return value


def _parse_decimal(value: object) -> Decimal:
    text = text_of(value, 'A Decimal, such as "10.50",')
    found = _DECIMAL.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None:
        raise BadInput(
            'A Decimal is digits with at most one point, as in "10.50": no exponent, no NaN, no infinity.'
        )
    if len(found.group(1)) + len(found.group(2) or "") > _DIGITS:
        raise BadInput(f"A Decimal has at most {_DIGITS} digits.")
    return Decimal(text)


def _parse_datetime(value: object) -> datetime:
    text = text_of(value, 'A DateTime, such as "2026-01-31T23:59:59Z",')
    try:
        found = datetime.fromisoformat(text) if _DATETIME.fullmatch(text) else None
    except ValueError:
        found = None
    if found is None:
        raise BadInput('A DateTime is in RFC 3339, to the millisecond, as in "2026-01-31T23:59:59.999Z".')
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise BadInput("A DateTime is between the years 1 and 9999 in UTC.") from None


def _format_datetime(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _parse_date(value: object) -> date:
    text = text_of(value, 'A Date, such as "2026-01-31",')
    try:
        return date.fromisoformat(text if _DATE.fullmatch(text) else "")
    except ValueError:
        raise BadInput('A Date is a day of the calendar, as in "2026-01-31".') from None


def _parse_uuid(value: object) -> UUID:
    text = text_of(value, "A UUID")
    try:
        found = UUID(text)
    except ValueError:
        found = None
    if found is None or str(found) != text.lower():
        raise BadInput(
            'A UUID is 32 hexadecimal digits in five groups, as in "0190a5e0-0000-7000-8000-000000000000".'
        )
    return found


def _parse_int64(value: object) -> int:
    text = text_of(value, "An Int64")
    if not _WHOLE.fullmatch(text) or not -(2**63) <= int(text) < 2**63:
        raise BadInput('An Int64 is a whole number of 64 bits as a text, as in "42".')
    return int(text)


def _parse_moment(value: object) -> datetime | int:
    text = text_of(value, "A Moment")
    if _POSITION.fullmatch(text) and int(text) < 2**63:
        return int(text)
    try:
        return _parse_datetime(text)
    except BadInput:
        raise BadInput(
            'A Moment is a time in RFC 3339, as in "2026-01-31T23:59:59Z", or a position of the log, as in "42".'
        ) from None


def _parse_name(name: str) -> Callable[[object], str]:
    def parse(value: object) -> str:
        text = text_of(value, f"A {name}")
        if not 1 <= len(text) <= _LONGEST_NAME or not text.isprintable():
            raise BadInput(f"A {name} is a text of 1 to {_LONGEST_NAME} printable characters.")
        return text

    return parse


def new_type_scalar(new_type: Any) -> ScalarDefinition:
    """The scalar of a NewType over str, such as Currency, described by the literal under it."""
    name: str = new_type.__name__
    described = describe_new_type(new_type)
    return strawberry.scalar(name=name, description=described, serialize=str, parse_value=_parse_name(name))


STANDARD: dict[object, ScalarDefinition] = {
    Decimal: strawberry.scalar(
        name="Decimal",
        description='An exact decimal, always a text: "10.50"; no float, no exponent; at most 34 digits.',
        serialize=lambda value: format(value, "f"),
        parse_value=_parse_decimal,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment in RFC 3339, in UTC, to the millisecond.",
        specified_by_url="https://scalars.graphql.org/andimarek/date-time.html",
        serialize=_format_datetime,
        parse_value=_parse_datetime,
    ),
    date: strawberry.scalar(
        name="Date", description="A day: 2026-01-31.", serialize=date.isoformat, parse_value=_parse_date
    ),
    UUID: strawberry.scalar(
        name="UUID",
        description="A universally unique identifier.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc9562",
        serialize=str,
        parse_value=_parse_uuid,
    ),
    Int64: strawberry.scalar(
        name="Int64",
        description="A 64-bit integer as a text: an Int ends at 2^31.",
        serialize=str,
        parse_value=_parse_int64,
    ),
    Moment: strawberry.scalar(
        name="Moment",
        description='A moment of the log: a time in RFC 3339, "2026-01-31T23:59:59Z", with all that was committed '
        'at it or before, or a position, "42".',
        serialize=str,
        parse_value=_parse_moment,
    ),
    Token: strawberry.scalar(
        name="Token",
        description="Opaque proof of a write; send it back in `extensions.after` or the header `Tidegate-After`.",
        serialize=str,
        parse_value=lambda value: text_of(value, "A Token"),
    ),
    Version: strawberry.scalar(
        name="Version",
        description="Opaque version of the thing that you saw, not of those that it links to; send it back in "
        "`ifUnchanged`.",
        serialize=str,
        parse_value=lambda value: text_of(value, "A Version"),
    ),
}
STANDARD[Position] = STANDARD[Int64]
