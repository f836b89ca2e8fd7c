"""Reading what clients send: strict JSON, and the parameters of a GraphQL request.

What is refused here has not reached GraphQL: a `BadRequest` with a code, a sentence and an HTTP status.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple, cast

import orjson

from gateway.web.tracing import NOTHING_SAID, Trace, of_extensions

DEEPEST = 64
"""How deep JSON may be nested."""
LONGEST_NUMBER = 18
"""How many digits a JSON number may have in a row: longer ones are not read exactly everywhere."""

_TEXTS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
_ESCAPED_COLON = re.compile(rb"(?<!\\)(?:\\\\)*\\u003[aA]")
# Leading zeros say nothing: 0.00001748796785250306 is a double's own shortest form.
_DIGITS = re.compile(rb"[1-9][0-9]{%d}" % LONGEST_NUMBER)


class BadRequest(Exception):
    """A request that can't be read; `headers` go with the answer."""

    def __init__(
        self, code: str, message: str, status: int = 400, headers: Mapping[str, str] | None = None
    ) -> None:
        self.code, self.message, self.status, self.headers = code, message, status, headers or {}
        super().__init__(message)

    def document(self) -> dict[str, Any]:
        """The refusal as a GraphQL answer without data."""
        return {"errors": [{"message": self.message, "extensions": {"code": self.code}}]}


class Parameters(NamedTuple):
    """The parameters of one GraphQL request, each of the right type; `after` is the token among its extensions,
    `trace` what they say of the conversation."""

    query: str
    variables: Mapping[str, Any]
    operation: str | None
    after: str | None
    trace: Trace = NOTHING_SAID


def read_json(body: bytes) -> Any:
    """The value of a JSON text. Raises BadRequest for anything that two readers might understand differently."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _malformed(body, error) from None
    if _DIGITS.search(body) and _DIGITS.search(_TEXTS.sub(b"", body)):
        raise BadRequest("BAD_NUMBER", f"A number of more than {LONGEST_NUMBER} digits must be sent as a text.")
    escaped = len(_ESCAPED_COLON.findall(body)) if b"\\u003" in body else 0
    if body.count(b":") + escaped != _colons(value, DEEPEST):  # what comes twice is there once
        raise BadRequest("DUPLICATE_KEY", "This JSON has an object with two values of the same name.")
    return value


def read_parameters(value: object) -> Parameters:
    """The parameters of a request; others than GraphQL over HTTP knows are ignored. Raises BadRequest."""
    if isinstance(value, list):
        raise BadRequest("BATCHING_DISABLED", "Send one operation at a time: batches are not taken.")
    if not isinstance(value, dict):
        raise BadRequest("BAD_REQUEST", "A GraphQL request is a JSON object with a query.")
    given = cast(dict[str, Any], value)
    query, operation = given.get("query"), given.get("operationName")
    if not isinstance(query, str) or not query.strip():
        raise BadRequest("NO_QUERY", "The parameter query must be a text with a GraphQL document.")
    if operation is not None and not isinstance(operation, str):
        raise BadRequest("BAD_REQUEST", "The parameter operationName must be a text.")
    variables, extensions = _object(given, "variables"), _object(given, "extensions")
    return Parameters(query, variables, operation or None, read_token(extensions), of_extensions(extensions))


def read_token(found: Mapping[str, Any]) -> str | None:
    """The token under `after`, if there is one. Raises BadRequest for anything else."""
    after = found.get("after")
    if after is not None and not isinstance(after, str):
        raise BadRequest("BAD_REQUEST", "The token in after must be a text.")
    return after or None


def _object(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = given.get(name)
    if found is not None and not isinstance(found, dict):
        raise BadRequest("BAD_REQUEST", f"The parameter {name} must be a JSON object.")
    return cast(dict[str, Any], found or {})


def _colons(value: Any, room: int) -> int:
    """How many colons a text of this value has, behind its names and in its texts, if it is nested no deeper than
    `room`. Raises BadRequest if it is."""
    kind = value.__class__
    if kind is str:
        return value.count(":")
    if kind is not dict and kind is not list:
        return 0
    if not room:
        raise _too_deep()
    if kind is list:
        return sum([_colons(each, room - 1) for each in value])
    found = len(value)
    for name, each in value.items():
        found += name.count(":") + _colons(each, room - 1)
    return found


def _malformed(body: bytes, error: orjson.JSONDecodeError) -> BadRequest:
    """The sentence for a text that is no JSON."""
    try:
        body.decode()
    except UnicodeDecodeError as wrong:
        return BadRequest("BAD_ENCODING", f"The body is not UTF-8: byte {wrong.start} has no meaning there.")
    if error.msg.startswith("depth"):
        return _too_deep()
    if "infinity" in error.msg or re.search(rb"(?<![\w\"])-?(NaN|Infinity)\b", body):
        return BadRequest("BAD_NUMBER", "NaN, Infinity and numbers beyond 1.8e308 are no JSON numbers.")
    return BadRequest("BAD_JSON", f"The body is not JSON: {error}." if body.strip() else "The body is empty.")


def _too_deep() -> BadRequest:
    return BadRequest("TOO_DEEP", f"This JSON is nested more than {DEEPEST} deep.")
