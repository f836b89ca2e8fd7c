"""A GraphQL request on its way in, and the answer on its way out, whatever carries them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class Request(NamedTuple):
    """One operation that somebody wants to be executed.

    `after` is the token that the answer must not be older than; `queries_only` refuses mutations (HTTP GET).
    `resume` is the cursor of the last message that a client of a subscription has, in place of the field's `after`.
    """

    query: str
    variables: Mapping[str, Any] = NOTHING
    operation: str | None = None
    after: str | None = None
    actor: str = "anonymous"
    correlation: str | None = None
    causation: str | None = None
    queries_only: bool = False
    resume: str | None = None


class Answer(NamedTuple):
    """What came of it. `refused` means that nothing was executed: there is no `data` then."""

    data: Mapping[str, Any] | None = None
    errors: tuple[Mapping[str, Any], ...] = ()
    extensions: Mapping[str, Any] = NOTHING
    refused: bool = False

    def document(self) -> dict[str, Any]:
        """The answer as JSON-ready values, with the keys that the specification wants."""
        found: dict[str, Any] = {} if self.refused else {"data": self.data}
        if self.errors:
            found["errors"] = list(self.errors)
        if self.extensions:
            found["extensions"] = dict(self.extensions)
        return found
