"""Whether a view is one of those that are asked for, without asking MongoDB."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from gateway.application.model import ReadModel
from gateway.mongo.paths import stored_name
from gateway.queries.choices import apart
from gateway.queries.pages import EVERYTHING, PageRequest
from gateway.queries.routes import given, held
from gateway.queries.values import rank
from gateway.queries.windows import window

Matcher: TypeAlias = Callable[[Mapping[str, Any] | None], bool]
"""Takes a view's declared fields, or all of them, as stored; None is no view, and matches nothing."""

_ANY_KEY = ""
"""Stands behind the ordered field's value: bounds lie before or behind all keys with one value."""


def matcher(read_model: ReadModel, wanted: PageRequest) -> Matcher:
    """Tells the views that the whole connection would have. Raises BadInput for a value that a field can't have."""
    parts = [_matcher(read_model, each) for each in apart(read_model, wanted)]
    return parts[0] if len(parts) == 1 else lambda fields: any(each(fields) for each in parts)


def _matcher(read_model: ReadModel, wanted: PageRequest) -> Matcher:
    equal = {name: rank(held(read_model, name, value)) for name, value in given(read_model, wanted).items()}
    ranged = stored_name(wanted.order, read_model.key_field, read_model.journal) if wanted.order else None
    bounds = window(wanted.range, 2, lambda value: held(read_model, ranged or "_id", value))

    def matches(fields: Mapping[str, Any] | None) -> bool:
        if fields is None or any(rank(fields.get(name)) != value for name, value in equal.items()):
            return False
        return ranged is None or wanted.range == EVERYTHING or bounds.holds((fields.get(ranged), _ANY_KEY))

    return matches
