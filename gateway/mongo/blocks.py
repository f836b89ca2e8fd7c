"""Stretches of the log by which versions of views are found that held at a position, however long the log is.

The log is cut into spans of 4,096 positions, and those into blocks of 1, 2, 4, … of them. A version that has ended
names the few blocks that together are all the spans it reached: whoever asks for a position looks into the one
block of each size around it. A version that still holds reaches into every span to come, so it names the blocks
that it began in, of two sizes only, 4 spans and 512: whoever asks looks into all those up to his position.

What is found this way held at the position, or ended in the very span of it, or began in the 4 spans around it.
"""

from collections.abc import Iterator

from bson import Int64

SPAN = 12
"""A span is 2 ** 12 positions."""

MOST_AT_ONCE = 199
"""So many blocks MongoDB walks side by side and in order; more of them it would sort
(internalQueryMaxScansToExplode). A position below 98 million asks for no more."""

_SIZES = range(24)
"""Of the blocks of ended versions: powers of two spans."""

_SMALL, _LARGE = 2, 9
"""Of the blocks of versions that hold: powers of two spans. Each size more would be written with every version."""


def ended_blocks(since: int, until: int) -> list[Int64]:
    """The blocks of a version that held from the position `since` on, and no longer at `until`."""
    first, last = since >> SPAN, (until - 1) >> SPAN
    found: list[Int64] = []
    for size in _SIZES:
        if first > last:
            break
        if first % 2:
            found.append(_ended(size, first))
            first += 1
        if first <= last and not last % 2:
            found.append(_ended(size, last))
            last -= 1
        first, last = first >> 1, last >> 1
    return found


def holding_blocks(since: int) -> list[Int64]:
    """The blocks of a version that holds since a position."""
    return [_holding(size, since >> SPAN >> size) for size in (_SMALL, _LARGE)]


def blocks_at(position: int) -> list[Int64]:
    """The blocks of which every version that held at a position names at least one."""
    span = position >> SPAN
    return [*(_ended(size, span >> size) for size in _SIZES), *_before(span)]


def _before(span: int) -> Iterator[Int64]:
    """Blocks that are all before a span and the small one around it, as large as can be."""
    large = span >> _LARGE
    yield from (_holding(_LARGE, number) for number in range(large))
    yield from (_holding(_SMALL, number) for number in range(large << _LARGE - _SMALL, (span >> _SMALL) + 1))


def _ended(size: int, number: int) -> Int64:
    return Int64(number << 6 | size)


def _holding(size: int, number: int) -> Int64:
    return Int64(number << 6 | 32 | size)
