"""Views as documents: how fields and versions are stored, and what the index of an access path is called."""

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import bson
from pymongo import ASCENDING

from gateway.application.model import AccessPath
from gateway.mongo.client import OPTIONS

Keys = list[tuple[str, int]]

VERSION = "_version"
"""Where a view keeps the version of the stream that it stands for; no field of the view itself."""


def version_of(document: Mapping[str, Any]) -> int:
    """The version that a view shows. One that has none counts as never seen: nothing is unchanged since."""
    return document.get(VERSION, 0)


def name_of(key: Any) -> Hashable:
    """A stored key as something that sets and mappings can hold; most keys are texts, and their own names."""
    return key if isinstance(key, str) else bson.encode({"": key}, codec_options=OPTIONS)


def stored_name(field: str, key_field: str, journal: bool) -> str:
    """The name of a view's field in its document: a View's key is `_id`, a Journal's fields keep their names."""
    return "_id" if field == key_field and not journal else field


def declared_fields(paths: Iterable[AccessPath], key_field: str, journal: bool) -> list[str]:
    """The stored names of the fields that access paths name, the key's among them."""
    names = {name for path in paths for name in (*path.equal, path.order) if name} | {key_field}
    return sorted(stored_name(name, key_field, journal) for name in names)


def index_keys(path: AccessPath, key_field: str, journal: bool) -> Keys:
    """The equal fields, the order field, and `_id` to tell equals apart; each once, all ascending."""
    fields = (*path.equal, *((path.order,) if path.order else ()))
    names = dict.fromkeys([*(stored_name(each, key_field, journal) for each in fields), "_id"])
    return [(name, ASCENDING) for name in names]


def index_name(path: AccessPath, key_field: str, journal: bool) -> str:
    """The name of a path's index, for `hint`.

    It follows from the index's keys: two paths with the same keys share one index, and the path by key alone
    is MongoDB's own.
    """
    first, *rest = [name for name, _ in index_keys(path, key_field, journal)]
    if not rest:
        return "_id_"
    return ".".join([first, *rest] if rest[-1] != "_id" else [first, *rest[:-1]])


def bson_size(document: Mapping[str, Any]) -> int:
    """How many bytes a stored view has."""
    return len(bson.encode(document, codec_options=OPTIONS))
