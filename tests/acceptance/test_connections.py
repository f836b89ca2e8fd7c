"""Connections: every declared access path paged to its end in both directions, and nested ones in few questions."""

from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from math import ceil
from typing import Any

import pytest
from graphql import GraphQLSchema
from pymongo import MongoClient

from bank import application
from gateway.application.model import AccessPath, ReadModel
from gateway.application.naming import camel, id_field, screaming
from gateway.application.reading import read
from gateway.application.types import fields_of, is_id
from tests.acceptance.asking import Asker
from tests.acceptance.books import Books
from tests.acceptance.operations import everything, field_of
from tests.acceptance.story import Day
from tests.conftest import SHARED

Arguments = dict[str, Any]
Mongo = MongoClient[dict[str, Any]]

MOST_COMMANDS = 16
"""Of a query whose levels hold 40 views and more: nine, and some more where a level is not resolved in one go."""

MOST_PAGES = 15

BY_KEY = AccessPath((), None)
CASES = [
    (model, path, direction)
    for model in read(application).read_models
    for path in (BY_KEY, *model.paths)
    for direction in (("ASC", "DESC") if path.order else (None,))
]
NAMES = ["-".join([camel(m.many), *p.equal, p.order or "key", direction or ""]) for m, p, direction in CASES]

NESTED = """query($first: Int) { accounts(first: $first) { totalCount nodes { customer { accounts(first: 3) {
    totalCount pageInfo { hasNextPage } nodes { statement(first: 3) { totalCount nodes {
        balance { amount } counterparty { ownerName customer { name } } } } } } } } } }"""


@pytest.fixture
def day(asker: Asker, schema: GraphQLSchema, books: Books) -> Iterator[Day]:
    """Whatever is asked in a test, none of its values differed from what the log says."""
    day = Day(asker, schema, books)
    yield day
    assert day.comparison.differences[:20] == []


@pytest.mark.parametrize(("model", "path", "direction"), CASES, ids=NAMES)
def test_an_access_path_has_every_view_once_and_in_order(
    day: Day, model: ReadModel, path: AccessPath, direction: str | None
) -> None:
    name = camel(model.many)
    edges = f"edges {{ cursor node {everything(day.schema, model.view.__name__, 0)} }}"
    page = f"totalCount pageInfo {everything(day.schema, 'PageInfo', 0)}"
    text = field_of(day.schema, "query", name, f"{{ {page} nodes {{ id }} {edges} }}")
    arguments = {**_where(day, model, path), **_order(path, direction)}
    forward = _pages(day, (name, text), arguments, ("first", "after", "hasNextPage", "endCursor"))
    backward = _pages(day, (name, text), arguments, ("last", "before", "hasPreviousPage", "startCursor"))
    ids = [id_ for page in forward for id_ in page]
    assert ids == [id_ for page in reversed(backward) for id_ in page]
    assert len(ids) == len(set(ids)) == len(_chosen(day, name, arguments)) > 0


def test_a_page_between_two_cursors_has_what_lies_between_them(day: Day) -> None:
    text = field_of(day.schema, "query", "accounts", everything(day.schema, "AccountConnection", 1))
    order = {"orderBy": {"field": "OWNER_NAME", "direction": "DESC"}}
    edges = day.query(text, {**order, "first": 30})["accounts"]["edges"]
    bounds = {"after": edges[4]["cursor"], "before": edges[20]["cursor"]}
    for size in ({}, {"first": 5}, {"last": 5}, {"first": 50}):
        day.query(text, {**order, **bounds, **size})


def test_a_cursor_says_where_to_go_on_also_when_the_views_around_it_have_changed(day: Day) -> None:
    ids = [*_opened(day, "AUD", ["10", "20", "30", "40"])]
    text = field_of(day.schema, "query", "accounts", everything(day.schema, "AccountConnection", 1))
    order = {"where": {"currency": {"eq": "AUD"}}, "orderBy": {"field": "BALANCE"}}
    edges = day.query(text, {**order, "first": 2})["accounts"]["edges"]
    day.accept("depositMoney", {"accountId": ids[0], "amount": {"amount": "25", "currency": "AUD"}})
    behind = day.query(text, {**order, "after": edges[1]["cursor"]})["accounts"]["nodes"]
    assert [each["id"] for each in behind] == [ids[2], ids[0], ids[3]]


