"""What the log's order needs of a MongoDB, checked before the first write."""

from typing import Any

from pymongo.errors import OperationFailure, PyMongoError

from gateway.errors import Unavailable, Unsuitable
from gateway.mongo.client import Mongo

OLDEST, NEWEST = (6, 0), (8, 99)
"""The server versions that the log is meant for; the tests run on what the documentation names."""


async def check(mongo: Mongo) -> None:
    """Refuse a deployment on which an acknowledged commit could be lost or overtaken.

    Raises Unsuitable with what to do, Unavailable when nobody answers.
    """
    try:
        hello = await mongo.client.admin.command("hello")
        build = await mongo.client.admin.command("buildInfo")
    except PyMongoError as error:
        raise Unavailable(f"MongoDB does not answer: {_short(error)}") from None
    if hello.get("msg") == "isdbgrid":
        raise Unsuitable("This is a mongos: a sharded log has no gapless order. Point it at one replica set.")
    if "setName" not in hello:
        raise Unsuitable(
            "This is a standalone mongod: change streams and transactions need a replica set. "
            "Start it with --replSet rs0 and run rs.initiate() once; one member is enough."
        )
    version = tuple(build["versionArray"][:2])
    if not OLDEST <= version <= NEWEST:
        raise Unsuitable(f"MongoDB {build['version']} is not supported: use one from 6.0 to 8.")
    await _check_journal(mongo)


async def _check_journal(mongo: Mongo) -> None:
    try:
        reply: Any = await mongo.client.admin.command("replSetGetConfig")
    except OperationFailure:
        return  # a user without the clusterMonitor role may not ask; every write says j: true all the same
    if reply["config"].get("writeConcernMajorityJournalDefault") is False:
        raise Unsuitable(
            "This replica set acknowledges a majority before its journal is written: "
            "set writeConcernMajorityJournalDefault to true with rs.reconfig()."
        )


def _short(error: PyMongoError) -> str:
    return str(error).split(",", maxsplit=1)[0][:200]
