"""`tidegate parked` on a real MongoDB: what it says, what it does, and what it refuses in one sentence."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from tests.acceptance.serving import Process, running
from tests.projections.broken import BROKEN
from tests.projections.world import World, added, lent, watching, world

pytestmark = pytest.mark.anyio

Said = tuple[int, str]


@pytest.fixture
async def place(mongo_uri: str, database: str) -> AsyncIterator[World]:
    """A library with a book whose third loan was not applied, and one more since."""
    async with world(mongo_uri, database) as opened:
        await opened.add([added("1", "x")], [lent("1", 2)], [lent("1", 13)], [lent("1", 4), lent("2", 1)])
        async with watching(opened, BROKEN):
            await opened.built(4)
        yield opened


async def tidegate(place: World, *arguments: str, app: str = "MENDED") -> Said:
    """The exit status and what was said."""
    where = {"mongodb_uri": place.uri, "database": place.opened.database.name}
    named = ("--app", f"tests.projections.broken:{app}")

    def run() -> Said:
        with running("parked", *arguments, *named, **where) as process:
            return ended(process)

    return await asyncio.to_thread(run)


def ended(process: Process) -> Said:
    status = process.wait()
    return status, process.output


async def test_what_is_parked_is_listed_and_shown(place: World) -> None:
    status, listed = await tidegate(place, "list")
    assert status == 0
    assert all(each in listed for each in ("loans", "3.0", "BookLent", "ValueError"))
    status, shown = await tidegate(place, "show", "loans", "1")
    assert status == 0
    assert "loans.1: the key 1 waits for the event 3.0, BookLent." in shown
    assert "BookLent(book='1', days=13)\nin book-1, version 3" in shown
    assert "ValueError: the reader's name" in shown


async def test_a_retry_with_broken_code_changes_nothing_and_one_with_mended_code_applies_all(place: World) -> None:
    status, said = await tidegate(place, "retry", "loans", app="BROKEN")
    assert (status, said) == (1, "1: waits for the event 3.0 (BookLent), which raised ValueError.\n")
    assert [each["days"] for each in await place.documents("views.loans.1")] == [2, 1]
    status, said = await tidegate(place, "retry", "loans", "1")
    assert (status, said) == (0, "1: parked no longer; 2 events were gone through.\n")
    await place.check()
    assert await tidegate(place, "list") == (0, "Nothing is parked.\n")


async def test_what_is_parked_in_a_rebuilt_edition_is_found_there(place: World) -> None:
    rebuild = ("--only", "loans", "--app", "tests.projections.broken:BROKEN")
    where = {"mongodb_uri": place.uri, "database": place.opened.database.name}
    async with watching(place, BROKEN):

        def run() -> Said:
            with running("rebuild", *rebuild, **where) as process:
                return ended(process)

        status, said = await asyncio.to_thread(run)
        assert status == 0, said
    assert [each["days"] for each in await place.documents("views.loans.1.2")] == [2, 1]
    assert "3.0" in (await tidegate(place, "list"))[1]
    assert await tidegate(place, "retry", "loans") == (0, "1: parked no longer; 2 events were gone through.\n")
    assert [each["days"] for each in await place.documents("views.loans.1.2")] == [2, 13, 4, 1]


async def test_an_event_is_skipped_for_its_key(place: World) -> None:
    status, said = await tidegate(place, "skip", "loans", "1", "3.0", "--by", "Ada", app="BROKEN")
    assert (status, said.splitlines()[0]) == (0, "1: the event 3.0 was skipped by Ada.")
    assert [each["days"] for each in await place.documents("views.loans.1")] == [2, 4, 1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "loans", "9"), "The read model loans has no parked key 9."),
        (("retry", "loans", "2"), "The read model loans has no parked key 2."),
        (("retry", "lones", "1"), "There is no read model lones; there are books, loans, months."),
        (("skip", "loans", "1", "4.0"), "The key 1 waits for the event 3.0, not for 4.0."),
        (("skip", "loans", "1", "soon"), "soon is no event: give it as `tidegate parked list` prints it"),
    ],
)
async def test_what_is_not_parked_is_said_in_one_sentence(
    place: World, arguments: tuple[str, ...], said: str
) -> None:
    status, output = await tidegate(place, *arguments)
    assert status == 1
    assert output.startswith(f"tidegate: {said}")
    assert len(output.splitlines()) == 1


async def test_the_status_counts_what_is_parked(place: World) -> None:
    where = {"mongodb_uri": place.uri, "database": place.opened.database.name}
    run: Callable[[], Said] = lambda: _status(where)  # noqa: E731 # for a thread
    status, said = await asyncio.to_thread(run)
    assert status == 0
    assert "follows, 1 parked" in said


def _status(where: dict[str, str]) -> Said:
    with running("status", "--app", "tests.projections.broken:MENDED", **where) as process:
        return ended(process)
