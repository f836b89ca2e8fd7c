"""`tidegate rebuild`: built beside, compared, switched, rolled back; refused where it would do harm."""

import asyncio
from typing import Any

import pytest

from gateway.application import Application
from gateway.application.reading import read
from gateway.errors import RebuildRefused
from gateway.mongo.client import collection, connect
from gateway.mongo.collections import ATTEMPTS, CHECKPOINTS, LIVE, REBUILDS
from gateway.mongo.live import Lives
from gateway.mongo.rebuilds import Rebuilds
from gateway.projections.rebuild import rebuilding as rebuilding_module
from gateway.projections.rebuild.candidates import Wish
from gateway.projections.rebuild.comparing import Comparison, Snapshot, compare
from gateway.projections.rebuild.rebuilding import Rebuilding, Rebuilt
from gateway.settings import load_settings
from tests.projections.broken import fussy
from tests.projections.editions import expected_second, expected_short, first, release, second, short
from tests.projections.test_editions import folded, in_first, live, now, reaches
from tests.projections.world import World, added, history, lent, watching

pytestmark = pytest.mark.anyio


def rebuilding(place: World, application: Application, **settings: Any) -> Rebuilding:
    """The command, as a process of this release would run it."""
    chosen = load_settings(**settings)
    return Rebuilding(place.opened.database, read(application), place.identity.log, chosen)


async def rebuilt(place: World, application: Application, wish: Wish | None = None) -> dict[str, Rebuilt]:
    found = await rebuilding(place, application).run(wish or Wish())
    return {each.candidate.model.name: each for each in found}


async def everything(place: World) -> dict[str, Any]:
    """All that a rebuild could change, but for when the watchers last stood at the head."""
    found: dict[str, Any] = {}
    for name in sorted(await place.opened.database.list_collection_names()):
        if name.startswith("views.") or name in (CHECKPOINTS, LIVE, REBUILDS):
            passing = dict.fromkeys(("at_head", "touched", "differences", "stopped"))
            found[name] = [{**each, **passing} for each in await place.documents(name)]
    return {name: documents for name, documents in found.items() if documents}


async def test_what_was_changed_by_hand_is_found_and_gone_after_the_switch(place: World) -> None:
    await place.add(*history(50, 60))
    async with watching(place, first):
        end = await place.add([added("b", "x", "9.50")])
        await place.built(end)
        books = collection(place.opened.database, "views.books.1")
        await books.update_one({"_id": "b"}, {"$set": {"lent": 13}})
        found = (await rebuilt(place, first, Wish(every=True)))["books"]
        assert found.switched
        assert found.comparison is not None
        assert (found.comparison.position, found.comparison.differing) == (end, 1)
        (shown,) = found.comparison.shown
        assert (shown.key, shown.before and shown.before["lent"], shown.after and shown.after["lent"]) == (
            "b",
            13,
            0,
        )
        assert found.comparison.before.checksum != found.comparison.after.checksum
        assert (await live(place, "books.1.2")).past == ("books.1",)
        end = await place.add(*history(51, 20))
        await reaches(place, "books.1.2", end)
    assert await place.documents("views.books.1.2") == await folded(place, in_first)


async def test_an_unchanged_read_model_is_found_to_be_the_same(place: World) -> None:
    await place.add(*history(52, 60))
    async with watching(place, first):
        await place.built(60)
        found = await rebuilt(place, first, Wish(every=True))
    assert sorted(found) == ["books", "loans", "months"]
    for each in found.values():
        assert each.comparison is not None
        assert each.comparison.differing == 0
        assert each.comparison.before.checksum == each.comparison.after.checksum
        assert each.comparison.before.views == each.comparison.after.views > 0


async def test_code_that_parks_more_is_not_switched_to(place: World) -> None:
    async with watching(place, first):
        await place.built(await place.add([added("b3", "x")], [lent("b3")], [lent("b3")]))
        found = (await rebuilt(place, release(fussy, 2), Wish()))["books"]
        assert (found.switched, found.reason) == (False, "it parks more keys than the live one: mend its code")
        assert (await now(place)).edition == "books.1"
    assert "books.2" not in {each.id for each in await Lives(place.opened.database).editions()}


