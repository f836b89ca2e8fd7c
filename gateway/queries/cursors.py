"""Cursors: sealed places in the order of one connection."""

from dataclasses import dataclass
from typing import Any

from gateway.application.editions import order_of, shape_of
from gateway.application.model import ReadModel
from gateway.errors import BadCursor, CursorExpired
from gateway.queries.routes import Route
from gateway.queries.values import packed, unpacked
from gateway.queries.windows import Place
from gateway.signing import Signer

_PURPOSE = "cursor"


@dataclass(frozen=True, slots=True)
class Cursors:
    """Seals places and opens them again, for one read model on one route; in either direction."""

    signer: Signer
    read_model: ReadModel
    route: Route

    def seal(self, document: Any) -> str:
        """The cursor of a view's document."""
        content = {"of": self._of(), "as": self._as(), "at": [document[name] for name in self.route.rest]}
        return self.signer.seal(_PURPOSE, packed(content))

    def open(self, cursor: str | None, argument: str) -> Place | None:
        """The place of a cursor, also of one that another release gave.

        Raises BadCursor for a text that is none of this connection, CursorExpired for one from before its views
        were given another order.
        """
        if cursor is None:
            return None
        payload = self.signer.unseal(_PURPOSE, cursor)
        content = unpacked(payload) if payload is not None else {}
        if content.get("of") == self._of() and content.get("as", [None])[0] == self._as()[0]:
            return tuple(content["at"])
        if content.get("of") == self._of() or self._is_older(content):
            raise CursorExpired(f"`{argument}` is from before these views changed their order.", (argument,))
        raise BadCursor(f"`{argument}` is no cursor of this connection.", (argument,))

    def _of(self) -> list[str]:
        route = self.route
        return [self.read_model.name, ",".join(route.equal), ",".join(route.rest)]

    def _as(self) -> list[Any]:
        """What the order of the values, the version and the shape were when the cursor was given."""
        model = self.read_model
        return [order_of(model, self.route.rest), model.version, shape_of(model)]

    def _is_older(self, content: dict[str, Any]) -> bool:
        """Whether another release gave it, for the same connection in an order that is there no more."""
        return content.get("of", [])[:2] == self._of()[:2] and content["as"][1:] != self._as()[1:]
