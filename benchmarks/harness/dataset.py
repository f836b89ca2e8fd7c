"""The data of all contestants: 10,000 accounts in MongoDB, as Tidegate's watcher has built them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pymongo import MongoClient

from bank import application
from benchmarks.zipf import ACCOUNTS, fill
from gateway.application.reading import read
from gateway.eventlog.storage import EventLog
from gateway.runtime import opened, serving, watching
from gateway.settings import load_settings

COLLECTION = "views.accounts.1"
COMMITS = 30_000

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an account: how it is asked for, and what its answer is."""

    selection: str
    answer: Callable[[Document], object]


def _money(name: str) -> Callable[[Document], object]:
    return lambda account: {"amount": str(account[name]["amount"]), "currency": account[name]["currency"]}


def _instant(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


_INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.0+)?(?:Z|\+00:00)")

FIELDS: Mapping[str, Field] = {
    "ownerName": Field("ownerName", lambda account: account["owner_name"]),
    "status": Field("status", lambda account: account["status"]),
    "currency": Field("currency", lambda account: account["currency"]),
    "balance": Field("balance { amount currency }", _money("balance")),
    "overdraftLimit": Field("overdraftLimit { amount currency }", _money("overdraft_limit")),
    "available": Field("available { amount currency }", _money("available")),
    "openedAt": Field("openedAt", lambda account: _instant(account["opened_at"])),
}


async def prepare(uri: str, database: str) -> None:
    """The bank's log, filled, with all five read models built."""
    settings = load_settings(mongodb_uri=uri, database=database, mongodb_timeout=60.0)
    async with opened(application, settings, uri) as store:
        await fill(EventLog(store.mongo.database, read(application)), store.model, COMMITS)
        async with watching(store, settings), serving(store, settings) as services:
            for each in store.model.read_models:
                await services.positions.wait(each.name, COMMITS, 600)


class Dataset:
    """The accounts as they are in MongoDB now, and a hand on them."""

    def __init__(self, uri: str, database: str) -> None:
        self._client: MongoClient[Document] = MongoClient(
            uri, tz_aware=True, tzinfo=UTC, w="majority", journal=True, uuidRepresentation="standard"
        )
        self.database = self._client[database]
        self._views = self.database[COLLECTION]

    def close(self) -> None:
        self._client.close()

    def accounts(self) -> list[Document]:
        """All of them, in the order in which they were opened."""
        found = list(self._views.find({}, sort=[("opened_at", 1), ("_id", 1)]))
        assert len(found) == ACCOUNTS
        return found

    def rename(self, key: str, name: str) -> None:
        """Writes an account's owner's name behind everybody's back."""
        self._views.update_one({"_id": key}, {"$set": {"owner_name": name}})


def account_answer(account: Document, fields: tuple[str, ...]) -> dict[str, object]:
    """What an account's answer must say."""
    return {"id": f"Account:{account['_id']}"} | {name: FIELDS[name].answer(account) for name in fields}


def spelt_alike(text: str) -> str:
    """JSON with its instants as this module writes them: 12:00:00.000Z and 12:00:00+00:00 are 12:00:00Z."""
    return _INSTANT.sub(r"\1Z", text)
