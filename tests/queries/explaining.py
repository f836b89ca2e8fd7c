"""What MongoDB examined for a command, by its own account: the command is executed again, and explained."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from gateway.mongo.client import Database, Document

_OF_THE_SESSION = ("lsid", "$clusterTime", "$db", "readConcern", "maxTimeMS", "name")


@dataclass(frozen=True, slots=True)
class Cost:
    """The stages of a plan, the documents and keys that were examined, and how many came of them."""

    stages: frozenset[str]
    documents: int
    keys: int
    returned: int
    scans: int


async def explained(database: Database, command: Document) -> Cost:
    """What a `find` or an `aggregate` costs."""
    plain = {name: value for name, value in command.items() if name not in _OF_THE_SESSION}
    if "pipeline" in plain:  # of a $lookup with an $unwind behind it, only the last row would be counted
        plain["pipeline"] = [stage for stage in plain["pipeline"] if "$unwind" not in stage]
    found: Document = await database.command({"explain": plain, "verbosity": "executionStats"})
    parts = [*_dicts(found)]
    measured = [each for each in parts if "totalDocsExamined" in each]
    assert measured, found
    return Cost(
        frozenset(each["stage"] for each in parts if "stage" in each),
        sum(int(each["totalDocsExamined"]) for each in measured),
        sum(int(each["totalKeysExamined"]) for each in measured),
        max(int(each["nReturned"]) for each in parts if "nReturned" in each),
        sum(int(each.get("collectionScans", 0)) for each in parts),
    )


def _dicts(value: Any) -> Iterator[Document]:
    """Every document in a value."""
    if isinstance(value, dict):
        document = cast("Document", value)
        yield document
        yield from _dicts([*document.values()])
    elif isinstance(value, list):
        for each in cast("list[Any]", value):
            yield from _dicts(each)
