"""Parked views, asked for every field: one is written by hand, for no fold of the bank raises."""

from datetime import UTC, datetime
from typing import Any

from bson import Int64
from bson.codec_options import CodecOptions

from tests.acceptance.comparing import Thing
from tests.acceptance.expected import moment
from tests.acceptance.operations import everything, field_of
from tests.acceptance.serving import eventually
from tests.acceptance.story import Day

KEY = "nobody"


def parked_views(day: Day) -> None:
    """A view that does not exist is parked, told, and parked no longer."""
    text = field_of(day.schema, "query", "parkedViews", everything(day.schema, "ParkedView", 1))
    documents = _Documents(day)
    at = documents.park()
    try:
        eventually(lambda: bool(_told(day, text, {})), "it is told")
        thing: Thing = {
            "__typename": "ParkedView",
            "readModel": "accounts",
            "key": f"Account:{KEY}",
            "position": "3",
            "event": "AccountOpened",
            "error": "ValueError",
            "at": moment(at),
            "waiting": 1,
        }
        for asked in ({}, {"readModel": "accounts"}, {"first": 5}):
            day.compare(text, asked, day.asker.ask(text, asked).data, {"parkedViews": lambda _: [thing]})
        assert _told(day, text, {"readModel": "customers"}) == []
    finally:
        documents.release()
    eventually(lambda: not _told(day, text, {}), "it is told no longer")


def _told(day: Day, text: str, asked: dict[str, Any]) -> list[Any]:
    return day.asker.ask(text, asked).data["parkedViews"]


class _Documents:
    """What is parked, as a watcher writes it down; the one that runs takes it from there."""

    def __init__(self, day: Day) -> None:
        options: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True, uuid_representation=4)
        self._database = day.books.client.get_database(day.books.database, options)

    def park(self) -> datetime:
        at = datetime(2026, 1, 31, 12, tzinfo=UTC)
        key = {"of": "accounts.1", "key": KEY, "place": Int64(3_000)}
        told = {"name": KEY, "event": "AccountOpened", "error": "ValueError", "trace": "", "at": at}
        self._database["parked"].insert_one({"_id": {"of": "accounts.1", "key": KEY}, **key, **told})
        self._database["parked_events"].insert_one(key)
        self._checkpoint({"revision": 1, "count": 1, "named": [{"key": KEY, "position": Int64(3)}]})
        return at

    def release(self) -> None:
        self._database["parked"].delete_many({"of": "accounts.1"})
        self._database["parked_events"].delete_many({"of": "accounts.1"})
        self._checkpoint(None)

    def _checkpoint(self, parked: dict[str, Any] | None) -> None:
        self._database["checkpoints"].update_one({"_id": "accounts.1"}, {"$set": {"parked": parked}})