def test_nested_connections_take_few_questions_however_many_views_there_are(day: Day, mongo: Mongo) -> None:
    day.query(NESTED, {"first": 2})
    with _commands(mongo) as few:
        day.query(NESTED, {"first": 2})
    with _commands(mongo) as many:
        day.query(NESTED, {"first": 40})
    assert 5 < len(few) <= MOST_COMMANDS
    assert len(many) <= MOST_COMMANDS, "\n".join(many)


def _opened(day: Day, currency: str, amounts: list[str]) -> Iterator[str]:
    """New accounts with these amounts on them."""
    owner = day.customer("owner")
    day.accept("registerCustomer", {"customerId": owner, "name": "Edda Sluice", "email": day.email("edda")})
    for amount in amounts:
        account = {"accountId": day.account(amount)}
        day.accept("openAccount", {**account, "customerId": owner, "currency": currency})
        day.accept("depositMoney", {**account, "amount": {"amount": amount, "currency": currency}})
        yield account["accountId"]


def _pages(
    day: Day, asked: tuple[str, str], arguments: Arguments, way: tuple[str, str, str, str]
) -> list[list[str]]:
    """The ids of each page, from one end to the other; every page is compared with the log on the way."""
    name, text = asked
    size, from_, more, last = way
    most = max(3, ceil(len(_chosen(day, name, arguments)) / MOST_PAGES))
    pages: list[list[str]] = []
    cursor: str | None = None
    while True:
        page = day.query(text, {**arguments, size: most, from_: cursor})[name]
        pages.append([each["id"] for each in page["nodes"]])
        if not page["pageInfo"][more]:
            return pages
        assert len(pages) < MOST_PAGES, "it has more pages than views need"
        cursor = page["pageInfo"][last]


def _chosen(day: Day, name: str, arguments: Arguments) -> list[Any]:
    listing, records = day.expected.listings()[name]
    return listing.chosen(records(), arguments)


def _where(day: Day, model: ReadModel, path: AccessPath) -> Arguments:
    """The filter of a path, by the values that most views have."""
    fields = fields_of(model.view)
    names = [camel(id_field(each) if is_id(fields[each]) else each) for each in path.equal]
    if not names:
        return {}
    listing, records = day.expected.listings()[camel(model.many)]
    found = Counter(tuple(listing.fields[each](record) for each in names) for record in records().values())
    ((values, _),) = found.most_common(1)
    return {"where": {name: {"eq": value} for name, value in zip(names, values, strict=True)}}


def _order(path: AccessPath, direction: str | None) -> Arguments:
    return {"orderBy": {"field": screaming(path.order), "direction": direction}} if path.order else {}


@contextmanager
def _commands(mongo: Mongo) -> Generator[list[str]]:
    """The commands on read models that MongoDB was given while the block ran."""
    found: list[str] = []
    database = mongo[SHARED]
    database.command("profile", 2)
    try:
        yield found
    finally:
        database.command("profile", 0)
        for each in database["system.profile"].find({"op": {"$in": ["query", "command"]}}):
            found += [str(each["command"])] if _is_read(each["command"]) else []
        database.drop_collection("system.profile")


def _is_read(command: Mapping[str, Any]) -> bool:
    asked = f"{command.get('find')}{command.get('count')}{command.get('aggregate')}"
    return "views." in asked or "$lookup" in str(command.get("pipeline"))


NAMED = "query($where: CustomerWhere) { customers(where: $where) { nodes { id } } }"


@pytest.mark.parametrize("beside", [{"startsWith": "Zz"}, {"startsWith": ""}])
def test_an_equality_with_something_beside_it_is_refused_and_not_half_obeyed(
    day: Day, beside: dict[str, str]
) -> None:
    answer = day.asker.ask(NAMED, {"where": {"name": {"eq": "Ada Harbour", **beside}}})
    assert [each["extensions"]["code"] for each in answer.errors] == ["BAD_INPUT"]


@pytest.mark.parametrize("empty", [{"status": {}}, {"name": {}}, {"name": {"eq": None}}])
def test_a_filter_that_asks_for_nothing_leaves_nothing_out(day: Day, empty: dict[str, object]) -> None:
    assert day.asker.ask(NAMED, {"where": empty}).data == day.asker.ask(NAMED, {"where": None}).data
