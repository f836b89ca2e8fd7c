"""Which part of a view is read: the stored fields that somebody asks for."""

from collections.abc import Iterable
from typing import TypeAlias

Fields: TypeAlias = frozenset[str] | None
"""The stored fields of a view that are read beside its key; None is the whole view."""

KEY_ALONE: Fields = frozenset()


def together(parts: Iterable[Fields]) -> Fields:
    """What serves everybody who asks for one of these parts."""
    distinct = set(parts)
    if None in distinct:
        return None
    return frozenset[str]().union(*(each for each in distinct if each is not None))


def projection(fields: Fields) -> dict[str, int] | None:
    """The projection that MongoDB is asked with; None for the whole document."""
    return None if fields is None else {"_id": 1, **dict.fromkeys(fields, 1)}
