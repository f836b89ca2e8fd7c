"""The audit trail, asked for every field and compared with its raw documents."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from bson.codec_options import CodecOptions
from pymongo.read_concern import ReadConcern

from tests.acceptance.comparing import Thing, Told
from tests.acceptance.expected import is_opaque, moment, page_info
from tests.acceptance.operations import everything, field_of
from tests.acceptance.serving import eventually
from tests.acceptance.story import Day

MOST_COUNTED = 10_000
PAGE = 5
OLDEST_FIRST = {"field": "AT", "direction": "ASC"}

OPERATIONS = (
    """mutation Freeze($id: ID!, $options: CommandOptions) {
        freezeAccount(input: {accountId: $id}, options: $options) { __typename } }""",
    "query Look { customers(first: 1) { totalCount } }",
    '{ customers(where: {status: {eq: ACTIVE}, registeredAt: {gt: "2026-01-31T12:00:00Z"}}) { totalCount } }',
    "subscription { events { cursor } }",
    "{ nothing",
)


def the_audit_trail(day: Day) -> None:
    """Each kind of entry once, in a conversation of its own; one that is dropped is written by hand."""
    correlation = uuid4().hex
    _provoke(day, correlation)
    newest = _entries(day, {"correlation_id": correlation})[0]
    text = field_of(day.schema, "query", "auditTrail", everything(day.schema, "AuditEntryConnection", 2))
    mine = {"correlationId": {"eq": correlation}}
    edges = _compare(day, text, {"where": mine, "first": 50}, {"correlation_id": correlation})
    _compare(day, text, {"where": mine, "last": PAGE}, {"correlation_id": correlation})
    _compare_between(
        day, text, {"where": mine, "after": edges[0]["cursor"], "before": edges[-1]["cursor"]}, correlation
    )
    until = {"at": {"lte": moment(newest["at"])}}
    for name, value in (("kind", "QUERY"), ("outcome", "ANSWERED"), ("actor", "anonymous")):
        _compare(day, text, {"where": {name: {"eq": value}, **until}}, {name: value, "at": {"$lte": newest["at"]}})
        choice = {name: {"in": [value]}, **until}
        _compare(day, text, {"where": choice}, {name: value, "at": {"$lte": newest["at"]}})
    for asked, query in (({"isNull": True}, None), ({"in": [correlation]}, correlation)):
        where = {"correlationId": asked, **until}
        _compare(day, text, {"where": where}, {"correlation_id": query, "at": {"$lte": newest["at"]}})
    for order in (OLDEST_FIRST, {"field": "AT", "direction": "DESC"}):
        where = {"at": {"lte": moment(newest["at"])}}
        _compare(day, text, {"where": where, "orderBy": order}, {"at": {"$lte": newest["at"]}})
    for edge in edges:
        _compare_node(day, edge["node"]["id"])


def _provoke(day: Day, correlation: str) -> None:
    spans = f"00-{'ab' * 16}-{'cd' * 8}-01"
    variables = {"id": day.account("a"), "options": {"commandId": str(uuid4())}}
    headers = {"X-Correlation-Id": correlation}
    for text in OPERATIONS:
        day.asker.ask(text, variables, headers)
    unknown = {"id": day.account("unknown")}
    day.asker.ask(OPERATIONS[0], unknown, {**headers, "traceparent": spans})
    eventually(lambda: len(_entries(day, {"correlation_id": correlation})) == 6, "six entries")
    (accepted,) = _entries(day, {"correlation_id": correlation, "outcome": "ACCEPTED"})
    dropped = {**accepted, "_id": f"{accepted['_id']}.d", "kind": "UNKNOWN", "outcome": "DROPPED", "dropped": 7}
    options: CodecOptions[dict[str, Any]] = CodecOptions(uuid_representation=4)
    day.books.client[day.books.database].get_collection("audit_trail", options).insert_one(dropped)


def _entries(day: Day, query: Mapping[str, Any], ascending: bool = False) -> list[dict[str, Any]]:
    options: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True, uuid_representation=4)
    way = 1 if ascending else -1
    database = day.books.client[day.books.database]
    trail = database.get_collection("audit_trail", options, read_concern=ReadConcern("majority"))
    return list(trail.find(query).sort([("at", way), ("_id", way)]))


def _compare(day: Day, text: str, asked: dict[str, Any], query: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Compare a page from the end at which it begins; its edges."""
    variables = asked if asked.keys() & {"first", "last"} else {**asked, "first": PAGE}
    entries = _entries(day, query, ascending=asked.get("orderBy") == OLDEST_FIRST)
    data = day.asker.ask(text, variables).data
    day.compare(text, variables, data, {"auditTrail": lambda a: _connection(entries, a)})
    return data["auditTrail"]["edges"]


def _compare_between(day: Day, text: str, asked: dict[str, Any], correlation: str) -> None:
    """Compare what lies between the first and the last entry of a conversation."""
    entries = _entries(day, {"correlation_id": correlation})
    thing = _page(entries[1:-1], len(entries), previous=True, following=True)
    day.compare(text, asked, day.asker.ask(text, asked).data, {"auditTrail": lambda _: thing})


def _connection(entries: Sequence[dict[str, Any]], arguments: Mapping[str, Any]) -> Thing:
    first, last = arguments.get("first"), arguments.get("last")
    shown = entries[:first] if last is None else entries[-last:]
    more = len(shown) < len(entries)
    return _page(shown, len(entries), previous=more and last is not None, following=more and last is None)


def _page(shown: Sequence[dict[str, Any]], total: int, *, previous: bool, following: bool) -> Thing:
    edges = [
        {"__typename": "AuditEntryEdge", "cursor": Told("a cursor", is_opaque), "node": _thing(each)}
        for each in shown
    ]
    return {
        "__typename": "AuditEntryConnection",
        "edges": edges,
        "nodes": [each["node"] for each in edges],
        "pageInfo": page_info([each["cursor"] for each in edges], previous, following),
        "totalCount": total if total <= MOST_COUNTED else None,
    }


def _compare_node(day: Day, id_: str) -> None:
    whole = everything(day.schema, "AuditEntry", 0)
    text = f"query($id: ID!) {{ node(id: $id) {{ __typename id ... on AuditEntry {whole} }} }}"
    (entry,) = _entries(day, {"_id": id_.partition(":")[2]})
    day.compare(text, {"id": id_}, day.asker.ask(text, {"id": id_}).data, {"node": lambda _: _thing(entry)})


def _thing(entry: Mapping[str, Any]) -> Thing:
    at: datetime = entry["at"]
    command_id, position = entry["command_id"], entry["position"]
    return {
        "__typename": "AuditEntry",
        "id": f"AuditEntry:{entry['_id']}",
        "at": moment(at),
        "durationMs": entry["duration_ms"],
        "commandId": None if command_id is None else str(command_id),
        "position": None if position is None else str(position),
        "correlationId": entry["correlation_id"],
        "causationId": entry["causation_id"],
        **{each: entry[each] for each in _SAME},
    }


_SAME = ("kind", "outcome", "code", "actor", "operation", "fields", "command", "dropped")
