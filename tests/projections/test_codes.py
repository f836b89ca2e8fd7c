"""Whoever changes a read model's code and forgets its version is told so at every start."""

import asyncio

import pytest

from gateway.application import Application
from gateway.application.reading import read
from gateway.mongo.live import Lives
from gateway.projections.codes import look
from gateway.projections.editions import folded_by
from gateway.projections.rebuild.candidates import Wish
from gateway.projections.rebuild.rebuilding import Rebuilding
from gateway.settings import load_settings
from tests.projections.editions import first, release, second, shelve_double
from tests.projections.world import World, history, watching
from tests.support.desks import until

pytestmark = pytest.mark.anyio

TOLD = "is not that with which"

changed = release(shelve_double, 1)
"""Its books have the version and the shape of those before it."""


async def start(place: World, application: Application) -> None:
    """What a start looks at, without the rest of it."""
    async with asyncio.timeout(20):
        lives = Lives(place.opened.database)
        await look(place.opened.database, (await folded_by(read(application), lives)).read_models)


async def test_a_watcher_tells_it(place: World, caplog: pytest.LogCaptureFixture) -> None:
    await start(place, first)

    async def told() -> bool:
        await place.checkpoints()
        return TOLD in caplog.text

    async with watching(place, changed):
        await until(told)


async def test_code_that_changes_without_its_version_is_told_at_each_start(
    place: World, caplog: pytest.LogCaptureFixture
) -> None:
    await start(place, first)
    await start(place, first)
    assert TOLD not in caplog.text
    for times in (1, 2):
        await start(place, changed)
        assert (
            caplog.text.count("The code of the read model books is not that with which books.1 was begun") == times
        )
    assert caplog.text.count(TOLD) == 2


async def test_a_new_version_is_told_nothing(place: World, caplog: pytest.LogCaptureFixture) -> None:
    await start(place, first)
    await start(place, second)
    assert TOLD not in caplog.text


async def test_a_rebuild_is_what_the_code_makes(place: World, caplog: pytest.LogCaptureFixture) -> None:
    await place.add(*history(80, 20))
    async with watching(place, first):
        await place.built(20)
    settings = load_settings(fold_commits=100)
    model = read(changed)
    await Rebuilding(place.opened.database, model, place.identity.log, settings).run(Wish(("books",)))
    await start(place, changed)
    assert TOLD not in caplog.text
    await start(place, first)
    assert "books.1.2 was begun" in caplog.text
