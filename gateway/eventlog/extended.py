"""A commit's document as a line of MongoDB Extended JSON (v2), and back, byte for byte.

Everything that JSON has no type for is written in the canonical form: `{"$numberLong": "7"}`,
`{"$numberDecimal": "1.50"}`, `{"$date": {"$numberLong": "…"}}`, `{"$binary": {"base64": "…", "subType": "04"}}`. A
plain number is an int of 32 bits. The form is defined in github.com/mongodb/specifications, source/extended-json.
"""

import base64
from collections.abc import Callable, Mapping
from typing import Any, cast

import bson
import orjson
from bson import BSON, Binary, Decimal128, Int64
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.datetime_ms import DatetimeMS
from bson.errors import BSONError

_OPTIONS: CodecOptions[dict[str, Any]] = CodecOptions(
    uuid_representation=0, datetime_conversion=DatetimeConversion.DATETIME_MS
)
_FAULTS = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError, BSONError)


def line_of(document: bytes) -> bytes:
    """The line of a document, without its end. Raises ValueError where it would not lead back to the same bytes."""
    line = _written(document)
    if _read(line) != document:
        raise ValueError("it holds a value that an exported line can't hold")
    return line


def document_of(line: bytes) -> bytes:
    """The document of a line. Raises ValueError for any line that `line_of` does not give, to the byte."""
    try:
        document = _read(line)
        same = _written(document) == line
    except _FAULTS as error:
        raise ValueError("it is no commit in Extended JSON") from error
    if not same:
        raise ValueError("it is not written as an export writes it")
    return document


def _written(document: bytes) -> bytes:
    try:
        return orjson.dumps(BSON(document).decode(_OPTIONS), _wrapped, orjson.OPT_PASSTHROUGH_SUBCLASS)
    except _FAULTS as error:
        raise ValueError("it holds a value that an exported line can't hold") from error


def _wrapped(value: object) -> dict[str, Any]:
    match value:
        case Int64():
            return {"$numberLong": str(value)}
        case Decimal128():
            return {"$numberDecimal": str(value)}
        case DatetimeMS():
            return {"$date": {"$numberLong": str(int(value))}}
        case bytes():
            subtype = value.subtype if isinstance(value, Binary) else 0
            return {"$binary": {"base64": base64.b64encode(value).decode(), "subType": f"{subtype:02x}"}}
        case _:
            raise TypeError(type(value).__name__)


def _read(line: bytes) -> bytes:
    return bson.encode(_plain(orjson.loads(line)), codec_options=_OPTIONS)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        found = cast("dict[str, Any]", value)
        unwrapped = _UNWRAPPED.get(next(iter(found), ""))
        return unwrapped(found) if unwrapped else {name: _plain(each) for name, each in found.items()}
    if isinstance(value, list):
        return [_plain(each) for each in cast("list[Any]", value)]
    return value


def _binary(found: Mapping[str, Any]) -> Binary:
    inner = found["$binary"]
    return Binary(base64.b64decode(inner["base64"], validate=True), int(inner["subType"], 16))


_UNWRAPPED: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "$numberLong": lambda found: Int64(found["$numberLong"]),
    "$numberDecimal": lambda found: Decimal128(found["$numberDecimal"]),
    "$date": lambda found: DatetimeMS(int(found["$date"]["$numberLong"])),
    "$binary": _binary,
}
