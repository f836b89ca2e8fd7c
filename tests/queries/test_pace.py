"""Back-pressure: commands wait for read models that are too far behind, and for none that stands still."""

import asyncio
import logging

import pytest

from gateway.errors import Unavailable
from gateway.queries import pace as pace_module
from gateway.queries.pace import Pace
from tests.queries.bookshop import BOOKS, Library

pytestmark = pytest.mark.anyio


def pace(library: Library, limit: int = 10, patience: float = 30.0) -> Pace:
    return Pace(library.positions, [BOOKS.name], limit, patience)


async def moved(library: Library, position: int) -> None:
    await library.move(position)
    await library.positions.wait(BOOKS.name, position, 10)


async def test_who_is_near_enough_holds_nobody_back(library: Library, caplog: pytest.LogCaptureFixture) -> None:
    await moved(library, 90)
    await pace(library).keep(100)
    await pace(library, limit=0).keep(1_000_000)
    assert caplog.records == []


async def test_commands_go_on_when_the_read_model_is_near_enough(
    library: Library, caplog: pytest.LogCaptureFixture
) -> None:
    await moved(library, 50)
    slow = pace(library)
    waiting = [asyncio.create_task(slow.keep(100)) for _ in range(20)]
    await moved(library, 89)
    assert not any(each.done() for each in waiting)
    await moved(library, 90)
    async with asyncio.timeout(10):
        await asyncio.gather(*waiting)
    assert [each.message for each in caplog.records if each.levelno == logging.WARNING] == [
        "Commands are held back: books is 50 commits behind."
    ], "once, however many wait"


async def test_a_read_model_that_stands_still_is_waited_for_once_until_it_moves(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace_module, "STILL", 0.1)
    await moved(library, 50)
    slow = pace(library)
    await slow.keep(100)
    monkeypatch.setattr(pace_module, "STILL", 60.0)
    async with asyncio.timeout(10):
        await slow.keep(200)
    await moved(library, 60)
    waiting = asyncio.create_task(slow.keep(200))
    await moved(library, 70)
    assert not waiting.done()
    await moved(library, 190)
    await waiting


async def test_who_waits_too_long_is_told_that_nothing_was_changed(library: Library) -> None:
    await moved(library, 50)
    with pytest.raises(Unavailable) as refused:
        await pace(library, patience=0.2).keep(100)
    assert str(refused.value) == "books is 50 commits behind, too far for more; nothing was changed."
