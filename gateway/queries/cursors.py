"""Cursors: sealed places in the order of one connection."""

from dataclasses import dataclass
from typing import Any

from gateway.application.model import ReadModel
from gateway.errors import BadCursor
from gateway.queries.pages import AsOf
from gateway.queries.routes import Route
from gateway.queries.values import packed, unpacked
from gateway.queries.windows import Place
from gateway.signing import Signer

_PURPOSE = "cursor"


@dataclass(frozen=True, slots=True)
class Moment:
    """What was asked for as of, and the position that this came to when the first page was read."""

    asked: AsOf
    position: int


@dataclass(frozen=True, slots=True)
class Cursors:
    """Seals places and opens them again, for one read model on one route; in either direction."""

    signer: Signer
    read_model: ReadModel
    route: Route
    moment: Moment | None = None

    def seal(self, document: Any) -> str:
        """The cursor of a view's document."""
        content = {"of": self._name(), "at": [document[name] for name in self.route.rest]}
        if self.moment:
            content["as_of"] = [self.moment.asked, self.moment.position]
        return self.signer.seal(_PURPOSE, packed(content))

    def open(self, cursor: str | None, argument: str) -> Place | None:
        """The place of a cursor. Raises BadCursor for a text that is none of this connection."""
        if cursor is None:
            return None
        payload = self.signer.unseal(_PURPOSE, cursor)
        content = unpacked(payload) if payload is not None else {}
        if content.get("of") != self._name():
            raise BadCursor(f"`{argument}` is no cursor of this connection.", (argument,))
        return tuple(content["at"])

    def _name(self) -> str:
        route = self.route
        return f"{self.read_model.name}:{','.join(route.equal)}:{','.join(route.rest)}"


def carried(signer: Signer, cursor: str) -> Moment | None:
    """The moment that a cursor carries; None for one of the present, and for a text that is no cursor."""
    payload = signer.unseal(_PURPOSE, cursor)
    content = unpacked(payload) if payload is not None else {}
    return Moment(*content["as_of"]) if "as_of" in content else None
