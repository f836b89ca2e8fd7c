"""Commands out of inputs: a bad value is refused with the path that leads to it, however deep it lies."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NewType

import pytest

from gateway.api.inputs import built
from gateway.errors import BadInput

ParcelId = NewType("ParcelId", str)


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    weight: int | None = None


@dataclass(frozen=True, slots=True)
class PackParcels:
    parcel: ParcelId
    others: tuple[ParcelId | None, ...]
    first_line: Line
    lines: tuple[Line, ...] | None = None


def packed(**changed: Any) -> PackParcels:
    given = {"parcel_id": "Parcel:1", "others": ["Parcel:2", None], "first_line": line("a"), "lines": None}
    found: PackParcels = built(PackParcels, SimpleNamespace(**{**given, **changed}), 5, ["input"])
    return found


def line(text: str) -> Any:
    return SimpleNamespace(text=text, weight=None)


def test_ids_lists_and_objects_are_the_applications_own() -> None:
    found = packed(lines=[line("b"), line("é\n")])
    parcel, other = ParcelId("1"), ParcelId("2")
    assert found == PackParcels(parcel, (other, None), Line("a"), (Line("b"), Line("é\n")))


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"parcel_id": "Letter:1"}, ("parcelId",)),
        ({"others": ["Parcel:2", "Letter:1"]}, ("others", "1")),
        ({"first_line": line("too long")}, ("firstLine", "text")),
        ({"lines": [line("b"), line("\x00")]}, ("lines", "1", "text")),
    ],
)
def test_a_bad_value_is_refused_by_its_path(changed: dict[str, Any], path: tuple[str, ...]) -> None:
    with pytest.raises(BadInput) as caught:
        packed(**changed)
    assert tuple(caught.value.path) == ("input", *path)
