"""Everything that a client can ask of the bank, asked: each probe covers a part of the schema."""

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any

from tests.acceptance.asking import Following
from tests.acceptance.expected import event_thing, followed, moment
from tests.acceptance.operations import everything, field_of
from tests.acceptance.refusals import REUSED, STALE, Refusal, refusals, reused
from tests.acceptance.story import Day, commands, eur
from tests.acceptance.trail import the_audit_trail

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
        expected = {**refusal.thing(REUSED), "path": ["options", "commandId"]}
        day.refuse(name, input_, expected, {"commandId": str(used)})


def things_that_have_moved_on(day: Day) -> None:
    """Every command, with versions of two things that were seen before one of them changed."""
    account, customer = day.account("a"), day.customer("ada")
    text = "query($a: ID!, $c: ID!) { account(id: $a) { version } customer(id: $c) { version } }"
    data = day.query(text, {"a": account, "c": customer})
    seen = [data["account"]["version"], data["customer"]["version"]]
    receipts = [day.accept("depositMoney", {"accountId": account, "amount": eur(each)}) for each in ("1", "2")]
    events = [event for each in receipts for event in day.books.events if event.key[0] == int(each["position"])]
    conflict = {
        "__typename": "VersionConflict",
        "code": "VERSION_CONFLICT",
        "message": STALE,
        "path": ["options", "ifUnchanged"],
        "current": [day.expected.version(each.lower().replace(":", "-")) for each in (account, customer)],
        "since": [event_thing(each) for each in events],
        "missed": 2,
    }
    for name, input_ in reused(day):
        day.refuse(name, input_, conflict, {"ifUnchanged": seen})
    day.accept("withdrawMoney", {"accountId": account, "amount": eur("3")})


def views_by_their_keys(day: Day) -> None:
    books = day.books.read()
    shown = [
        "1",
        "2",
        "7",
        "155",
        "301",
        *(day.account(each).partition(":")[2] for each in ("a", "frozen", "closed")),
    ]
    _ask(day, "account", ({"id": f"Account:{each}"} for each in (*shown, "unknown")))
    _ask(day, "customer", ({"id": f"Customer:{each}"} for each in ("1", "10", "97", "98", "unknown")))
    _ask(day, "ledger", ({"currency": each} for each in (*books.ledgers(), "SEK")))
    _ask(day, "dailyActivity", ({"id": f"DailyActivity:{each}"} for each in (*books.days(), "2001-01-01.EUR")))


def nodes_of_every_kind(day: Day) -> None:
    statement = f"{{ statement(first: 6) {{ nodes {everything(day.schema, 'StatementLine', 2)} }} }}"
    lines = [each["id"] for each in day.query(statement)["statement"]["nodes"]]
    ids = [*lines, "Account:1", "Customer:1", "Ledger:EUR", f"DailyActivity:{next(iter(day.books.days()))}"]
    ids += ["Account:unknown", "StatementLine:9999999999999"]
    for id_ in ids:
        kind = id_.partition(":")[0]
        selection = f"{{ __typename id ... on {kind} {everything(day.schema, kind, 1)} }}"
        text = f"query($id: ID!) {{ node(id: $id) {selection} }}"
        day.query(text, {"id": id_})
    day.query("query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", {"ids": ids})


def connections_filtered_and_ordered(day: Day) -> None:
    for name, view, asked in _listings(day):
        text = field_of(day.schema, "query", name, everything(day.schema, f"{view}Connection", 1))
        day.query(text, {"first": 300})
        day.query(text, {"first": 0})
        for arguments in asked:
            _page(day, text, arguments, lambda data, name=name: data[name])


def accounts_as_of_the_head(day: Day) -> None:
    """What they were at earlier moments is a test of its own."""
    selection = "{ __typename id status ownerName balance { amount } version }"
    one = f"query($id: ID!, $asOf: Moment) {{ account(id: $id, asOf: $asOf) {selection} }}"
    many = f"query($first: Int, $asOf: Moment) {{ accounts(first: $first, asOf: $asOf) {{ nodes {selection} }} }}"
    as_of = {"asOf": str(day.books.read().head)}
    day.query(one, {"id": day.account("a"), **as_of})
    day.query(many, {"first": 7, **as_of})


def connections_of_views(day: Day) -> None:
    taken = "$first: Int, $after: String, $last: Int, $before: String"
    passed = "first: $first, after: $after, last: $last, before: $before"
    for owner, name, view in (("account", "statement", "StatementLine"), ("customer", "accounts", "Account")):
        selection = everything(day.schema, f"{view}Connection", 1)
        text = f"query($id: ID!, {taken}) {{ {owner}(id: $id) {{ {name}({passed}) {selection} }} }}"
        for number in (1, 2, 30):
            arguments = {"id": f"{owner.capitalize()}:{number}"}
            _page(day, text, arguments, lambda data, owner=owner, name=name: data[owner][name])


