"""What the log means, reckoned from its raw documents: no code of the gateway's, the domain's or the read models'.

Balances are sums over lines, ledgers are sums over all lines of a currency: nothing is carried along that could
be wrong in the same way as in the product.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

from bson.codec_options import CodecOptions
from bson.decimal128 import Decimal128
from pymongo import MongoClient

T = TypeVar("T")

Key: TypeAlias = tuple[int, int]
"""A place in the log: a position, and the number of an event in its commit."""

DECIMALS = {"JPY": 0, "BHD": 3}
"""Of the currencies that these tests use; all others have 2."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event, with what the log says about it; `data` as it is stored, Decimal128 read."""

    key: Key
    at: datetime
    stream: str
    version: int
    type: str
    data: dict[str, Any]

    @property
    def local(self) -> str:
        return self.stream.split("-", 1)[1]


@dataclass(frozen=True, slots=True)
class Customer:
    id: str
    name: str
    email: str
    status: str
    registered_at: datetime


@dataclass(frozen=True, slots=True)
class Account:
    id: str
    customer: str
    owner_name: str
    status: str
    currency: str
    overdraft_limit: Decimal
    opened_at: datetime
    balance: Decimal


@dataclass(frozen=True, slots=True)
class Line:
    """A movement of money; above zero what came in."""

    key: Key
    account: str
    at: datetime
    kind: str
    amount: Decimal
    currency: str
    balance: Decimal
    counterparty: str | None
    reference: str | None


@dataclass(frozen=True, slots=True)
class Ledger:
    currency: str
    cash: Decimal
    liabilities: Decimal
    transit: Decimal
    debits: Decimal
    credits: Decimal
    sum: Decimal


@dataclass(frozen=True, slots=True)
class Day:
    id: str
    day: date
    currency: str
    count: int
    volume: Decimal


_MOVEMENTS = {
    "MoneyDeposited": ("DEPOSIT", 1, None),
    "MoneyWithdrawn": ("WITHDRAWAL", -1, None),
    "MoneySent": ("SENT", -1, "target"),
    "MoneyReceived": ("RECEIVED", 1, "source"),
}
_STATUSES = {
    "AccountFrozen": "FROZEN",
    "AccountUnfrozen": "OPEN",
    "AccountClosed": "CLOSED",
    "CustomerBlocked": "BLOCKED",
    "CustomerUnblocked": "ACTIVE",
}


