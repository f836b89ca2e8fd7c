"""The shape of a read model's views: what tells documents of one collection from those of another."""

import hashlib
import json
from collections.abc import Sequence
from functools import cache
from typing import Any, cast

from gateway.application.model import AccessPath, ReadModel
from gateway.application.shapes import Shape, shapes


def shape_of(read_model: ReadModel) -> str:
    """A digest of all that a stored view looks like: where it is another one, stored views can't be read.

    Names of classes and NewTypes are not in it, nor is the order of an enum's members. Where the past is kept, the
    access paths are in it: a past along others, or one that begins in the middle of the log, can't be asked.
    """
    paths = frozenset(read_model.paths) if read_model.history else None
    return _shape(read_model.view, read_model.key_field, read_model.journal, paths)


def shapes_read(read_model: ReadModel) -> tuple[str | None, ...]:
    """The shapes of views that can be read; None is from before it was noted, when no past was kept."""
    return (shape_of(read_model),) if read_model.history else (None, shape_of(read_model))


@cache
def _shape(view: type, key_field: str, journal: bool, past: frozenset[AccessPath] | None) -> str:
    views = [journal, key_field, [*shapes(view).items()]]
    return _digest(views if past is None else [*views, sorted([*each.equal, each.order or ""] for each in past)])


def _digest(value: Any) -> str:
    text = json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _plain(found: Shape) -> Any:
    """Fields keep their order, by which nested values are compared; members of an enum have none."""
    match found:
        case {"enum": members}:
            return ["enum", *sorted(members)]
        case dict():
            return [[name, _plain(each)] for name, each in cast("dict[str, Any]", found).items()]
        case list() | tuple():
            return [_plain(each) for each in cast("Sequence[Any]", found)]
        case _:
            return found