def events_from_history_and_live(day: Day) -> None:
    text = field_of(day.schema, "subscription", "events", everything(day.schema, "EventEdge", 1))
    account = day.account("a")
    with day.asker.follow(text, {"stream": account}) as events:
        history = _expect_events(day, events, text, {"stream": account})
        before = day.books.head
        deposited = day.accept("depositMoney", {"accountId": account, "amount": eur("7")})
        _expect_events(day, events, text, {"stream": account}, before)
    token, middle = deposited["token"], history[len(history) // 2]
    for after in (middle["cursor"], None):
        asked = (
            {"stream": account, "after": after, "until": token} if after else {"stream": account, "until": token}
        )
        with day.asker.follow(text, asked) as events:
            _expect_events(day, events, text, asked, int(middle["node"]["position"]) if after else 0)
            assert events.rest() == []


def events_from_within_a_commit(day: Day) -> None:
    """A transfer is two events of one commit: a cursor may stand between them, a token behind both."""
    text = field_of(day.schema, "subscription", "events", everything(day.schema, "EventEdge", 1))
    moved = {"sourceId": day.account("a"), "targetId": day.account("b"), "amount": eur("0.01")}
    tokens = [day.accept("transferMoney", moved)["token"] for _ in range(3)]
    with day.asker.follow(text, {"after": tokens[0], "until": tokens[1]}) as events:
        sent, received = [each["events"] for each in events.rest()]
    day.compare(text, {}, {"events": sent}, {"events": lambda _: followed(day.books.events)[-4]})
    for after, until, expected in (
        (sent["cursor"], tokens[2], slice(-3, None)),
        (received["cursor"], tokens[2], slice(-2, None)),
        (sent["cursor"], received["cursor"], slice(-3, -2)),
        (sent["cursor"], sent["cursor"], slice(0)),
    ):
        asked = {"after": after, "until": until}
        with day.asker.follow(text, asked) as events:
            found, edges = events.rest(), followed(day.books.events[expected])
        assert len(found) == len(edges)
        for data, edge in zip(found, edges, strict=True):
            day.compare(text, asked, data, {"events": lambda _, edge=edge: edge})


def all_events_of_the_log(day: Day) -> None:
    text = "subscription($until: String) { events(until: $until) { cursor node { __typename id stream version } } }"
    receipt = day.accept("depositMoney", {"accountId": day.account("a"), "amount": eur("1")})
    with day.asker.follow(text, {"until": receipt["token"]}) as events:
        edges = [each["events"] for each in events.rest()]
    day.compare(text, {}, {"events": edges[-1]}, {"events": lambda _: followed(day.books.events)[-1]})
    expected = [event_thing(each) for each in day.books.events]
    assert [each["node"]["id"] for each in edges] == [each["id"] for each in expected]
    assert len({each["cursor"] for each in edges}) == len(edges)


def views_as_they_change(day: Day) -> None:
    account, customer, today = day.account("a"), day.customer("ada"), f"{day.books.events[-1].at.date()}.EUR"
    deposit = {"accountId": account, "amount": eur("3")}
    _follow_change(day, "account", account, ("depositMoney", deposit))
    _follow_change(day, "customer", customer, ("renameCustomer", {"customerId": customer, "name": "Ada Willow"}))
    _follow_change(day, "ledger", "Ledger:EUR", ("depositMoney", deposit))
    _follow_change(day, "dailyActivity", f"DailyActivity:{today}", ("depositMoney", deposit))


def views_that_are_not_there_yet(day: Day) -> None:
    account, customer, currency = day.account("later"), day.customer("later"), _unused(day)
    registered = {"customerId": customer, "name": "Late", "email": day.email("late")}
    opened = {"accountId": account, "customerId": customer, "currency": currency}
    money = {"accountId": account, "amount": {"amount": "5", "currency": currency}}
    today = day.books.events[-1].at.date()
    _follow_change(day, "customer", customer, ("registerCustomer", registered))
    _follow_change(day, "account", account, ("openAccount", opened))
    _follow_change(day, "dailyActivity", f"DailyActivity:{today}.{currency}", ("depositMoney", money))
    opened = {"accountId": day.account("last"), "customerId": customer, "currency": _unused(day)}
    _follow_change(day, "ledger", f"Ledger:{opened['currency']}", ("openAccount", opened))


PROBES: tuple[Callable[[Day], None], ...] = (
    every_command_accepted,
    a_command_id_used_twice,
    every_rejection_of_every_command,
    things_that_have_moved_on,
    views_by_their_keys,
    nodes_of_every_kind,
    connections_filtered_and_ordered,
    connections_of_views,
    accounts_as_of_the_head,
    events_from_history_and_live,
    events_from_within_a_commit,
    all_events_of_the_log,
    views_as_they_change,
    views_that_are_not_there_yet,
    the_audit_trail,
)
"""In this order: what comes first makes what the others ask for."""


def _ask(day: Day, name: str, asked: Iterator[Arguments]) -> None:
    root = day.schema.query_type
    assert root
    text = field_of(day.schema, "query", name, everything(day.schema, str(root.fields[name].type), 2))
    for each in asked:
        day.query(text, each)


def _page(day: Day, text: str, arguments: Arguments, connection: Callable[[dict[str, Any]], Any]) -> None:
    """A first page, and on from its middle in both directions."""
    edges = connection(day.query(text, {**arguments, "first": 5}))["edges"]
    if edges:
        middle = edges[len(edges) // 2]["cursor"]
        day.query(text, {**arguments, "first": 2, "after": middle})
        day.query(text, {**arguments, "last": 2, "before": middle})


def _expect_events(
    day: Day, events: Following, text: str, variables: Arguments, after: int = 0
) -> list[dict[str, Any]]:
    """Takes the events of account a behind a position, and compares them; gives their edges."""
    stream = f"account-{day.account('a').partition(':')[2]}"
    expected = followed(e for e in day.books.read().events if e.stream == stream and e.key[0] > after)
    found = events.take(len(expected))
    for data, edge in zip(found, expected, strict=True):
        day.compare(text, variables, data, {"events": lambda _, edge=edge: edge})
    return [each["events"] for each in found]


def _follow_change(day: Day, name: str, id_: str, command: tuple[str, dict[str, Any]]) -> None:
    """The view as it is, a command that changes it, the view as it is then."""
    field = f"{name}Changed"
    text = field_of(day.schema, "subscription", field, everything(day.schema, f"{id_.partition(':')[0]}Change", 1))
    with day.asker.follow(text, {"id": id_}) as changes:
        for sent in (None, command):
            if sent:
                day.accept(*sent)
            data, at_least = changes.next().data, day.books.head if sent else 0
            day.compare(text, {"id": id_}, data, {field: lambda _, p=at_least: day.expected.change(id_, name, p)})


def _unused(day: Day) -> str:
    return next(each for each in ("NOK", "SEK", "DKK", "PLN", "CZK") if each not in day.books.read().ledgers())


def _listings(day: Day) -> list[tuple[str, str, list[Arguments]]]:
    return [
        ("customers", "Customer", [*_customers(day)]),
        ("accounts", "Account", [*_accounts(day)]),
        ("statement", "StatementLine", [*_lines(day)]),
        ("ledgers", "Ledger", [{}]),
        ("dailyActivities", "DailyActivity", [*_days(day)]),
    ]


def _ordered(*fields: str) -> Iterator[Arguments]:
    for field, direction in product(fields, ("ASC", "DESC")):
        yield {"orderBy": {"field": field, "direction": direction}}


def _bounds(name: str, low: str, high: str) -> Iterator[Arguments]:
    for tests in ({"gt": low, "lte": high}, {"gte": low, "lt": high}, {"eq": low}):
        yield {"where": {name: tests}}


def _customers(day: Day) -> Iterator[Arguments]:
    times = sorted(moment(each.registered_at) for each in day.books.customers.values())
    yield from _ordered("NAME", "REGISTERED_AT")
    yield from _bounds("registeredAt", times[20], times[-2])
    yield from ({"where": {"status": {"eq": each}}} for each in ("ACTIVE", "BLOCKED"))
    yield {"where": {"name": {"eq": "Ada Willow"}}}
    yield {"where": {"status": {"eq": "ACTIVE"}, "name": {"startsWith": "Cleo "}}}


def _accounts(day: Day) -> Iterator[Arguments]:
    times = sorted(moment(each.opened_at) for each in day.books.accounts.values())
    yield from _ordered("OPENED_AT", "OWNER_NAME")
    yield from _bounds("openedAt", times[20], times[-2])
    yield from ({"where": {"status": {"eq": each}}} for each in ("OPEN", "FROZEN", "CLOSED"))
    for each, order in product(("EUR", "JPY", "BHD"), _ordered("BALANCE")):
        yield {"where": {"currency": {"eq": each}}, **order}
    of_ada: Arguments = {"where": {"customerId": {"eq": day.customer("ada")}}}
    yield of_ada
    yield from ({**of_ada, **order} for order in _ordered("OPENED_AT", "OWNER_NAME"))
    yield {"where": {"ownerName": {"startsWith": "Ada"}}, "orderBy": {"field": "OWNER_NAME", "direction": "DESC"}}
    yield {"where": {"ownerName": {"eq": "Ada Harbour"}}}
    yield {"where": {"status": {"eq": "OPEN"}, "openedAt": {"gte": times[30]}}}


def _lines(day: Day) -> Iterator[Arguments]:
    account = {"accountId": {"eq": "Account:2"}}
    times = sorted(moment(each.at) for each in day.books.lines.values() if each.account == "2")
    yield {}
    yield {"where": account}
    for order in _ordered("AT"):
        yield {"where": account, **order}
    for kind in ("DEPOSIT", "WITHDRAWAL", "SENT", "RECEIVED"):
        yield {"where": {**account, "kind": {"eq": kind}}}
    for each in _bounds("at", times[2], times[-2]):
        yield {"where": {**account, **each["where"]}}


def _days(day: Day) -> Iterator[Arguments]:
    today = str(day.books.events[-1].at.date())
    yield from _ordered("DAY")
    yield from _bounds("day", "2026-01-01", today)
    yield {"where": {"currency": {"eq": "EUR"}}}
    yield {"where": {"currency": {"eq": "EUR"}, "day": {"gte": today}}}