@dataclass
class Books:
    """Everything up to the head of the log, as it was when `read` was last called."""

    client: MongoClient[dict[str, Any]]
    database: str
    head: int = 0
    events: list[Event] = field(default_factory=list[Event])
    commits: dict[UUID, list[Event]] = field(default_factory=dict[UUID, list[Event]])
    customers: dict[str, Customer] = field(default_factory=dict[str, Customer])
    accounts: dict[str, Account] = field(default_factory=dict[str, Account])
    lines: dict[Key, Line] = field(default_factory=dict[Key, Line])
    versions: dict[str, int] = field(default_factory=dict[str, int])
    _reckoned: dict[str, tuple[int, Any]] = field(default_factory=dict[str, tuple[int, Any]])

    def read(self) -> "Books":
        """Take what the log has gained."""
        options: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True, uuid_representation=4)
        log = self.client[self.database].get_collection("events", options)
        for commit in log.find({"_id": {"$gt": self.head}}).sort("_id"):
            assert commit["_id"] == self.head + 1, "the log has a hole"
            self._take(commit)
        return self

    def ledgers(self) -> dict[str, Ledger]:
        return self._once("ledgers", self._ledgers)

    def days(self) -> dict[str, Day]:
        return self._once("days", self._days)

    def _once(self, name: str, reckon: Callable[[], T]) -> T:
        """What was reckoned at this head of the log need not be reckoned again."""
        if self._reckoned.get(name, (-1, None))[0] != self.head:
            self._reckoned[name] = (self.head, reckon())
        return self._reckoned[name][1]

    def _ledgers(self) -> dict[str, Ledger]:
        return {each: self._ledger(each) for each in sorted({a.currency for a in self.accounts.values()})}

    def _days(self) -> dict[str, Day]:
        found: dict[str, Day] = {}
        for line in self.lines.values():
            if line.kind == "RECEIVED":
                continue
            name = f"{line.at.date()}.{line.currency}"
            day = found.get(name) or Day(name, line.at.date(), line.currency, 0, nothing(line.currency))
            found[name] = replace(day, count=day.count + 1, volume=day.volume + abs(line.amount))
        return found

    def _ledger(self, currency: str) -> Ledger:
        totals = {kind: nothing(currency) for kind, _, _ in _MOVEMENTS.values()}
        for line in self.lines.values():
            if line.currency == currency:
                totals[line.kind] += abs(line.amount)
        balances = (each.balance for each in self.accounts.values() if each.currency == currency)
        cash, moved = totals["DEPOSIT"] - totals["WITHDRAWAL"], sum(totals.values(), nothing(currency))
        liabilities, transit = sum(balances, nothing(currency)), totals["SENT"] - totals["RECEIVED"]
        return Ledger(currency, cash, liabilities, transit, moved, moved, cash - liabilities - transit)

    def _take(self, commit: dict[str, Any]) -> None:
        self.head = commit["_id"]
        events = [
            Event(
                (self.head, index),
                commit["at"],
                each["stream"],
                each["version"],
                each["type"],
                _plain(each["data"]),
            )
            for index, each in enumerate(commit["events"])
        ]
        self.events += events
        self.commits[commit["command"]["id"]] = events
        for event in events:
            self._fold(event)

    def _fold(self, event: Event) -> None:
        self.versions[event.stream] = self.versions.get(event.stream, 0) + 1
        if event.type in _MOVEMENTS:
            self._move(event)
        elif event.stream.startswith("account-"):
            self._fold_account(event)
        elif event.stream.startswith("customer-"):
            self._fold_customer(event)

    def _move(self, event: Event) -> None:
        kind, sign, other = _MOVEMENTS[event.type]
        account, money = self.accounts[event.local], event.data["amount"]
        amount = sign * money["amount"]
        self.accounts[account.id] = replace(account, balance=account.balance + amount)
        self.lines[event.key] = Line(
            event.key,
            account.id,
            event.at,
            kind,
            amount,
            money["currency"],
            account.balance + amount,
            event.data[other] if other else None,
            event.data.get("reference"),
        )

    def _fold_account(self, event: Event) -> None:
        data, id_ = event.data, event.local
        if event.type == "AccountOpened":
            zero = nothing(data["currency"])
            self.accounts[id_] = Account(
                id_, data["customer"], data["owner_name"], "OPEN", data["currency"], zero, event.at, zero
            )
        elif event.type == "OverdraftLimitSet":
            self.accounts[id_] = replace(self.accounts[id_], overdraft_limit=data["limit"]["amount"])
        else:
            self.accounts[id_] = replace(self.accounts[id_], status=_STATUSES[event.type])

    def _fold_customer(self, event: Event) -> None:
        data, id_ = event.data, event.local
        if event.type == "CustomerRegistered":
            self.customers[id_] = Customer(id_, data["name"], data["email"], "ACTIVE", event.at)
        elif event.type == "CustomerRenamed":
            self._rename(id_, data["name"])
        elif event.type == "CustomerEmailChanged":
            self.customers[id_] = replace(self.customers[id_], email=data["email"])
        else:
            self.customers[id_] = replace(self.customers[id_], status=_STATUSES[event.type])

    def _rename(self, customer: str, name: str) -> None:
        self.customers[customer] = replace(self.customers[customer], name=name)
        for account in [each for each in self.accounts.values() if each.customer == customer]:
            self.accounts[account.id] = replace(account, owner_name=name)


def nothing(currency: str) -> Decimal:
    return Decimal(0).scaleb(-DECIMALS.get(currency, 2))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}  # pyright: ignore[reportUnknownVariableType] # whatever the log holds
    return value.to_decimal() if isinstance(value, Decimal128) else value
