"""Blocks: whatever held at a position is found there, little else is, and a version has few of them."""

from math import log2

from hypothesis import example, given
from hypothesis.strategies import integers

from gateway.mongo.blocks import MOST_AT_ONCE, SPAN, blocks_at, ended_blocks, holding_blocks

POSITIONS = integers(1, 10_000_000_000)


@given(POSITIONS, POSITIONS, POSITIONS)
@example(1, 1, 2**31)
@example(2**30, 2**30, 2**30 + 1)
@example(4095, 4096, 4097)
def test_a_version_that_held_at_a_position_is_found_there_ended_or_not(one: int, two: int, three: int) -> None:
    since, position, last = sorted((one, two, three))
    assert {*ended_blocks(since, last + 1)} & {*blocks_at(position)}
    assert {*holding_blocks(since)} & {*blocks_at(position)}


@given(POSITIONS, POSITIONS, POSITIONS)
@example(1, 2**20, 2**21)
def test_what_is_found_beside_it_began_or_ended_in_the_same_span(one: int, two: int, position: int) -> None:
    since, until = sorted((one, two + 1))
    asked = {*blocks_at(position)}
    ended = {since >> SPAN, (until - 1) >> SPAN}
    if not since <= position < until and until > since and {*ended_blocks(since, until)} & asked:
        assert position >> SPAN in ended
    if position < since and {*holding_blocks(since)} & asked:
        assert position >> SPAN >> 2 == since >> SPAN >> 2


@given(POSITIONS, POSITIONS)
def test_a_version_has_two_blocks_a_doubling_of_its_spans_at_most(one: int, two: int) -> None:
    since, until = sorted((one, two + 1))
    spans = ((until - 1) >> SPAN) - (since >> SPAN) + 1
    assert len(ended_blocks(since, until)) <= max(1, 2 * log2(spans + 1)) or until == since
    assert len(holding_blocks(since)) == 2


@given(POSITIONS)
@example(2**21 - 1)
def test_a_version_is_found_in_one_block_alone(since: int) -> None:
    for position in (since, since + 1, since + 2**12, since + 2**14, 2 * since, since + 2**30):
        asked = blocks_at(position)
        assert len(asked) == len({*asked})
        assert len({*holding_blocks(since)} & {*asked}) == 1
        assert len({*ended_blocks(since, position + 1)} & {*asked}) == 1


@given(integers(1, 98_000_000))
@example(98_000_000)
@example(98_000_000 // 2**21 * 2**21 - 1)
def test_so_few_are_asked_for_that_mongodb_walks_them_side_by_side(position: int) -> None:
    assert len(blocks_at(position)) <= MOST_AT_ONCE
