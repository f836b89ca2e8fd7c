"""What a client asks of a connection's fields, as the page request that it means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.application.model import ReadModel
from gateway.errors import BadInput
from gateway.queries.pages import EVERYTHING, PageRequest, Range

BOUNDS = ("gt", "gte", "lt", "lte")
EQUAL, ONE_OF, PREFIX, NULL = "eq", "in_", "starts_with", "is_null"
TESTS = (EQUAL, ONE_OF, *BOUNDS, PREFIX, NULL)
"""What may be asked of a field, by the names that it has in Python."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of one field: to have one of `values`, or without any to lie in `range`."""

    name: str
    path: tuple[str, ...]
    values: tuple[Any, ...] | None
    range: Range = EVERYTHING


def asked(name: str, tests: Mapping[str, Any], path: tuple[str, ...]) -> Asked | None:
    """What the tests of a field mean; None where there are none. Raises BadInput for what excludes each other."""
    choice = _choice(tests)
    if choice is None:
        bounds = Range(*(tests.get(each) for each in (*BOUNDS, PREFIX, NULL)))
        return Asked(name, path, None, bounds) if tests else None
    if len(tests) > 1:
        raise BadInput("`eq`, `in` and `isNull: true` stand alone: nothing else is asked beside them.", path)
    return Asked(name, path, choice)


def _choice(tests: Mapping[str, Any]) -> tuple[Any, ...] | None:
    if EQUAL in tests:
        return (tests[EQUAL],)
    if ONE_OF in tests:
        return tuple(tests[ONE_OF])
    return (None,) if tests.get(NULL) else None


def page_request(
    read_model: ReadModel, fields: Sequence[Asked], order: str | None, fixed: Mapping[str, Any]
) -> PageRequest:
    """All that the fields are asked for, beside what is `fixed`; without an `order`, in the one that this implies.

    Raises BadInput for bounds on a field that the connection is not ordered by.
    """
    bounded = [each.name for each in fields if each.values is None]
    order = order or next(iter(bounded), None) or _implied(read_model, {*fixed, *(each.name for each in fields)})
    equal, among, range_ = {**fixed}, dict[str, Sequence[Any]](), EVERYTHING
    for each in fields:
        if each.values is not None and len(each.values) != 1:
            among[each.name] = each.values
        elif each.name == order:
            range_ = each.range if each.values is None else _only(each.values[0])
        elif each.values is None:
            raise BadInput("Bounds are for the one field that the connection is ordered by.", each.path)
        else:
            equal[each.name] = each.values[0]
    return PageRequest(equal, range_, order, where_in=among)


def _only(value: Any) -> Range:
    return Range(null=True) if value is None else Range(gte=value, lte=value)


def _implied(read_model: ReadModel, names: set[str]) -> str | None:
    """The order of the first access path that has all these fields, where none has just them as equal ones."""
    if any({*path.equal} == names for path in read_model.paths):
        return None
    orders = [path.order for path in read_model.paths if path.order and {*path.equal, path.order} == names]
    return next(iter(orders), None)
