"""A changed read model is built beside the live one, and everybody follows the switch."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from gateway.application import Application
from gateway.application.model import ReadModel
from gateway.application.reading import read
from gateway.errors import ReadModelNotBuilt
from gateway.mongo.changes import Heard, LiveMoved
from gateway.mongo.checkpoints import Checkpoint, checkpoint_of, document_of
from gateway.mongo.client import collection
from gateway.mongo.collections import CHECKPOINTS, LIVE
from gateway.mongo.live import Live, Lives, Moved, live_of
from gateway.mongo.parked import Place
from gateway.projections.folding.reach import plan
from gateway.projections.parking.retrying import Retrying, Skip
from gateway.projections.storage import ViewStore
from gateway.queries.freshness import Freshness
from gateway.queries.pages import PageRequest
from gateway.queries.positions import Positions
from gateway.queries.queries import Queries
from gateway.settings import load_settings
from gateway.signing import Signer
from tests.projections.broken import fussy
from tests.projections.editions import expected_second, expected_short, first, release, second, short
from tests.projections.processes import process
from tests.projections.shelves import Documents, shelves
from tests.projections.world import World, added, history, lent, watching
from tests.support.desks import until

pytestmark = pytest.mark.anyio

FUSSY = release(fussy, 2)
"""Its fold raises when the book b3 is lent a second time."""


async def live(place: World, edition: str, name: str = "books") -> Live:
    """What is live of a read model, once it is this edition."""

    def moved(heard: list[Heard]) -> bool:
        return any(isinstance(each, LiveMoved) and each.live.edition == edition for each in heard)

    found = await now(place, name)
    if found.edition != edition:
        await place.ear.until(moved)
    return await now(place, name)


async def now(place: World, name: str = "books") -> Live:
    document = await collection(place.opened.database, LIVE).find_one({"_id": name})
    assert document is not None
    return live_of(document)


async def reaches(place: World, edition: str, position: int) -> None:
    """Returns when an edition has reached a position."""

    async def reached() -> bool:
        found = await collection(place.opened.database, CHECKPOINTS).find_one({"_id": edition})
        return found is not None and found["position"] >= position

    await until(reached)


async def beats(place: World, edition: str) -> None:
    """Returns when whoever builds an edition has stood at the head often enough to have made it live."""
    for _ in range(4):
        await place.ear.moved(lambda each: each.id == edition)


async def folded(place: World, fold: Callable[[Any], Documents]) -> Documents:
    return fold(await place.opened.log.read(0, 1_000_000, 1_000_000_000))


def in_first(commits: Any) -> Documents:
    return shelves(commits)["views.books.1"]


@asynccontextmanager
async def asking(place: World, application: Application) -> AsyncGenerator[tuple[Queries, Positions, ReadModel]]:
    """The read side of a process of this release."""
    model, database = read(application), place.opened.database
    signer = Signer(b"secret", place.identity.log)
    async with Positions(database, place.changes, model) as positions:
        queries = Queries(database, model, signer, load_settings(), positions)
        yield queries, positions, model.read_models[0]


async def test_a_new_version_is_built_beside_the_old_one_and_becomes_live_when_it_has_caught_up(
    place: World,
) -> None:
    await place.add(*history(40, 80))
    async with watching(place, first):
        await place.built(80)
        assert (await now(place)).edition == "books.1"
        async with watching(place, second):
            found = await live(place, "books.2")
            assert (found.version, found.past) == (2, ("books.1",))
            end = await place.add(*history(41, 40))
            await reaches(place, "books.1", end)
            await reaches(place, "books.2", end)
    assert await place.documents("views.books.2") == await folded(place, expected_second)
    assert await place.documents("views.books.1") == await folded(place, in_first)


async def test_another_shape_of_the_same_version_has_a_collection_of_its_own(place: World) -> None:
    end = await place.add(*history(42, 60))
    async with watching(place, first):
        await place.built(end)
    async with watching(place, short):
        await live(place, "books.1.2")
        await reaches(place, "books.1.2", end)
    assert await place.documents("views.books.1.2") == await folded(place, expected_short)
    assert await place.documents("views.books.1") == await folded(place, in_first)


async def test_an_old_process_that_starts_again_switches_nothing_back(place: World) -> None:
    end = await place.add(*history(43, 30))
    async with watching(place, first):
        await place.built(end)
        async with watching(place, second):
            await live(place, "books.2")
    async with watching(place, first):
        end = await place.add([added("new", "x")])
        await reaches(place, "books.1", end)
        await beats(place, "books.1")
        assert (await now(place)).edition == "books.2"


async def test_an_edition_that_parks_more_waits_until_its_keys_are_skipped(
    place: World, caplog: pytest.LogCaptureFixture
) -> None:
    async with watching(place, first), watching(place, FUSSY):
        await place.built(await place.add([added("b3", "x")], [lent("b3")], [lent("b3")]))
        await reaches(place, "books.2", 3)
        await beats(place, "books.2")
        assert (await now(place)).edition == "books.1"
        assert caplog.text.count("books.2 parks 1 keys, more than books.1") == 1
        model = read(FUSSY).read_models[0]
        database = place.opened.database
        retrying = Retrying(database, place.opened.log, plan(model), ViewStore(database))
        await retrying.skip("b3", Skip(Place(3, 0), "somebody"))
        await live(place, "books.2")


async def test_an_edition_that_parks_more_does_not_wait_for_one_that_stands_still(place: World) -> None:
    async with watching(place, first):
        await place.built(await place.add([added("b3", "x")], [lent("b3")], [lent("b3")]))
    async with watching(place, FUSSY):
        await live(place, "books.2")


async def test_each_edition_is_moved_by_its_own_release_alone(place: World) -> None:
    async with watching(place, first):
        await place.built(await place.add(*history(44, 30)))
        async with watching(place, second) as newer:
            await live(place, "books.2")
            assert "books" in newer.held()
    async with watching(place, second):
        end = await place.add(*history(45, 10))
        await reaches(place, "books.2", end)
        assert (await edition(place, "books.1")).position < end


async def edition(place: World, id_: str) -> Checkpoint:
    document = await collection(place.opened.database, CHECKPOINTS).find_one({"_id": id_})
    assert document is not None
    return checkpoint_of(document)


async def test_a_process_of_another_shape_answers_when_it_is_built_and_not_before(place: World) -> None:
    async with watching(place, first):
        await place.built(await place.add([added("b", "x", "9.50")]))
    async with asking(place, short) as (queries, positions, books):
        assert positions.unready("books") == "The read model books is not built yet as this release shows it."
        for read_ in (queries.one(books, "b", fresh()), queries.page(books, PageRequest(), fresh())):
            with pytest.raises(ReadModelNotBuilt):
                await read_
        async with watching(place, short):
            await live(place, "books.1.2")
            await until(lambda: ready(positions))
            found = await queries.one(books, "b", fresh())
            assert found is not None
            assert found.view.cents == 950


async def ready(positions: Positions) -> bool:
    return positions.unready("books") is None


def fresh(after: int = 0, timeout: float = 5.0) -> Freshness:
    return Freshness(after, timeout)


async def test_an_old_process_of_another_shape_goes_on_with_what_its_release_keeps_current(place: World) -> None:
    async with watching(place, first), asking(place, first) as (queries, positions, books):
        await place.built(await place.add([added("b", "x", "9.50")]))
        async with watching(place, short):
            await live(place, "books.1.2")
            end = await place.add([added("c", "x", "1.00")])
            found = await queries.one(books, "c", fresh(end))
            assert found is not None
            assert str(found.view.price) == "1.00"
            assert positions.edition("books") == "books.1"


async def test_a_new_process_of_the_same_shape_answers_from_the_old_edition_until_the_switch(place: World) -> None:
    async with watching(place, first), asking(place, second) as (queries, positions, books):
        end = await place.add([added("b", "x")], [lent("b")])
        asked = fresh(end)
        found = await queries.one(books, "b", asked)
        assert found is not None
        assert (found.view.lent, asked.report()[0].get("frozen")) == (1, None)
        async with watching(place, second):
            await live(place, "books.2")
            found = await queries.one(books, "b", fresh(end))
            assert found is not None
            assert (found.view.lent, positions.edition("books")) == (2, "books.2")


async def test_with_no_process_of_its_release_an_edition_is_said_to_be_frozen(place: World) -> None:
    async with asking(place, second) as (queries, positions, books):
        async with watching(place, first):
            await place.built(await place.add([added("b", "x")]))
            await beats(place, "books.1")
            assert not positions.frozen("books")
        await until(lambda: frozen(positions))
        asked = fresh()
        assert await queries.one(books, "b", asked) is not None
        (report,) = asked.report()
        assert (report["position"], report["frozen"]) == ("1", True)
    async with asking(place, second) as (_, positions, _books):
        assert positions.frozen("books")


async def frozen(positions: Positions) -> bool:
    return positions.frozen("books")


async def test_a_token_from_before_the_switch_is_waited_for_behind_it(place: World) -> None:
    async with watching(place, first), asking(place, second) as (queries, _, books):
        await place.built(await place.add(*history(46, 20)))
        async with watching(place, second):
            for number in range(60):
                end = await place.add([added(f"n{number}", "x")])
                assert await queries.one(books, f"n{number}", fresh(end)) is not None
            await live(place, "books.2")
            end = await place.add([added("last", "x")])
            assert await queries.one(books, "last", fresh(end)) is not None


async def test_old_and_new_releases_side_by_side_as_processes_and_the_new_one_is_killed(place: World) -> None:
    await place.add(*history(49, 600))
    with process(place, 500, 1_000, "editions:first"):
        await place.built(600)
        for position in (20, 200):
            with process(place, 4, 1_000, "editions:second") as newer:
                await place.ear.moved(lambda each, at=position: each.id == "books.2" and each.position >= at)
                newer.kill()
                newer.wait()
            assert (await now(place)).edition == "books.1"
            assert 0 < (await edition(place, "books.2")).position < 600
        with process(place, 500, 1_000, "editions:second"):
            await live(place, "books.2")
            end = await place.add(*history(50, 40))
            for each in ("books.1", "books.2", "loans.1", "months.1"):
                await reaches(place, each, end)
    assert await place.documents("views.books.2") == await folded(place, expected_second)
    await place.check()


async def test_an_edition_that_is_behind_the_live_one_does_not_become_live(place: World) -> None:
    async with watching(place, first):
        await place.built(await place.add(*history(47, 20)))
    lives, before = Lives(place.opened.database), await now(place)
    behind = replace(await edition(place, "books.1"), version=2, position=19)
    await collection(place.opened.database, CHECKPOINTS).insert_one(document_of(behind, []))
    with pytest.raises(Moved):
        await lives.switch(before, before.then(behind))
    assert await now(place) == before


async def test_of_two_switches_at_once_one_is_refused(place: World) -> None:
    async with watching(place, first):
        await place.built(await place.add(*history(48, 20)))
    lives, before = Lives(place.opened.database), await now(place)
    other = replace(await edition(place, "books.1"), version=2)
    await collection(place.opened.database, CHECKPOINTS).insert_one(document_of(other, []))
    await lives.switch(before, before.then(other))
    with pytest.raises(Moved):
        await lives.switch(before, before.then(other))
    assert (await now(place)).past == ("books.1",)
