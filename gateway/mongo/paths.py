"""Access paths as indexes: how a view's fields are stored and what the index of a path is called."""

from pymongo import ASCENDING

from gateway.application.model import AccessPath

Keys = list[tuple[str, int]]


def stored_name(field: str, key_field: str, journal: bool) -> str:
    """The name of a view's field in its document: a View's key is `_id`, a Journal's fields keep their names."""
    return "_id" if field == key_field and not journal else field


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