async def test_a_rebuild_leaves_no_note_that_would_make_the_next_one_go_carefully(place: World) -> None:
    """The generation of an edition that was dropped is used again."""
    await place.add(*history(74, 30))
    for _ in range(2):
        assert len(await rebuilt(place, first, Wish(every=True))) == 3
        assert not [each for each in await place.documents(ATTEMPTS) if "start" in each]


async def test_it_compares_at_one_position_while_the_live_one_moves_on(place: World) -> None:
    await place.add(*history(53, 100))
    async with watching(place, first):
        await place.built(100)
        command = asyncio.create_task(rebuilt(place, first, Wish(every=True)))
        while not command.done():
            await place.add(*history(54, 5))
        for each in (await command).values():
            assert each.comparison is not None
            assert (each.comparison.differing, each.switched) == (0, True)
        end = await place.add([added("last", "x")])
        await reaches(place, "books.1.2", end)
    assert await place.documents("views.books.1.2") == await folded(place, in_first)


async def test_it_runs_on_either_driver(place: World) -> None:
    async with watching(place, first):
        await place.built(await place.add(*history(70, 30)))
        settings = load_settings(mongodb_uri=place.uri, database=place.opened.database.name, driver="motor")
        motor = connect(place.uri, settings)
        try:
            command = Rebuilding(motor.database, read(first), place.identity.log, settings)
            (found,) = await command.run(Wish(names=("loans",)))
        finally:
            await motor.close()
        assert found.comparison is not None
        assert (found.switched, found.comparison.differing) == (True, 0)


async def test_what_a_dropped_edition_has_left_is_not_built_on(place: World) -> None:
    async with watching(place, first):
        await place.built(await place.add(*history(71, 30)))
        await collection(place.opened.database, "views.books.1.2").insert_one({"_id": "left"})
        (found,) = (await rebuilt(place, first, Wish(names=("books",)))).values()
        assert found.comparison is not None
        assert (found.candidate.id, found.comparison.differing) == ("books.1.2", 0)


