"""Everything that a client can ask of the bank, asked: each probe covers a part of the schema."""

from collections.abc import Callable, Iterator, Mapping
from itertools import chain, product
from typing import Any

from tests.acceptance.asking import Following
from tests.acceptance.expected import event_thing, followed, moment
from tests.acceptance.operations import everything, field_of
from tests.acceptance.refusals import REUSED, Refusal, refusals, reused
from tests.acceptance.story import Day, commands, eur

Arguments = Mapping[str, Any]


def every_command_accepted(day: Day) -> None:
    for name, input_ in commands(day):
        day.accept(name, input_)


def every_rejection_of_every_command(day: Day) -> None:
    for each in refusals(day):
        described = day.schema.type_map[each.type].description or ""
        day.refuse(each.command, each.input, each.thing(" ".join(described.split())))


def a_command_id_used_twice(day: Day) -> None:
    used = day.used
    for name, input_ in reused(day):
        refusal = Refusal(name, input_, "CommandIdReused", None, {})
        day.refuse(name, input_, {**refusal.thing(REUSED), "path": ["options", "commandId"]}, used)


def views_by_their_keys(day: Day) -> None:
    books = day.books.read()
    shown = ["1", "2", "7", "155", "301", *(day.account(each).partition(":")[2] for each in ("a", "frozen", "closed"))]
    _ask(day, "account", ({"id": f"Account:{each}"} for each in (*shown, "unknown")))
    _ask(day, "customer", ({"id": f"Customer:{each}"} for each in ("1", "10", "97", "98", "unknown")))
    _ask(day, "ledger", ({"currency": each} for each in (*books.ledgers(), "SEK")))
    _ask(day, "dailyActivity", ({"id": f"DailyActivity:{each}"} for each in (*books.days(), "2001-01-01.EUR")))


def nodes_of_every_kind(day: Day) -> None:
    statement = f"{{ statement(first: 2) {{ nodes {everything(day.schema, 'StatementLine', 2)} }} }}"
    lines = [each["id"] for each in day.query(statement)["statement"]["nodes"]]
    ids = [*lines, "Account:1", "Customer:1", "Ledger:EUR", f"DailyActivity:{next(iter(day.books.days()))}"]
    ids += ["Account:unknown", "StatementLine:9999999999999"]
    for id_ in ids:
        kind = id_.partition(":")[0]
        text = f"query($id: ID!) {{ node(id: $id) {{ __typename id ... on {kind} {everything(day.schema, kind, 1)} }} }}"
        day.query(text, {"id": id_})
    day.query("query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", {"ids": ids})


def connections_in_every_order(day: Day) -> None:
    for name, view, asked in (
        ("customers", "Customer", _customers(day)),
        ("accounts", "Account", _accounts(day)),
        ("statement", "StatementLine", _lines(day)),
        ("ledgers", "Ledger", iter(())),
        ("dailyActivities", "DailyActivity", _days(day)),
    ):
        text = field_of(day.schema, "query", name, everything(day.schema, f"{view}Connection", 1))
        for each in chain([{}, {"first": 500}, {"first": 0}, {"last": 3}], asked):
            edges = day.query(text, {"first": 7, **each} if "last" not in each else each)[name]["edges"]
        for cursor in [each["cursor"] for each in edges]:
            day.query(text, {**each, "first": 2, "after": cursor, "last": None} if False else {"first": 2, "after": cursor} | _filters(each))
            day.query(text, {"last": 2, "before": cursor} | _filters(each))
