"""A figure counts only if the answers were right, read after they were asked for, and every write is there."""

import asyncio
import http.client
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from benchmarks.harness.dataset import Dataset, Document, spelt_alike
from benchmarks.harness.load import Request
from benchmarks.harness.operations import Asked

_PROBES: Final = 50
_AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Client:
    """One connection to a server."""

    connection: http.client.HTTPConnection

    def ask(self, request: Request) -> str:
        headers = {"content-type": "application/json"}
        self.connection.request(request.method, request.path, request.body or None, headers)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        if answer.status != 200:
            raise SystemExit(f"A contestant answered {answer.status}: {text[:500]}")
        return text


def client(address: str) -> Client:
    return Client(http.client.HTTPConnection(address.removeprefix("http://"), timeout=30))


def data_of(text: str) -> str:
    """The text of an answer's data, as load.lua cuts it out: the whole of it where it is no GraphQL."""
    if not text.startswith('{"data":'):
        return text
    end = text.rfind(',"extensions":{')
    return text[len('{"data":') : end if end != -1 else -1]


def right_answers(address: str, asked: Sequence[Asked]) -> list[str]:
    """The data of all answers, each of which says what MongoDB holds. Ends the run where one does not."""
    asking, found = client(address), list[str]()
    for each in asked:
        text = asking.ask(each.request)
        found.append(data_of(text))
        if orjson.loads(spelt_alike(found[-1])) != each.answer:
            raise SystemExit(f"A contestant's answer is wrong: {text[:1_000]}\nIt should be: {each.answer}")
    asking.connection.close()
    return found


async def reads_again(address: str, asked: Sequence[Asked], dataset: Dataset) -> None:
    """Every answer was read after its request came in: a document changed behind the server shows at once.

    It is meant to run while the server is under load, so that a reader that shares reads has some to share.
    """
    names = [each for each in asked if b"ownerName" in each.request.body or each.request.method == "GET"]
    await asyncio.to_thread(_probe, client(address), names[:_PROBES], dataset)


def _probe(asking: Client, asked: Sequence[Asked], dataset: Dataset) -> None:
    for number, each in enumerate(asked):
        answer: Any = each.answer
        account = answer.get("account", answer)
        key, name = account["id"].removeprefix("Account:"), f"Probe {number}"
        dataset.rename(key, name)
        if f'"{name}"' not in asking.ask(each.request):
            raise SystemExit("A contestant answered from before the request: it keeps data.")
        dataset.rename(key, account["ownerName"])
    asking.connection.close()


def all_there(dataset: Dataset, collection: str, field: str, ids: Sequence[Any]) -> None:
    """Every acknowledged write is in the database, each once. Ends the run where one is missing."""
    if len({*ids}) != len(ids):
        raise SystemExit(f"{len(ids) - len({*ids}):,} writes were acknowledged twice.")
    found = 0
    for start in range(0, len(ids), _AT_ONCE):
        wanted: Document = {field: {"$in": list(ids[start : start + _AT_ONCE])}}
        found += dataset.database[collection].count_documents(wanted)
    if found != len(ids):
        raise SystemExit(f"{len(ids) - found:,} of {len(ids):,} acknowledged writes are not in {collection}.")
