"""The secret that a log's fingerprints and unique values are keyed with: one for all its life, in every process."""

from gateway.errors import Unsuitable
from gateway.mongo.client import Database, collection
from gateway.mongo.collections import IDENTITY


async def recognise(database: Database, mark: str) -> None:
    """Note what this secret makes of the log's name, or compare it with what was noted.

    With another secret an address that is taken would look free, and a command sent again would look new. Raises
    Unsuitable.
    """
    identities = collection(database, IDENTITY)
    await identities.update_one({"_id": "log", "mark": {"$exists": False}}, {"$set": {"mark": mark}})
    if await identities.find_one({"_id": "log", "mark": mark}, {"_id": 1}) is None:
        raise Unsuitable(
            "TIDEGATE_SECRET is not the one that this log was begun with: unique values and command ids would not "
            "be recognised. Set it, or leave it out, as it was."
        )
