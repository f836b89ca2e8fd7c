"""Views that were just read or written are not read again, and nothing is built on one that is not so any more."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from gateway.mongo.checkpoints import Checkpoint, ParkedKeys
from gateway.projections import recent
from gateway.projections.batches import Commits
from gateway.projections.folding.reach import plan
from gateway.projections.recent import Recent
from gateway.projections.storage import Fenced, Update, ViewStore
from gateway.projections.working import Worker, Working
from tests.projections.world import World, added, history, lent, watching
from tests.support.commands import Commands

pytestmark = pytest.mark.anyio

VIEW = {"_id": "b1", "lent": 1}


def at(position: int, parked: ParkedKeys | None = None) -> Checkpoint:
    return Checkpoint("books", 1, UUID(int=1), position, b"", datetime(2026, 1, 1, tzinfo=UTC), parked=parked)


async def test_a_view_that_was_just_written_is_not_read_again(place: World) -> None:
    commands = Commands()
    async with watching(place, listeners=[commands]):
        await place.built(await place.add([added("b1", "a1")], [lent("b1")]))
        commands.sent.clear()
        await place.built(await place.add([lent("b1")]))
        assert not views_read(commands)
        await place.built(await place.add([added("b2", "a1")]))
        assert views_read(commands) == {"views.books.1": ["b2"]}
    await place.check()


def views_read(commands: Commands) -> dict[str, list[object]]:
    """By collection, the keys of the views that were asked for."""
    finds = [each for each in commands.named("find") if each["find"].startswith("views.")]
    return {each["find"]: each["filter"]["_id"]["$in"] for each in finds}


@pytest.mark.parametrize("name", ["books", "loans", "months"])
async def test_what_another_watcher_wrote_meanwhile_is_read_again(place: World, name: str) -> None:
    """Views that link to others, that are removed and come again, and a journal's last ones."""
    await place.add(*history(41, 30))
    store = ViewStore(place.opened.database)
    working = await begun(place, store, name)
    await place.add(*history(42, 30))
    await built_on(place, store, working, 60)
    await place.add(*history(43, 30))
    async with watching(place):
        await place.built(90)
    await place.add(*history(44, 30))
    with pytest.raises(Fenced):
        await built_on(place, store, working, 120)
    working.found((await store.checkpoints([f"{name}.1"]))[f"{name}.1"])
    await built_on(place, store, working, 120)
    async with watching(place):
        await place.built(120)
    await place.check()


async def begun(place: World, store: ViewStore, name: str) -> Working:
    """A read model as a watcher takes it up that others have built so far."""
    async with watching(place):
        await place.built(30)
    model = next(each for each in place.opened.model.read_models if each.name == name)
    return Working(plan(model), (await store.checkpoints([f"{name}.1"]))[f"{name}.1"])


async def built_on(place: World, store: ViewStore, working: Working, until: int) -> None:
    """Bring a read model on to a position, commit by commit."""
    while working.checkpoint.position < until:
        commits = await place.opened.log.read(working.checkpoint.position, 1)
        update: Update = await Worker(store, 1_000).update(working, Commits(commits, None))
        await store.write([update])
        working.written(update)


def test_what_was_written_is_known_at_the_new_place_and_nowhere_else() -> None:
    found = Recent()
    found.written(at(1), at(2), {"b1": VIEW, "b2": None})
    assert found.known(at(2), ["b1", "b2", "b3"]) == {"b1": VIEW, "b2": None}
    assert found.known(at(1), ["b1", "b2"]) == {}
    assert found.known(at(2), ["b1"]) == {}


def test_what_is_parked_or_let_go_is_another_place() -> None:
    found, parked = Recent(), ParkedKeys(1, 1, {"b2": 1})
    for before, after in ((None, parked), (parked, replace(parked, revision=2)), (parked, None)):
        found.read(at(2, before), {"b1": VIEW})
        assert found.known(at(2, before), ["b1"]) == {"b1": VIEW}
        assert found.known(at(2, after), ["b1"]) == {}


def test_another_history_of_the_log_is_another_place() -> None:
    found = Recent()
    found.read(at(2), {"b1": VIEW})
    assert found.known(replace(at(2), chain=b"other"), ["b1"]) == {}


def test_what_could_not_be_taken_in_whole_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Recent()
    found.read(at(1), {"b1": VIEW, "b2": VIEW})
    monkeypatch.setattr(recent, "bson_size", no_memory)
    with pytest.raises(MemoryError):
        found.written(at(1), at(2), {"b3": None, "b1": VIEW})
    assert found.known(at(2), ["b1", "b2", "b3"]) == {}


def no_memory(_: object) -> int:
    raise MemoryError


def test_only_so_much_is_kept_and_what_was_used_last_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "BYTES", 10_000)
    found, long = Recent(), {"text": "x" * 900}
    found.read(at(1), {"hot": VIEW})
    for number in range(100):
        found.read(at(1), {number: {"_id": number, **long}})
        assert found.known(at(1), ["hot"])
    assert 5 < len(found.known(at(1), range(100))) < 11
    found.read(at(1), {"huge": {"_id": "huge", "text": "x" * 20_000}})
    assert found.known(at(1), ["hot", "huge", 99]) == {}
