"""Which records a connection has and in which order, by plain loops: the declared access paths, read by hand."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.acceptance.books import Account, Customer, Day, Line

Read = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Listing:
    """What one read model's connections offer.

    `fields` reads what `where` and `orderBy` name, in the form in which the API gives it. `paths` says for
    fields that must be equal which order comes of itself; () is for none. A journal comes newest first.
    """

    view: str
    fields: Mapping[str, Read] = field(default_factory=dict[str, Read])
    ordered: frozenset[str] = frozenset()
    paths: Mapping[tuple[str, ...], str] = field(default_factory=dict[tuple[str, ...], str])
    journal: bool = False

    def chosen(self, records: Mapping[Any, Any], arguments: Mapping[str, Any]) -> list[Any]:
        """The keys of what a connection has for these arguments, in its order."""
        where: Mapping[str, Any] = arguments.get("where") or {}
        order_by: Mapping[str, Any] | None = arguments.get("orderBy")
        order = self._order(where, order_by)
        keys = [key for key, record in records.items() if self._fits(record, where)]
        keys.sort(key=lambda key: (self.fields[order](records[key]), key) if order else key)
        descending = order_by.get("direction") == "DESC" if order_by else self.journal
        return keys[::-1] if descending else keys

    def _order(self, where: Mapping[str, Any], order_by: Mapping[str, Any] | None) -> str | None:
        if order_by:
            first, *rest = order_by["field"].lower().split("_")
            return first + "".join(map(str.capitalize, rest))
        bounded = [name for name in where if name in self.ordered]
        return bounded[0] if bounded else self.paths.get(tuple(sorted(where)))

    def _fits(self, record: Any, where: Mapping[str, Any]) -> bool:
        for name, tests in where.items():
            value = self.fields[name](record)
            for test, wanted in tests.items():
                if not _TESTS[test](value, wanted):
                    return False
        return True


_TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda value, wanted: value == wanted,
    "in": lambda value, wanted: value in wanted,
    "gt": lambda value, wanted: value > wanted,
    "gte": lambda value, wanted: value >= wanted,
    "lt": lambda value, wanted: value < wanted,
    "lte": lambda value, wanted: value <= wanted,
    "startsWith": lambda value, wanted: value.startswith(wanted),
}


def _moment(read: Read) -> Read:
    """As text: so written, moments have the order of their texts."""
    return lambda record: read(record).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _name(customer: Customer) -> str:
    return customer.name


def _account_fields() -> dict[str, Read]:
    def customer_id(account: Account) -> str:
        return f"Customer:{account.customer}"

    return {
        "customerId": customer_id,
        "ownerName": lambda account: account.owner_name,
        "status": lambda account: account.status,
        "currency": lambda account: account.currency,
        "balance": lambda account: (account.balance, account.currency),
        "openedAt": _moment(lambda account: account.opened_at),
    }


def _line_fields() -> dict[str, Read]:
    def account_id(line: Line) -> str:
        return f"Account:{line.account}"

    return {"accountId": account_id, "kind": lambda line: line.kind, "at": _moment(lambda line: line.at)}


def _day(day: Day) -> str:
    return day.day.isoformat()


CUSTOMERS = Listing(
    "Customer",
    {
        "name": _name,
        "status": lambda customer: customer.status,
        "registeredAt": _moment(lambda customer: customer.registered_at),
    },
    frozenset({"name", "registeredAt"}),
    {("status",): "name"},
)
ACCOUNTS = Listing(
    "Account",
    _account_fields(),
    frozenset({"ownerName", "openedAt", "balance"}),
    {("customerId",): "ownerName", ("status",): "openedAt", ("currency",): "balance"},
)
LINES = Listing(
    "StatementLine",
    _line_fields(),
    frozenset({"at"}),
    {("accountId",): "at", ("accountId", "kind"): "at"},
    journal=True,
)
LEDGERS = Listing("Ledger")
DAYS = Listing(
    "DailyActivity",
    {"currency": lambda day: day.currency, "day": _day},
    frozenset({"day"}),
    {("currency",): "day"},
)
