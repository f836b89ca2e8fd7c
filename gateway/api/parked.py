"""How parked keys are called towards clients: by the ids under which their views are known."""

from collections.abc import Mapping
from typing import Any

from gateway.api.ids import global_id
from gateway.application.model import Model, ReadModel
from gateway.application.types import is_id
from gateway.mongo.checkpoints import ParkedKeys
from gateway.mongo.parked import name_of

MOST_TOLD = 20
"""So many parked keys of a read model an answer names; it says how many there are."""


def id_of(read_model: ReadModel, key: Any) -> str:
    """The id of a parked key: its view's, or for a journal that of the thing whose lines wait."""
    if not is_id(read_model.key_type):
        return name_of(key)
    kind = read_model.key_type.__name__.removesuffix("Id") if read_model.journal else read_model.view.__name__
    return global_id(kind, name_of(key))


def parked_among(model: Model, parked: Mapping[str, ParkedKeys]) -> list[dict[str, Any]]:
    """The value of `extensions.parked`: of which read models the lists of an answer are not the whole truth."""
    return [
        {
            "readModel": each.name,
            "count": parked[each.name].count,
            "keys": [id_of(each, key) for key in [*parked[each.name].named][:MOST_TOLD]],
        }
        for each in model.read_models
        if each.name in parked
    ]
