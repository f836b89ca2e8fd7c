"""Which edition of each read model questions are answered from: one document a read model, always replaced whole.

An edition is a read model in one version and one shape, with collections and a checkpoint of its own.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from pymongo.errors import DuplicateKeyError

from gateway.mongo.checkpoints import Checkpoint, checkpoint_of
from gateway.mongo.client import Database, collection, settle
from gateway.mongo.collections import CHECKPOINTS, CODES, LIVE
from gateway.mongo.past import past_names
from gateway.mongo.transactions import transact


@dataclass(frozen=True, slots=True)
class Live:
    """The edition of a read model that is asked, by its checkpoint's id.

    `past` are those that were asked before, the latest last: none of them becomes live again by itself.
    """

    read_model: str
    edition: str
    version: int
    shape: str | None
    past: tuple[str, ...] = ()

    def then(self, checkpoint: Checkpoint) -> "Live":
        """What follows when another edition becomes live."""
        past = [each for each in (*self.past, self.edition) if each != checkpoint.id]
        return replace(live(checkpoint), past=tuple(past))


class Moved(Exception):
    """Somebody else switched meanwhile, or the edition to switch to is behind the live one."""


def live(checkpoint: Checkpoint) -> Live:
    """What is said of an edition that is the first to be live."""
    return Live(checkpoint.read_model, checkpoint.id, checkpoint.version, checkpoint.shape)


def live_of(document: Mapping[str, Any]) -> Live:
    past = tuple(document["past"])
    return Live(document["_id"], document["edition"], document["version"], document["shape"], past)


class Lives:
    """Which editions are live, in MongoDB. Everything raises PyMongoError."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._live = collection(database, LIVE)
        self._checkpoints = collection(database, CHECKPOINTS)

    async def all(self) -> dict[str, Live]:
        """By read model."""
        return {each["_id"]: live_of(each) for each in await self._live.find({}).to_list(None)}

    async def editions(self, read_model: str | None = None) -> list[Checkpoint]:
        """The checkpoints of all editions, or of one read model's."""
        query = {} if read_model is None else {"read_model": read_model}
        return [checkpoint_of(each) for each in await self._checkpoints.find(query, {"touched": 0}).to_list(None)]

    async def begin(self, first: Live) -> None:
        """Make an edition live where none is."""
        with suppress(DuplicateKeyError):
            await self._live.insert_one(_document(first))

    async def switch(self, before: Live, after: Live) -> None:
        """Make another edition live, for everybody at once.

        Raises Moved unless `before` still is, and unless the other edition has come as far as that one.
        """

        async def body(session: Any) -> None:
            both = {"_id": {"$in": [before.edition, after.edition]}}
            found = await self._checkpoints.find(both, {"position": 1}, session=session).to_list(None)
            reached = {each["_id"]: each["position"] for each in found}
            if after.edition not in reached or reached[after.edition] < reached.get(before.edition, 0):
                raise Moved
            unmoved = {"_id": before.read_model, "edition": before.edition}
            result = await self._live.replace_one(unmoved, _document(after), session=session)
            if not result.matched_count:
                raise Moved

        session: Any = await settle(self._database.client.start_session())
        try:
            await transact(self._database, session, body)
        finally:
            await settle(session.end_session())

    async def forget(self, before: Live, editions: tuple[str, ...]) -> None:
        """Take past editions away: their checkpoints and their views."""
        kept = tuple(each for each in before.past if each not in editions)
        result = await self._live.replace_one(
            {"_id": before.read_model, "edition": before.edition, "past": list(before.past)},
            _document(replace(before, past=kept)),
        )
        if result.matched_count:
            for each in editions:
                await self.drop(each)

    async def drop(self, edition: str) -> None:
        """The checkpoint first: views without one are never built on."""
        await self._checkpoints.delete_one({"_id": edition})
        await collection(self._database, CODES).delete_one({"_id": edition})
        for name in (f"views.{edition}", f"views.{edition}.last", *past_names(edition)):
            await collection(self._database, name).drop()


def _document(live_: Live) -> dict[str, Any]:
    return {
        "_id": live_.read_model,
        "edition": live_.edition,
        "version": live_.version,
        "shape": live_.shape,
        "past": list(live_.past),
    }
