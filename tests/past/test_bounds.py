"""What MongoDB examines for an answer as of a moment, in its own figures: nothing grows with the past."""

import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from gateway.mongo import blocks
from gateway.mongo.client import Document
from gateway.mongo.past import HOLDS
from gateway.queries.pages import PageRequest, Range
from tests.past.bookshop import BOOKS, AuthorId, BookAdded, BookAscribed, BookId, BookPriced
from tests.past.world import World, at_once, fresh, watching, world
from tests.support.commands import Commands
from tests.support.logs import NOON

pytestmark = pytest.mark.anyio

VIEWS, COMMITS = 1_500, 6_000
SIZE = 20
SEEKS = 2 * 160
"""Keys that are looked at in the blocks of a question to find that nothing more is in them."""


@dataclass
class Old:
    """Books most of which have changed a few times and some very often, with nulls and ties, and what is asked."""

    place: World
    commands: Commands
    versions: list[Document]

    def beside(self, position: int) -> int:
        """How many versions began or ended close to a position and did not hold at it."""
        span = position >> blocks.SPAN
        ends = [(each["_id"]["since"], each["until"]) for each in self.versions]
        ended = [each for each in ends if span in (each[0] >> blocks.SPAN, (each[1] - 1) >> blocks.SPAN)]
        holding = [since for since, until in ends if until == HOLDS and since >> blocks.SPAN >> 2 == span >> 2]
        passed = sum(not since <= position < until for since, until in ended)
        return passed + sum(since > position for since in holding)

    async def explained(self) -> list[Document]:
        """The executed plans of the questions since this was asked last."""
        reads, self.commands.sent = self.commands.reads(), []
        return [await self._explained(each) for each in reads]

    async def _explained(self, sent: Document) -> Document:
        command = {name: value for name, value in sent.items() if name not in _NOT_EXPLAINED}
        answer = await self.place.database.command("explain", command, verbosity="executionStats")
        self.commands.sent = []
        return answer


_NOT_EXPLAINED = ("lsid", "$db", "$clusterTime", "$readPreference", "readConcern", "maxTimeMS")


def events() -> Iterator[list[object]]:
    draw = random.Random(11)
    keys = [BookId(f"b{number:04}") for number in range(VIEWS)]
    for start in range(0, VIEWS, 500):
        yield [
            BookAdded(key, AuthorId("x"), Decimal(number % 7))
            for number, key in enumerate(keys[start : start + 500])
        ]
    for _ in range(COMMITS):
        key = keys[min(int(draw.paretovariate(0.4)), VIEWS) - 1]
        author = draw.choice([None, AuthorId("x"), AuthorId("y")])
        yield [draw.choice([BookPriced(key, Decimal(draw.randrange(9))), BookAscribed(key, author)])]


@pytest.fixture(scope="module")
def narrow() -> Iterator[None]:
    """Spans smaller than they are, as this log is shorter than one of years."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "SPAN", 8)
        yield


@pytest.fixture(scope="module")
async def old(narrow: None, mongo_uri: str) -> AsyncIterator[Old]:
    commands = Commands()
    async with world(mongo_uri, f"test_{uuid4().hex}", [commands]) as place:
        last = await place.add([(NOON + timedelta(seconds=at), each) for at, each in enumerate(events())])
        async with watching(place):
            await place.built(last)
        versions = await place.documents(BOOKS, ".past")
        assert len(versions) > 5_000
        yield Old(place, commands, versions)
        await place.database.client.drop_database(place.database.name)


WANTED = [
    PageRequest(),
    PageRequest(order="price"),
    PageRequest(order="price", descending=True),
    PageRequest(order="author_name"),
    PageRequest({"author": AuthorId("x")}, order="price"),
    PageRequest({"author": None}, order="price", descending=True),
    PageRequest({"author": AuthorId("y")}, order="price", range=Range(gte=Decimal(2), lt=Decimal(7))),
]
MOMENTS = [3, 700, 1_023, 1_024, 2_500, 4_095, 6_003]


@pytest.mark.parametrize("position", MOMENTS)
@pytest.mark.parametrize("wanted", WANTED)
async def test_a_page_examines_itself_and_what_began_or_ended_close_by(
    old: Old, wanted: PageRequest, position: int
) -> None:
    given = _of(wanted)
    old.commands.sent = []
    page = await old.place.queries.page(BOOKS, PageRequest(**given, first=SIZE, as_of=position), fresh())
    if page.has_next:  # from its end, too: a page behind a cursor is bounded like the first one
        await old.place.queries.page(BOOKS, PageRequest(**given, first=SIZE, after=page.end_cursor), fresh())
    plans = await old.explained()
    assert plans
    for plan in plans:
        figures = plan["executionStats"]
        assert not {"SORT", "COLLSCAN"} & {*_stages(figures["executionStages"])}, plan
        returned, bound = figures["nReturned"], old.beside(position)
        assert returned <= SIZE + 1
        assert figures["totalDocsExamined"] <= returned + bound
        assert figures["totalKeysExamined"] <= returned + bound + SEEKS


async def test_at_the_end_of_a_span_little_is_beside_and_nothing_far_from_it_is_examined(old: Old) -> None:
    """The bound is no large one itself: most versions are not in it."""
    assert max(old.beside(each) for each in MOMENTS) < len(old.versions) / 3


async def test_a_view_as_of_a_position_is_one_version_examined_however_many_it_had(old: Old) -> None:
    keys = [BookId(f"b{number:04}") for number in range(0, VIEWS, 100)]
    often = max(keys, key=lambda key: sum(each["_id"]["key"] == key for each in old.versions))
    assert sum(each["_id"]["key"] == often for each in old.versions) > 300
    for position in MOMENTS[1:]:
        old.commands.sent = []
        found = await at_once(*(old.place.queries.one(BOOKS, key, fresh(), position) for key in keys))
        assert all(found)
        (plan,) = await old.explained()
        (lookup,) = [each for each in plan["stages"] if "$lookup" in each]
        assert 0 < lookup["totalDocsExamined"] <= len(keys)
        assert lookup["indexesUsed"] == ["_id_"]


async def test_a_time_is_one_moment_examined(old: Old) -> None:
    old.commands.sent = []
    await old.place.queries.one(BOOKS, BookId("b0001"), fresh(), NOON + timedelta(seconds=900.5))
    plans = (await old.explained())[:2]
    assert [each["executionStats"]["totalDocsExamined"] for each in plans] == [1, 1]


async def test_a_count_examines_what_it_counts_and_what_began_or_ended_close_by(old: Old) -> None:
    for position in MOMENTS:
        old.commands.sent = []
        wanted = PageRequest({"author": AuthorId("x")}, order="price", as_of=position)
        counted = await old.place.queries.count(BOOKS, wanted, fresh())
        assert counted is not None
        (plan,) = await old.explained()
        figures = plan["stages"][0]["$cursor"]["executionStats"] if "stages" in plan else plan["executionStats"]
        assert figures["totalDocsExamined"] <= counted + old.beside(position)


def _of(wanted: PageRequest) -> dict[str, Any]:
    return {name: getattr(wanted, name) for name in ("where_equal", "range", "order", "descending")}


def _stages(stage: Document) -> Iterator[str]:
    yield stage["stage"]
    for each in [stage.get("inputStage"), *stage.get("inputStages", [])]:
        if each:
            yield from _stages(each)
