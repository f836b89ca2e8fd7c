"""The shape of a read model's views: what tells documents of one collection from those of another."""

import hashlib
import json
from collections.abc import Sequence
from functools import cache
from typing import Any, cast

from gateway.application.model import ReadModel
from gateway.application.shapes import Shape, shapes


def shape_of(read_model: ReadModel) -> str:
    """A digest of all that a stored view looks like: where it is another one, stored views can't be read.

    Names of classes and NewTypes are not in it, nor is the order of an enum's members.
    """
    return _shape(read_model.view, read_model.key_field, read_model.journal)


@cache
def _shape(view: type, key_field: str, journal: bool) -> str:
    return _digest([journal, key_field, [*shapes(view).items()]])


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
