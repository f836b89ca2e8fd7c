"""Cursors: sealed places in the order of one connection."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from gateway.application.model import ReadModel
from gateway.application.shapes import Shape, shape
from gateway.errors import BadCursor, CursorExpired
from gateway.queries.pages import AsOf
from gateway.queries.routes import Route, every_route, type_of
from gateway.queries.storage import Walk
from gateway.queries.values import packed, rank, unpacked
from gateway.queries.windows import Place
from gateway.signing import Signer

_PURPOSE = "cursor"


@dataclass(frozen=True, slots=True)
class Moment:
    """What was asked for as of, and the position that this came to when the first page was read."""

    asked: AsOf
    position: int


@dataclass(frozen=True)
class Cursors:
    """Seals places and opens them again, for one connection: a read model, a route, and what is equal in it.

    They serve in either direction and whatever the range. `walks` are those that the connection is made of. With a
    `moment` they are places in the connection as it was then, and carry it.
    """

    signer: Signer
    read_model: ReadModel
    route: Route
    walks: Sequence[Walk]
    moment: Moment | None = None

    def seal(self, document: Any) -> str:
        """The cursor of a view's document."""
        content = {**self._connection, "at": [document[name] for name in self.route.rest]}
        if self.moment:
            content["as_of"] = [self.moment.asked, self.moment.position]
        return self.signer.seal(_PURPOSE, packed(content))

    def open(self, cursor: str | None, argument: str) -> Place | None:
        """The place of a cursor.

        Raises CursorExpired for one of an order that the read model has no more, BadCursor for any other text that
        is none of this connection.
        """
        if cursor is None:
            return None
        payload = self.signer.unseal(_PURPOSE, cursor)
        content = unpacked(payload) if payload is not None else {}
        if {name: content.get(name) for name in self._connection} == self._connection:
            return tuple(content["at"])
        if content.get("of") == self.read_model.name and content.get("by") not in self._orders():
            raise CursorExpired(f"The order that `{argument}` is a place in is gone; begin anew.", (argument,))
        raise BadCursor(f"`{argument}` is no cursor of this connection.", (argument,))

    @cached_property
    def _connection(self) -> dict[str, Any]:
        """What a cursor names its connection by."""
        return {"of": self.read_model.name, "by": _order(self.read_model, self.route), "in": self._equal()}

    def _equal(self) -> bytes:
        """A digest of the values that are equal in this connection, in whichever order they were given."""
        values = {name: [each.equal[name] for each in self.walks] for name in self.route.equal}
        unlike = {name: {rank(value): value for value in held} for name, held in values.items()}
        ordered = {name: [held[each] for each in sorted(held)] for name, held in unlike.items()}
        return _digest(packed(ordered))

    def _orders(self) -> set[bytes]:
        return {_order(self.read_model, each) for each in every_route(self.read_model)}


def carried(signer: Signer, cursor: str) -> Moment | None:
    """The moment that a cursor carries; None for one of the present, and for a text that is no cursor."""
    payload = signer.unseal(_PURPOSE, cursor)
    content = unpacked(payload) if payload is not None else {}
    return Moment(*content["as_of"]) if "as_of" in content else None


def _order(read_model: ReadModel, route: Route) -> bytes:
    """A digest of an order: a route, and how the fields that it goes along are stored."""
    return _digest_of(route, tuple(type_of(read_model, name) for name in route.rest))


@cache
def _digest_of(route: Route, types: tuple[Any, ...]) -> bytes:
    return _digest(json.dumps([route.equal, route.rest, [_compared(shape(each)) for each in types]]).encode())


def _compared(of: Shape) -> Shape:
    """What of a shape has a say in the order: which members an enum has, and whether there are nulls, does not."""
    match of:
        case {"optional": inner}:
            return _compared(inner)
        case {"enum": _}:
            return "string"
        case {"list": item}:
            return {"list": _compared(item)}
        case {"fields": fields}:
            return {"fields": [[name, _compared(each)] for name, each in fields.items()]}
        case _:
            return of


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()[:8]
