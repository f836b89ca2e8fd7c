"""What the API should answer: the books, as objects of the schema."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from tests.acceptance.books import Account, Books, Customer, Day, Event, Key, Ledger, Line
from tests.acceptance.comparing import Arguments, Thing, Told
from tests.acceptance.listing import ACCOUNTS, CUSTOMERS, DAYS, LEDGERS, LINES, Listing

MOST_COUNTED = 10_000
PAGE = 50

_IDS = {
    "account": ("accountId", "Account"),
    "customer": ("customerId", "Customer"),
    "source": ("sourceId", "Account"),
    "target": ("targetId", "Account"),
}
_NAMES = {"owner_name": "ownerName"}


@dataclass
class Expected:
    """Answers out of the books. What the gateway alone can name is learnt when it is first seen.

    `cursors` are those of views, `numbers` the ids of lines, `versions` those of streams; none of them may ever
    stand for two things.
    """

    books: Books
    cursors: dict[str, Any] = field(default_factory=dict[str, Any])
    numbers: dict[str, Key] = field(default_factory=dict[str, Key])
    versions: dict[str, tuple[str, int]] = field(default_factory=dict[str, tuple[str, int]])
    _numbered: dict[Key, str] = field(default_factory=dict[Key, str])
    _versioned: dict[tuple[str, int], str] = field(default_factory=dict[tuple[str, int], str])

    def query(self) -> Thing:
        books = self.books
        return {
            "__typename": "Query",
            "node": lambda a: self.node(a["id"]),
            "nodes": lambda a: [self.node(each) for each in a["ids"]],
            "customer": lambda a: self._of(a["id"], books.customers, self.customer),
            "account": lambda a: self._of(a["id"], books.accounts, self.account),
            "ledger": lambda a: self._of(a["currency"], books.ledgers(), self.ledger),
            "dailyActivity": lambda a: self._of(a["id"], books.days(), self.day),
            **{name: partial(self.connection, name) for name in self.listings()},
        }

    def listings(self) -> Mapping[str, tuple[Listing, Callable[[], Mapping[Any, Any]]]]:
        """What each connection lists, and the records that it lists."""
        books = self.books
        return {
            "customers": (CUSTOMERS, lambda: books.customers),
            "accounts": (ACCOUNTS, lambda: books.accounts),
            "statement": (LINES, lambda: books.lines),
            "ledgers": (LEDGERS, books.ledgers),
            "dailyActivities": (DAYS, books.days),
        }

    def connection(self, name: str, arguments: Arguments) -> Thing:
        listing, all_records = self.listings()[name]
        records = all_records()
        keys = listing.chosen(records, arguments)
        start, end = self._bounds(keys, arguments)
        make = {"Customer": self.customer, "Account": self.account, "StatementLine": self.line}
        thing: Callable[[Any], Thing] = (make | {"Ledger": self.ledger, "DailyActivity": self.day})[listing.view]
        edges = [self._edge(listing, key, thing(records[key])) for key in keys[start:end]]
        return {
            "__typename": f"{listing.view}Connection",
            "edges": edges,
            "nodes": [each["node"] for each in edges],
            "pageInfo": page_info([each["cursor"] for each in edges], start > 0, end < len(keys)),
            "totalCount": len(keys) if len(keys) <= MOST_COUNTED else None,
        }

    def node(self, id_: str) -> Thing | None:
        kind, local = id_.split(":", 1)
        match kind:
            case "Customer":
                return self._of(local, self.books.customers, self.customer)
            case "Account":
                return self._of(local, self.books.accounts, self.account)
            case "Ledger":
                return self._of(local, self.books.ledgers(), self.ledger)
            case "DailyActivity":
                return self._of(local, self.books.days(), self.day)
            case _:
                key = self.numbers.get(id_)
                return self.line(self.books.lines[key]) if key else None

    def customer(self, customer: Customer) -> Thing:
        id_ = f"Customer:{customer.id}"
        return {
            "__typename": "Customer",
            "id": id_,
            "version": self.version(f"customer-{customer.id}"),
            "name": customer.name,
            "email": customer.email,
            "status": customer.status,
            "registeredAt": moment(customer.registered_at),
            "accounts": lambda a: self.connection("accounts", _of_owner(a, "customerId", id_)),
        }

    def account(self, account: Account) -> Thing:
        id_, available = f"Account:{account.id}", account.balance + account.overdraft_limit
        return {
            "__typename": "Account",
            "id": id_,
            "version": self.version(f"account-{account.id}"),
            "customer": lambda _: self.customer(self.books.customers[account.customer]),
            "ownerName": account.owner_name,
            "status": account.status,
            "currency": account.currency,
            "balance": money(account.balance, account.currency),
            "overdraftLimit": money(account.overdraft_limit, account.currency),
            "available": money(available, account.currency),
            "openedAt": moment(account.opened_at),
            "statement": lambda a: self.connection("statement", _of_owner(a, "accountId", id_)),
        }

    def version(self, stream: str) -> Told:
        """What stands for the events that the stream has now."""
        number = self.books.versions[stream]
        return Told(f"version {number} of {stream}", lambda text: self._learn_version(text, (stream, number)))

    def line(self, line: Line) -> Thing:
        accounts = self.books.accounts
        return {
            "__typename": "StatementLine",
            "id": Told(f"the id of line {line.key}", lambda text: self._learn_number(text, line.key)),
            "account": lambda _: self.account(accounts[line.account]),
            "at": moment(line.at),
            "kind": line.kind,
            "amount": money(line.amount, line.currency),
            "balance": money(line.balance, line.currency),
            "counterparty": lambda _: self.account(accounts[line.counterparty]) if line.counterparty else None,
            "reference": line.reference,
        }

    def ledger(self, ledger: Ledger) -> Thing:
        sums = ("cash", "liabilities", "transit", "debits", "credits", "sum")
        return {
            "__typename": "Ledger",
            "id": f"Ledger:{ledger.currency}",
            "currency": ledger.currency,
            **{each: money(getattr(ledger, each), ledger.currency) for each in sums},
        }

    def day(self, day: Day) -> Thing:
        return {
            "__typename": "DailyActivity",
            "id": f"DailyActivity:{day.id}",
            "day": day.day.isoformat(),
            "currency": day.currency,
            "count": day.count,
            "volume": money(day.volume, day.currency),
        }

    def receipt(self, name: str, events: Sequence[Event], arguments: Mapping[str, Any]) -> Thing:
        """What a command is answered when it was accepted just now, with these events."""
        inputs, options = arguments["input"], arguments["options"]
        position = events[0].key[0] if events else self.books.head
        things = {"customerId": "customer", "accountId": "account", "sourceId": "source", "targetId": "target"}
        return {
            "__typename": f"{name[0].upper()}{name[1:]}Accepted",
            "commandId": options["commandId"],
            "replayed": False,
            "position": str(position),
            "token": Told("a token", is_opaque),
            "events": [event_thing(each) for each in events],
            "query": lambda _: self.query(),
            **{things[each]: self.node(id_) for each, id_ in inputs.items() if each in things},
        }

    def change(self, id_: str, field_: str, at_least: int, change: str) -> Thing:
        """What a subscription says of a view: as it is now, unless it left."""
        return {
            "__typename": f"{id_.split(':', maxsplit=1)[0]}Change",
            "cursor": Told("a cursor", is_opaque),
            "change": change,
            "id": id_,
            "position": Told(f"a position from {at_least} on", lambda text: at_least <= int(text)),
            field_: None if change == "LEFT" else self.node(id_),
        }

    def _of(self, given: str, records: Mapping[str, Any], thing: Callable[[Any], Thing]) -> Thing | None:
        found = records.get(given.rpartition(":")[2])
        return thing(found) if found else None

    def _bounds(self, keys: Sequence[Any], arguments: Arguments) -> tuple[int, int]:
        """Where the page begins and ends among all keys."""
        after, before = arguments.get("after"), arguments.get("before")
        start = keys.index(self.cursors[after]) + 1 if after else 0
        end = keys.index(self.cursors[before]) if before else len(keys)
        first, last = arguments.get("first"), arguments.get("last")
        if first is None and (last is not None or (before and not after)):
            return max(start, end - (PAGE if last is None else last)), end
        return start, min(end, start + (PAGE if first is None else first))

    def _edge(self, listing: Listing, key: Any, node: Thing) -> dict[str, Any]:
        cursor = Told(f"the cursor of {key}", lambda text: self._learn_cursor(text, key))
        return {"__typename": f"{listing.view}Edge", "cursor": cursor, "node": node}

    def _learn_cursor(self, text: Any, key: Any) -> bool:
        return is_opaque(text) and self.cursors.setdefault(text, key) == key

    def _learn_version(self, text: Any, version: tuple[str, int]) -> bool:
        one = is_opaque(text) and self.versions.setdefault(text, version) == version
        return one and self._versioned.setdefault(version, text) == text

    def _learn_number(self, text: str, key: Key) -> bool:
        if not re.fullmatch(r"StatementLine:[1-9]\d*", text):
            return False
        return self.numbers.setdefault(text, key) == key and self._numbered.setdefault(key, text) == text


def _of_owner(arguments: Arguments, link: str, id_: str) -> dict[str, Any]:
    """The arguments of a nested connection, as those of the one at the top that has the same views."""
    return {**arguments, "where": {**(arguments.get("where") or {}), link: {"eq": id_}}}


def event_thing(event: Event) -> Thing:
    category, local = event.stream.split("-", 1)
    found: dict[str, Any] = {
        "__typename": event.type,
        "id": f"Event:{event.key[0]}.{event.key[1]}",
        "position": str(event.key[0]),
        "at": moment(event.at),
        "stream": f"{category.capitalize()}:{local}",
        "version": event.version,
    }
    for name, value in event.data.items():
        if category == "email" and name == "email":  # the log has a digest in its place, which the stream shows
            continue
        if name in _IDS:
            shown, kind = _IDS[name]
            found[shown] = f"{kind}:{value}"
        elif name in ("amount", "limit"):
            found[name] = money(value["amount"], value["currency"])
        else:
            found[_NAMES.get(name, name)] = value
    return found


def followed(events: Iterable[Event]) -> list[Thing]:
    """What the subscription `events` says."""
    return [
        {"__typename": "EventEdge", "cursor": Told("a cursor", is_opaque), "node": event_thing(each)}
        for each in events
    ]


def page_info(cursors: Sequence[Any], previous: bool, following: bool) -> Thing:
    return {
        "__typename": "PageInfo",
        "hasNextPage": following,
        "hasPreviousPage": previous,
        "startCursor": cursors[0] if cursors else None,
        "endCursor": cursors[-1] if cursors else None,
    }


def money(amount: Decimal, currency: str) -> Thing:
    return {"__typename": "Money", "amount": format(amount, "f"), "currency": currency}


def moment(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def is_opaque(text: Any) -> bool:
    """A cursor or a token: something without spaces that can stand in an address."""
    return isinstance(text, str) and re.fullmatch(r"[A-Za-z0-9_-]{16,500}", text) is not None