async def test_what_is_live_stays_live_when_the_next_one_fails(
    place: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await place.add(*history(72, 30))
    await rebuilt(place, first)

    async def failing(before: Snapshot, database: Any, after: str) -> Comparison:
        if after.startswith("loans"):
            raise RebuildRefused("It fails here.")
        return await compare(before, database, after)

    monkeypatch.setattr(rebuilding_module, "compare", failing)
    with pytest.raises(RebuildRefused, match="It fails here"):
        await rebuilt(place, first, Wish(every=True))
    assert (await now(place)).edition == "books.1.2"
    assert await place.documents("views.books.1.2") == await folded(place, in_first)
    names = await place.opened.database.list_collection_names()
    assert not {"views.loans.1.2", "views.loans.1.2.last", "views.months.1.2"} & {*names}
    assert await place.documents(REBUILDS) == []


async def test_without_a_change_there_is_nothing_to_do(place: World) -> None:
    async with watching(place, first):
        await place.built(await place.add(*history(55, 10)))
        assert await rebuilt(place, first) == {}


async def test_where_nothing_was_ever_built_it_is_built_and_live(place: World) -> None:
    await place.add(*history(56, 30))
    found = await rebuilt(place, first)
    assert sorted(found) == ["books", "loans", "months"]
    assert {(each.comparison, each.switched) for each in found.values()} == {(None, True)}
    assert (await now(place)).edition == "books.1"
    await place.check()


async def test_with_nobody_running_a_changed_version_is_switched_to(place: World) -> None:
    async with watching(place, first):
        await place.built(await place.add(*history(57, 40)))
    found = await rebuilt(place, second)
    assert [*found] == ["books"]
    assert (found["books"].switched, (await now(place)).edition) == (True, "books.2")
    assert await place.documents("views.books.2") == await folded(place, expected_second)


async def test_it_does_not_switch_from_what_is_kept_current_to_what_nobody_would_keep(place: World) -> None:
    async with watching(place, first):
        await place.built(await place.add(*history(58, 40)))
        found = (await rebuilt(place, second))["books"]
        assert not found.switched
        assert "no process of this release runs" in found.reason
        assert found.comparison is not None
        assert (await now(place)).edition == "books.1"
        async with watching(place, second):
            await live(place, "books.2")


async def test_views_of_another_shape_are_compared_by_what_both_have(place: World) -> None:
    async with watching(place, first):
        await place.built(await place.add(*history(59, 60)))
    compared = (await rebuilt(place, short))["books"].comparison
    assert compared is not None
    assert (compared.differing, compared.before.views) == (0, compared.after.views)
    assert await place.documents("views.books.1.2") == await folded(place, expected_short)


async def test_a_dry_run_leaves_everything_as_it_was(place: World) -> None:
    async with watching(place, first):
        await place.built(await place.add(*history(60, 40)))
        before = await everything(place)
        for application, wish in ((first, Wish(every=True, dry=True)), (second, Wish(dry=True))):
            found = await rebuilt(place, application, wish)
            assert found["books"].comparison is not None
            assert not found["books"].switched
            assert await everything(place) == before


async def test_rolled_back_the_old_release_answers_again_from_its_own_edition(place: World) -> None:
    async with watching(place, first):
        await place.built(await place.add(*history(61, 40)))
    await rebuilt(place, second)
    async with watching(place, second):
        await reaches(place, "books.2", await place.add(*history(62, 20)))
    found = (await rebuilt(place, first, Wish(back=True)))["books"]
    assert found.switched
    assert ((await now(place)).edition, (await now(place)).past) == ("books.1", ("books.2",))
    assert await place.documents("views.books.1") == await folded(place, in_first)
    async with watching(place, first), watching(place, second):
        await reaches(place, "books.2", await place.add([added("n", "x")]))
        assert (await now(place)).edition == "books.1"


async def test_only_the_last_one_is_kept_for_a_rollback(place: World) -> None:
    async with watching(place, first):
        await place.built(await place.add(*history(63, 20)))
        for edition in ("books.1.2", "books.1.3", "books.1"):
            assert (await rebuilt(place, first, Wish(names=("books",))))["books"].switched
            await live(place, edition)
            end = await place.add([added("n", "x")])
            await reaches(place, edition, end)
    names = await place.opened.database.list_collection_names()
    assert sorted(each for each in names if each.startswith("views.books")) == ["views.books.1", "views.books.1.3"]


async def test_an_unknown_read_model_is_refused(place: World) -> None:
    async with watching(place, first):
        await place.built(await place.add(*history(64, 5)))
        before = await everything(place)
        with pytest.raises(RebuildRefused, match="no read model shelves; there are books, loans, months"):
            await rebuilt(place, first, Wish(names=("shelves",)))
        assert await everything(place) == before


async def test_there_is_nothing_to_go_back_to_at_first(place: World) -> None:
    async with watching(place, first):
        await place.built(await place.add(*history(65, 5)))
        with pytest.raises(RebuildRefused, match="no edition that was live before"):
            await rebuilt(place, first, Wish(back=True))


async def test_of_two_rebuilds_at_once_one_is_refused(place: World) -> None:
    await place.add(*history(66, 200))
    async with watching(place, first):
        await place.built(200)
        both = await asyncio.gather(
            *(rebuilding(place, first, fold_commits=5).run(Wish(names=("books",))) for _ in range(2)),
            return_exceptions=True,
        )
        refused = [each for each in both if isinstance(each, RebuildRefused)]
        assert len(refused) == 1
        assert "is being rebuilt by somebody else" in str(refused[0])
        await live(place, "books.1.2")
    assert await place.documents(REBUILDS) == []
    assert "views.books.1.3" not in await place.opened.database.list_collection_names()


async def test_what_a_running_watcher_builds_is_refused(place: World) -> None:
    async with watching(place, first):
        await place.built(await place.add(*history(67, 2_000)))
        async with watching(place, second, fold_commits=1):
            with pytest.raises(RebuildRefused, match="is being built by a running watcher"):
                await rebuilt(place, second)


async def test_a_claim_that_was_taken_over_switches_nothing(place: World) -> None:
    async with watching(place, first):
        await place.built(await place.add(*history(68, 20)))
    slow, other = Rebuilds(place.opened.database), Rebuilds(place.opened.database)
    await slow.claim("books")
    assert (await other.claim("books")).read_model == "books"
    with pytest.raises(RebuildRefused, match="took over"):
        await slow.renew("books")
    await slow.release("books")
    await other.renew("books")
