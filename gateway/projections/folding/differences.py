"""How views change with a batch: what the checkpoint says of them to whoever follows many at once."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gateway.application.model import ReadModel
from gateway.mongo.checkpoints import MOST_TOLD, Difference
from gateway.mongo.paths import declared_fields, name_of


def told(
    model: ReadModel, before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]], keys: Sequence[Any]
) -> tuple[Difference, ...]:
    """How the views of some stored keys change, from their documents; nothing where they are many."""
    if len(keys) > MOST_TOLD:
        return ()
    names = declared_fields(model.paths, model.key_field, model.journal)
    old, new = ({name_of(each["_id"]): each for each in documents} for documents in (before, after))
    called = [(key, name_of(key)) for key in keys]
    return tuple(Difference(key, _some(names, old.get(name)), _some(names, new.get(name))) for key, name in called)


def _some(names: Iterable[str], document: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    return document and {name: document.get(name) for name in names}
