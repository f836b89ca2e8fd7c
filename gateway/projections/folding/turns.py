"""Turns: long work in memory lets the other tasks of its process go on in between."""

import asyncio
import time
from collections.abc import Generator
from typing import TypeAlias, TypeVar

TURN = 0.002
"""Seconds in a row that such work takes, if no single piece of it takes longer."""

T = TypeVar("T")

Pieces: TypeAlias = Generator[None, None, T]
"""Work that yields after every small piece, and returns what came of it."""


async def in_turns(pieces: Pieces[T]) -> T:
    """What comes of some work; whoever else has work to do gets his turn meanwhile."""
    ends = time.perf_counter() + TURN
    while True:
        try:
            next(pieces)
        except StopIteration as done:
            return done.value
        if time.perf_counter() >= ends:
            await asyncio.sleep(0)
            ends = time.perf_counter() + TURN


def at_once(pieces: Pieces[T]) -> T:
    """The same without a pause."""
    while True:
        try:
            next(pieces)
        except StopIteration as done:
            return done.value
