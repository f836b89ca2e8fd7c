"""What somebody would write by hand to fill the bank's five read models once: decode, fold, write; no more.

It knows the bank by heart, keeps every view in memory, and is of no use if it is interrupted.
"""

from collections.abc import Mapping
from typing import Any

from bson import Int64
from pymongo import MongoClient
from pymongo.database import Database

from bank import application
from domain.account import events as account_events
from domain.customer.events import CustomerId, CustomerRegistered, CustomerRenamed
from gateway.application.reading import read
from gateway.mongo.client import MAJORITY, OPTIONS, SAFE
from gateway.mongo.codec import decoder, encoder
from gateway.mongo.paths import index_keys
from readmodels import accounts, customers, daily_activity, ledger, statement

_LINES = 2_000
_MODELS = read(application).read_models

_OPENED = account_events.AccountOpened
_MOVEMENTS = (
    account_events.MoneyDeposited,
    account_events.MoneyWithdrawn,
    account_events.MoneySent,
    account_events.MoneyReceived,
)
_COUNTED = _MOVEMENTS[:3]
_DECODERS = {each.__name__: decoder(each) for each in (*_MOVEMENTS, _OPENED, CustomerRegistered, CustomerRenamed)}


class Views:
    """The five read models in memory, and the statement's lines that wait to be written."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        self._database = database
        self.customers: dict[Any, Any] = {}
        self.accounts: dict[Any, Any] = {}
        self.owned: dict[CustomerId, list[Any]] = {}
        self.last: dict[Any, Any] = {}
        self.ledgers: dict[Any, Any] = {}
        self.days: dict[Any, Any] = {}
        self.lines: list[dict[str, Any]] = []

    def fold(self, commit: Mapping[str, Any]) -> None:
        at, first = commit["at"], commit["_id"] * 1_000
        for index, stored in enumerate(commit["events"]):
            event = _DECODERS[stored["type"]](stored["data"])
            if isinstance(event, CustomerRegistered | CustomerRenamed):
                self.customers[event.customer] = customers.project(self.customers.get(event.customer), event, at)
                if isinstance(event, CustomerRenamed):
                    for each in self.owned.get(event.customer, ()):
                        self.accounts[each] = accounts.project(self.accounts[each], event, at)
                continue
            account = event.account
            self.accounts[account] = accounts.project(self.accounts.get(account), event, at)
            if isinstance(event, _OPENED):
                self.owned.setdefault(event.customer, []).append(account)
            else:
                line = self.last[account] = statement.append(self.last.get(account), event, at)
                self.lines.append({"_id": Int64(first + index), **_LINE(line)})
            currency = ledger.key(event)
            self.ledgers[currency] = ledger.project(self.ledgers.get(currency), event)
            if isinstance(event, _COUNTED):
                day = daily_activity.key(event, at)
                self.days[day] = daily_activity.project(self.days.get(day), event, at)

    def write_lines(self) -> None:
        if self.lines:
            self._into("statement").insert_many(self.lines, ordered=False)
            self.lines = []

    def write(self) -> None:
        self.write_lines()
        for name, views, encode in (
            ("customers", self.customers, encoder(customers.Customer, "customer")),
            ("accounts", self.accounts, encoder(accounts.Account, "account")),
            ("ledgers", self.ledgers, encoder(ledger.Ledger, "currency")),
            ("daily_activities", self.days, encoder(daily_activity.DailyActivity, "activity")),
        ):
            self._into(name).insert_many([encode(each) for each in views.values()], ordered=False)

    def _into(self, name: str) -> Any:
        return self._database.get_collection(f"hand.{name}", OPTIONS, write_concern=SAFE)

    def clear(self) -> None:
        for model in _MODELS:
            self._into(model.name).drop()

    def index(self) -> None:
        """The indexes of the declared access paths; they cost least when the views are there."""
        for model in _MODELS:
            for path in model.paths:
                self._into(model.name).create_index(index_keys(path, model.key_field, model.journal))


_LINE = encoder(statement.StatementLine)


def build(uri: str, database: str) -> int:
    """Fill the collections; how many commits there were."""
    with MongoClient[dict[str, Any]](uri, tz_aware=True, uuidRepresentation="standard") as client:
        views, count = Views(client[database]), 0
        views.clear()
        events = client[database].get_collection("events", OPTIONS, read_concern=MAJORITY)
        for commit in events.find({}, sort=[("_id", 1)], batch_size=_LINES):
            views.fold(commit)
            count += 1
            if len(views.lines) >= _LINES:
                views.write_lines()
        views.write()
        views.index()
    return count
