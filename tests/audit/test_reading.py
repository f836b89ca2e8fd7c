"""The trail is read as a connection: newest first, filtered along declared indexes, and like any other query."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.application.reading import read
from gateway.audit.entries import (
    AUDIT_TRAIL,
    AuditEntry,
    AuditEntryId,
    AuditKind,
    AuditOutcome,
    with_audit_trail,
)
from gateway.audit.trail import gap
from gateway.errors import InvalidApplication
from gateway.mongo.client import collection
from gateway.mongo.codec import encoder
from tests.audit.world import APPLICATION, TRAIL, World, world

pytestmark = pytest.mark.anyio

COUNT = 60
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
TOKEN_OF_THE_FUTURE = 99

PAGE = """query($first: Int, $after: String, $last: Int, $before: String,
    $where: AuditEntryWhere, $orderBy: AuditEntryOrder) {
    auditTrail(first: $first, after: $after, last: $last, before: $before, where: $where, orderBy: $orderBy) {
        totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        nodes { id kind outcome actor } } }"""

FILTERS = [
    {},
    {"kind": {"eq": "QUERY"}},
    {"outcome": {"eq": "REJECTED"}},
    {"actor": {"eq": "ada"}},
    {"correlationId": {"eq": "c-1"}},
    {"at": {"gte": "2026-01-31T12:00:05.000Z", "lt": "2026-01-31T12:00:15.000Z"}},
    {"kind": {"eq": "COMMAND"}, "at": {"gt": "2026-01-31T12:00:03.000Z"}},
]


def entry(number: int) -> dict[str, Any]:
    """Entries of which some have the same time."""
    at = NOON + timedelta(milliseconds=500 * (number // 2))
    made = gap(AuditEntryId(f"{number:03}"), at, 0)
    kind = AuditKind.COMMAND if number % 3 else AuditKind.QUERY
    outcome = AuditOutcome.REJECTED if number % 6 == 1 else AuditOutcome.ANSWERED
    document = encoder(AuditEntry, "entry")(made)
    actor, correlation = ("ada", "bob")[number % 2], f"c-{number % 5}" if number % 7 else None
    return {**document, "kind": kind.name, "outcome": outcome.name, "actor": actor, "correlation_id": correlation}


@pytest.fixture
async def filled(mongo_uri: str, database: str) -> AsyncIterator[World]:
    """A trail that nothing is added to."""
    async with world(mongo_uri, database, audit_days=0) as found:
        await add(found, [entry(number) for number in range(COUNT)])
        yield found


async def add(to: World, entries: Sequence[dict[str, Any]]) -> None:
    """Safe when it returns, for a read shows only what a majority holds."""
    await collection(to.mongo.database, TRAIL).insert_many(list(entries))


def wanted(where: dict[str, Any]) -> list[str]:
    """The ids of what a filter leaves, newest first, by a plain loop."""
    found = [each for each in map(entry, range(COUNT)) if all(_fits(each, *test) for test in where.items())]
    return [f"AuditEntry:{each['_id']}" for each in reversed(found)]


def _fits(document: dict[str, Any], name: str, tests: dict[str, str]) -> bool:
    value = document["correlation_id" if name == "correlationId" else name]
    if name != "at":
        return value == tests["eq"]
    moments = {test: datetime.fromisoformat(text) for test, text in tests.items()}
    checks = {"gt": value.__gt__, "gte": value.__ge__, "lt": value.__lt__}
    return all(checks[test](moment) for test, moment in moments.items())


async def pages(filled: World, way: tuple[str, str, str, str], **given: Any) -> list[list[str]]:
    size, from_, more, cursor = way
    found: list[list[str]] = []
    place = None
    while True:
        answer = await filled.ask(PAGE, {size: 7, from_: place, **given})
        assert answer.errors == ()
        trail: Any = (answer.data or {})["auditTrail"]
        found.append([each["id"] for each in trail["nodes"]])
        if not trail["pageInfo"][more]:
            return found
        place = trail["pageInfo"][cursor]


@pytest.mark.parametrize("where", FILTERS, ids=str)
async def test_it_comes_newest_first_page_by_page_in_either_direction(filled: World, where: dict[str, Any]) -> None:
    assert wanted(where)
    forward = await pages(filled, ("first", "after", "hasNextPage", "endCursor"), where=where)
    backward = await pages(filled, ("last", "before", "hasPreviousPage", "startCursor"), where=where)
    ids = [id_ for page in forward for id_ in page]
    assert ids == wanted(where)
    assert ids == [id_ for page in reversed(backward) for id_ in page]


async def test_it_may_come_oldest_first(filled: World) -> None:
    order = {"field": "AT", "direction": "ASC"}
    found = await pages(filled, ("first", "after", "hasNextPage", "endCursor"), orderBy=order)
    assert [id_ for page in found for id_ in page] == wanted({})[::-1]


@pytest.mark.parametrize("where", FILTERS, ids=str)
async def test_every_filter_is_served_by_an_index(filled: World, where: dict[str, Any]) -> None:
    database = filled.mongo.database
    await database.command("profile", 2)
    answer = await filled.ask(PAGE, {"first": 4, "where": where})
    await database.command("profile", 0)
    assert answer.errors == ()
    seen = await database["system.profile"].find({"ns": f"{database.name}.{TRAIL}"}).to_list(None)
    pipelines = await database["system.profile"].find({"command.pipeline": {"$exists": True}}).to_list(None)
    found = [each for each in [*seen, *pipelines] if each["op"] in ("query", "command") and each.get("planSummary")]
    assert found
    for each in found:
        assert "COLLSCAN" not in each["planSummary"]
        assert not each.get("hasSortStage")
        assert each["docsExamined"] <= 5


async def test_two_filters_without_an_index_are_refused(filled: World) -> None:
    answer = await filled.ask(PAGE, {"where": {"kind": {"eq": "QUERY"}, "actor": {"eq": "ada"}}})
    assert [each["extensions"]["code"] for each in answer.errors] == ["BAD_INPUT"]


async def test_an_entry_is_found_by_its_id(filled: World) -> None:
    text = "query($id: ID!) { node(id: $id) { __typename ... on AuditEntry { id at kind } } }"
    answer = await filled.ask(text, {"id": "AuditEntry:004"})
    at = "2026-01-31T12:00:01.000Z"
    assert answer.data == {
        "node": {"__typename": "AuditEntry", "id": "AuditEntry:004", "at": at, "kind": "COMMAND"}
    }
    assert (await filled.ask(text, {"id": "AuditEntry:none"})).data == {"node": None}


async def test_a_position_beyond_32_bits_is_shown(filled: World) -> None:
    high = {**entry(COUNT), "position": 2**40}
    await add(filled, [high])
    answer = await filled.ask("{ auditTrail(first: 1) { nodes { position } } }")
    assert answer.data == {"auditTrail": {"nodes": [{"position": str(2**40)}]}}


async def test_it_waits_for_no_token_and_names_no_read_model(filled: World) -> None:
    token = filled.services.signer.token(TOKEN_OF_THE_FUTURE)
    answer = await filled.ask("{ auditTrail(first: 0) { totalCount } }", after=token)
    assert answer.data == {"auditTrail": {"totalCount": COUNT}}
    assert answer.extensions == {}


async def test_reading_it_is_one_entry_like_any_query(open_world: World) -> None:
    for _ in range(3):
        await open_world.ask("query Look { auditTrail { nodes { id } } }")
    entries = await open_world.trail(3)
    assert [(each["operation"], each["fields"]) for each in entries] == [("Look", ["auditTrail"])] * 3


@pytest.mark.parametrize(
    "changed", [{"many": "audit_trail"}, {"one": "audit_trail"}, {"view": AuditEntry}], ids=str
)
def test_an_application_may_not_take_its_names(changed: dict[str, Any]) -> None:
    model = read(APPLICATION)
    (tallies,) = model.read_models
    with pytest.raises(InvalidApplication, match="audit_trail and AuditEntry are taken"):
        with_audit_trail(replace(model, read_models=(replace(tallies, **changed),)))


async def test_the_ways_to_read_it_are_the_indexes_that_are_made(open_world: World) -> None:
    indexes = await open_world.mongo.database[TRAIL].index_information()
    keys = {tuple(name for name, _ in each["key"]) for each in indexes.values()}
    assert keys == {("_id",), ("at",), *((*each.equal, "at", "_id") for each in AUDIT_TRAIL.paths)}
