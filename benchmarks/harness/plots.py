"""Curves as SVG, written by hand: two axes and some lines need no library."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log10
from xml.sax.saxutils import escape

from benchmarks.harness.figures import Sample, figures, spread

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP, _RIGHT = 640, 320, 70, 50, 30, 150
_COLOURS = ("#0b6e99", "#d9730d", "#448361", "#9065b0")


@dataclass(frozen=True, slots=True)
class Curve:
    """What is drawn of a row whose contestants are called `name at x`: a figure over x, on a logarithmic axis."""

    axis: str
    measure: str
    unit: str


@dataclass(frozen=True, slots=True)
class Point:
    """A median, and the least and the most that was seen."""

    x: float
    median: float
    low: float
    high: float


Lines = Mapping[str, Sequence[Point]]


def lines(curve: Curve, samples: Mapping[str, Sequence[Sample]]) -> dict[str, list[Point]]:
    """The points of each line."""
    found: dict[str, list[Point]] = {}
    for contestant, taken in samples.items():
        name, _, x = contestant.rpartition(" at ")
        if seen := figures(taken, curve.measure):
            each = spread(seen)
            found.setdefault(name, []).append(Point(float(x.replace(",", "")), each.median, each.low, each.high))
    return found


def svg(curve: Curve, drawn: Lines) -> str:
    """The picture; the least of the upright axis is nothing."""
    points = [each for line in drawn.values() for each in line]
    frame = _Frame(
        min(each.x for each in points), max(each.x for each in points), max(each.high for each in points) or 1
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-size="12">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/><g font-family="sans-serif">',
        *_axes(curve, frame, sorted({each.x for each in points})),
    ]
    for number, (name, line) in enumerate(drawn.items()):
        parts += _line(frame, name, line, number)
    return "\n".join([*parts, "</g></svg>\n"])


@dataclass(frozen=True, slots=True)
class _Frame:
    least: float
    most: float
    high: float

    def x(self, value: float) -> float:
        whole = log10(self.most / self.least) or 1
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * log10(value / self.least) / whole

    def y(self, value: float) -> float:
        return _HEIGHT - _BOTTOM - (_HEIGHT - _BOTTOM - _TOP) * value / self.high


def _axes(curve: Curve, frame: _Frame, xs: Sequence[float]) -> Iterator[str]:
    floor, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    yield f'<path d="M{_LEFT} {_TOP}V{floor}H{right}" fill="none" stroke="#444"/>'
    for each in xs:
        yield f'<text x="{frame.x(each):.1f}" y="{floor + 18}" text-anchor="middle">{each:,.0f}</text>'
    for share in (0, 0.25, 0.5, 0.75, 1):
        height = frame.y(share * frame.high)
        yield f'<path d="M{_LEFT} {height:.1f}H{right}" stroke="#ddd"/>'
        yield f'<text x="{_LEFT - 6}" y="{height + 4:.1f}" text-anchor="end">{share * frame.high:,.4g}</text>'
    yield f'<text x="{(_LEFT + right) / 2}" y="{_HEIGHT - 8}" text-anchor="middle">{escape(curve.axis)}</text>'
    yield f'<text x="4" y="{_TOP - 14}">{escape(curve.unit)}</text>'


def _line(frame: _Frame, name: str, line: Sequence[Point], number: int) -> Iterator[str]:
    colour = _COLOURS[number % len(_COLOURS)]
    path = " ".join(f"{frame.x(each.x):.1f},{frame.y(each.median):.1f}" for each in line)
    yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
    for each in line:
        x = f"{frame.x(each.x):.1f}"
        yield f'<path d="M{x} {frame.y(each.low):.1f}V{frame.y(each.high):.1f}" stroke="{colour}"/>'
        yield f'<circle cx="{x}" cy="{frame.y(each.median):.1f}" r="3" fill="{colour}"/>'
    right = _WIDTH - _RIGHT + 10
    yield f'<text x="{right}" y="{frame.y(line[-1].median) + 4:.1f}" fill="{colour}">{escape(name)}</text>'
