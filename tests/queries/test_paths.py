"""100,000 views with nulls and ties: nothing that the schema offers scans or sorts, and paging loses nothing."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from itertools import cycle
from typing import Any

import pytest
from pymongo import MongoClient

from gateway.api.schema import build_schema
from gateway.mongo.client import Document
from gateway.mongo.codec import encoder
from gateway.queries.pages import PageRequest, Range
from tests.queries import warehouse as house
from tests.queries.bookshop import fresh
from tests.queries.explaining import explained
from tests.queries.offers import Arguments, offers
from tests.queries.warehouse import COUNT, ITEMS, MODEL, Item, ItemId, Kind, ShelfId, Warehouse

pytestmark = pytest.mark.anyio

NAME = "warehouse"
STORED = [house.item(number) for number in range(COUNT)]
SCHEMA = build_schema(MODEL)._schema  # pyright: ignore[reportPrivateUsage] # strawberry has no other name for it


@pytest.fixture(scope="module")
def _written(mongo_uri: str) -> Iterator[None]:
    with MongoClient[Document](mongo_uri, tz_aware=True) as client:
        house.write(client, NAME)
        yield
        client.drop_database(NAME)


@pytest.fixture
async def warehouse(_written: None, mongo_uri: str) -> AsyncIterator[Warehouse]:
    async with house.opened(mongo_uri, NAME, page_limit=5_000) as found:
        yield found


SIZE = 3
ITEM_VALUES: dict[str, list[Any]] = {
    "shelfId": ["Shelf:s5", "Shelf:s7", "Shelf:nowhere"],
    "kind": ["BOX", "CRATE"],
    "rank": [7, 3, 11],
    "label": ["bottom 12", "Über 7"],
    "weight": [35, 200],
}
MOVE_VALUES: dict[str, list[Any]] = {
    "itemId": ["Item:i00000", "Item:i07919"],
    "at": ["2026-01-01T05:00:00Z"],
    "by": ["ada", "nobody"],
}
PAGE = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
ASK_ITEMS = f"""query($where: ItemWhere, $orderBy: ItemOrder,
                     $first: Int, $after: String, $last: Int, $before: String) {{
    found: items(where: $where, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {{
        nodes {{ id }} {PAGE} }} }}"""
ASK_MOVES = ASK_ITEMS.replace("Item", "Move").replace("items", "moves")
ASKED = [
    ("items", ASK_ITEMS, ITEM_VALUES, 150),
    ("moves", ASK_MOVES, MOVE_VALUES, 20),
]


@pytest.mark.parametrize(("field", "text", "values", "least"), ASKED, ids=["items", "moves"])
async def test_whatever_the_schema_offers_is_served_within_its_bound_or_refused(
    warehouse: Warehouse, field: str, text: str, values: dict[str, list[Any]], least: int
) -> None:
    served = 0
    for arguments in offers(SCHEMA, field, values):
        answer = await warehouse.ask(text, {**arguments, "first": SIZE})
        codes = {each["extensions"]["code"] for each in answer.errors}
        assert codes <= {"BAD_INPUT"}, (arguments, answer.errors)
        if codes:
            assert warehouse.commands.reads() == []
            continue
        served += 1
        await check_bounds(warehouse, arguments)
        assert answer.data is not None
        for page in around(answer.data["found"]["pageInfo"]):
            again = await warehouse.ask(text, {**arguments, **page})
            assert not again.errors
            await check_bounds(warehouse, arguments)
    assert served >= least


def around(page: Arguments) -> list[Arguments]:
    """A page behind this one, and one before its end."""
    if page["endCursor"] is None:
        return []
    return [{"first": SIZE, "after": page["endCursor"]}, {"last": SIZE, "before": page["endCursor"]}]


async def check_bounds(warehouse: Warehouse, asked: object) -> None:
    """No command since the last time examined more than its page has, and one; for each value of `in`."""
    for command in warehouse.commands.reads():
        cost = await explained(warehouse.database, command)
        walks = len(command["pipeline"][0]["$documents"]) if "pipeline" in command else 1
        assert not cost.stages & {"SORT", "COLLSCAN"}, (asked, command, cost)
        assert cost.scans == 0, (asked, command, cost)
        assert cost.documents <= (SIZE + 1) * walks, (asked, command, cost)
        assert cost.keys <= (SIZE + 1 + 2) * walks, (asked, command, cost)
    warehouse.commands.sent.clear()


async def test_a_command_without_its_index_would_be_noticed(warehouse: Warehouse) -> None:
    scan = {"find": "views.items.1", "filter": {"weight": {"$gt": 0}}, "sort": {"weight": 1}, "limit": 4}
    cost = await explained(warehouse.database, scan)
    assert cost.stages >= {"SORT", "COLLSCAN"}
    assert cost.documents == COUNT
    lookup = {"from": "views.items.1", "localField": "x", "foreignField": "weight", "as": "found"}
    pipeline = [{"$documents": [{"x": 1}]}, {"$lookup": lookup}]
    cost = await explained(warehouse.database, {"aggregate": 1, "pipeline": pipeline, "cursor": {}})
    assert cost.scans
    assert cost.documents == COUNT


S5, S7 = ShelfId("s5"), ShelfId("s7")
WHOLE: list[str | None] = [None, "rank", "label"]
PARTS: list[tuple[dict[str, Any], dict[str, list[Any]]]] = [
    ({"where_equal": {"kind": Kind.SACK}, "order": "weight"}, {"kind": [Kind.SACK]}),
    ({"where_equal": {"shelf": None}, "order": "rank"}, {"shelf": [None]}),
    ({"where_equal": {"shelf": S5, "kind": Kind.BOX}, "order": "label"}, {"shelf": [S5], "kind": [Kind.BOX]}),
    (
        {"where_equal": {"shelf": None}, "where_in": {"kind": [*Kind, *Kind]}, "order": "weight"},
        {"shelf": [None]},
    ),
    ({"where_in": {"shelf": [S5, S7, S5]}, "order": "rank"}, {"shelf": [S5, S7]}),
    ({"where_in": {"rank": [3, 11]}, "order": "rank"}, {"rank": [3, 11]}),
    (
        {"where_equal": {"shelf": None}, "range": Range(null=True), "order": "rank"},
        {"shelf": [None], "rank": [None]},
    ),
    (
        {"where_equal": {"shelf": None}, "range": Range(null=False), "order": "rank"},
        {"shelf": [None], "rank": [*range(17)]},
    ),
]


@pytest.mark.parametrize("order", WHOLE)
async def test_everything_is_paged_to_its_end_in_both_directions(warehouse: Warehouse, order: str | None) -> None:
    expected = ordered(STORED, order, descending=False)
    assert await forward(warehouse, PageRequest(order=order)) == expected
    assert await backward(warehouse, PageRequest(order=order)) == expected


@pytest.mark.parametrize("descending", [False, True], ids=["ascending", "descending"])
@pytest.mark.parametrize(("wanted", "has"), PARTS, ids=[str(index) for index in range(len(PARTS))])
async def test_a_part_is_paged_to_its_end_in_both_directions(
    warehouse: Warehouse, wanted: dict[str, Any], has: dict[str, list[Any]], descending: bool
) -> None:
    expected = ordered([each for each in STORED if fits(each, has)], wanted.get("order"), descending)
    asked = PageRequest(**wanted, descending=descending)
    assert await forward(warehouse, asked) == expected
    assert await backward(warehouse, asked) == expected


def fits(item: Item, has: dict[str, list[Any]]) -> bool:
    return all(getattr(item, name) in values for name, values in has.items())


def ordered(items: Sequence[Item], order: str | None, descending: bool) -> list[str]:
    """The keys in an order, ties by key; by Python alone."""

    def place(item: Item) -> tuple[Any, ...]:
        value = getattr(item, order) if order else None
        return (value is not None, value if value is not None else 0, item.item)

    return [each.item for each in sorted(items, key=place, reverse=descending)]


SIZES = (1, 997, 2, 4_999, 3, 2_501)


async def forward(warehouse: Warehouse, asked: PageRequest) -> list[str]:
    found: list[str] = []
    after = None
    for size in cycle(SIZES):
        page = await warehouse.queries.page(ITEMS, replace(asked, first=size, after=after), fresh())
        assert page.has_previous == bool(found)
        found += [edge.key for edge in page.edges]
        if not page.has_next:
            break
        assert len(page.edges) == size
        after = page.end_cursor
    return found


async def backward(warehouse: Warehouse, asked: PageRequest) -> list[str]:
    pages: list[list[str]] = []
    before = None
    for size in cycle(SIZES):
        page = await warehouse.queries.page(ITEMS, replace(asked, last=size, before=before), fresh())
        assert page.has_next == bool(pages)
        pages.append([edge.key for edge in page.edges])
        if not page.has_previous:
            break
        assert len(page.edges) == size
        before = page.start_cursor
    return [key for page in reversed(pages) for key in page]


NESTED = """query($first: Int) { shelves(first: $first) { totalCount nodes {
    boxes: items(first: 2, where: {kind: {in: [BOX, SACK]}, label: {startsWith: "b"}}) {
        totalCount nodes { label } }
    items(last: 3, where: {rank: {gte: 2}}, orderBy: {field: RANK, direction: DESC}) { totalCount nodes { rank
        moves(first: 2, where: {by: {eq: "ada"}}) { totalCount nodes { at item { shelf { hall } } } } } } } } }"""


MOST_COMMANDS = 14
"""Two for each connection and each link, with a choice of two one more: a level may fall apart into two parts."""


async def test_nested_connections_take_few_commands_however_many_parents_there_are(warehouse: Warehouse) -> None:
    for first in (2, 300):
        warehouse.commands.sent.clear()
        answer = await warehouse.ask(NESTED, {"first": first})
        assert not answer.errors
        assert answer.data is not None
        assert len(answer.data["shelves"]["nodes"]) == first
        assert 10 <= len(warehouse.commands.reads()) <= MOST_COMMANDS


async def test_nested_connections_examine_no_more_than_they_return(warehouse: Warehouse) -> None:
    warehouse.commands.sent.clear()
    await warehouse.ask(
        "{ shelves(first: 40) { nodes { items(first: 3, where: {kind: {eq: BOX}}) { nodes { id } } } } }"
    )
    (_, nested) = warehouse.commands.reads()
    cost = await explained(warehouse.database, nested)
    assert cost.scans == 0
    assert cost.documents <= 40 * 4
    assert cost.keys <= 40 * 6


BEHIND = (
    "query($after: String) { shelves(first: 60) { nodes { id items(first: 2, after: $after) { nodes { id } } } } }"
)


async def test_a_cursor_under_many_parents_is_read_for_its_own_alone(warehouse: Warehouse) -> None:
    first = await warehouse.ask('{ shelf(id: "Shelf:s10") { items(first: 2) { pageInfo { endCursor } } } }')
    assert first.data is not None
    warehouse.commands.sent.clear()
    answer = await warehouse.ask(BEHIND, {"after": first.data["shelf"]["items"]["pageInfo"]["endCursor"]})
    assert answer.data is not None
    assert [each["id"] for each in answer.data["shelves"]["nodes"] if each["items"]] == ["Shelf:s10"]
    assert [each["extensions"]["code"] for each in answer.errors] == ["BAD_CURSOR"] * 59
    assert len(warehouse.commands.reads()) == 3


CHOSEN = "query($in: [ID!]) { items(first: 400, where: {shelfId: {in: $in}}) { nodes { id } } }"
ALL_CHOSEN = "query($where: ItemWhere) { items(first: 400, where: $where) { nodes { id } } }"


@pytest.mark.parametrize(("count", "codes"), [(40, []), (49, []), (300, ["QUERY_TOO_COMPLEX"])])
async def test_what_a_choice_reads_counts_whatever_is_shown_of_it(
    warehouse: Warehouse, count: int, codes: list[str]
) -> None:
    shelves = [f"Shelf:s{number}" for number in range(count)]
    written = CHOSEN.replace("query($in: [ID!])", "").replace("$in", str(shelves).replace("'", '"'))
    for text, variables in (
        (CHOSEN, {"in": shelves}),
        (ALL_CHOSEN, {"where": {"shelfId": {"in": shelves}}}),
        (written, {}),
    ):
        answer = await warehouse.ask(text, variables)
        assert [each["extensions"]["code"] for each in answer.errors] == codes


@pytest.mark.parametrize(("order", "descending"), [("rank", False), ("label", True)])
async def test_what_stays_is_seen_once_whatever_comes_and_goes_around_the_cursor(
    warehouse: Warehouse, order: str, descending: bool
) -> None:
    """Behind every page, and while the next one is read, views come and go at both ends and around the cursor."""
    traffic = Traffic(warehouse, order)
    found: list[str] = []
    asked = PageRequest(order=order, descending=descending)
    try:
        for size in cycle((499, 1, 2_003)):
            page, _ = await asyncio.gather(
                warehouse.queries.page(ITEMS, replace(asked, first=size), fresh()), traffic.go_on(found)
            )
            found += [edge.key for edge in page.edges]
            if not page.has_next:
                break
            asked = replace(asked, after=page.end_cursor)
    finally:
        await traffic.clean()
    stayed = [each for each in STORED if each.item not in traffic.gone]
    assert traffic.added
    assert traffic.gone
    assert len(found) == len(set(found))
    assert [key for key in found if key not in traffic.added | traffic.gone] == ordered(stayed, order, descending)


class Traffic:
    """Views that come and go."""

    def __init__(self, warehouse: Warehouse, order: str) -> None:
        self._items = warehouse.database["views.items.1"]
        self._order = order
        self._by_key = {each.item: each for each in STORED}
        self._going = iter(STORED[::331])
        self.added: set[str] = set()
        self.gone: set[str] = set()

    async def go_on(self, found: Sequence[str]) -> None:
        """Add views at both ends and beside the last one found; remove it, and others all over the place."""
        ends: list[Any] = [None, 0, 16] if self._order == "rank" else [None, "", "\U0010ffff"]
        last = self._by_key.get(ItemId(found[-1])) if found else None
        beside = [getattr(last, self._order)] * 2 if last else []
        new = [self._new(number, place) for number, place in enumerate([*ends, *beside])]
        await self._items.insert_many([encoder(Item, "item")(each) for each in new])
        going = [each.item for each in (next(self._going, None), next(self._going, None), last) if each]
        self.gone |= {*going}
        await self._items.delete_many({"_id": {"$in": going}})

    def _new(self, number: int, place: Any) -> Item:
        key = ItemId(f"{'iz'[number % 2]}-{len(self.added)}")
        self.added.add(key)
        return replace(STORED[0], item=key, **{self._order: place})

    async def clean(self) -> None:
        await self._items.delete_many({"_id": {"$in": [*self.added]}})
        await self._items.insert_many([encoder(Item, "item")(self._by_key[ItemId(key)]) for key in self.gone])
