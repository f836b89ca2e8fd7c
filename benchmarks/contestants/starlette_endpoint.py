"""A hand-written endpoint: one `find_one` a query, one `insert_one` a mutation, no GraphQL, no domain."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import orjson
from bson import Decimal128
from pymongo import AsyncMongoClient
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_CLIENT = AsyncMongoClient[dict[str, Any]](os.environ["MONGODB_URI"], tz_aware=True)
_DATABASE = _CLIENT.get_database(
    os.environ["DATABASE"], read_concern=ReadConcern("majority"), write_concern=WriteConcern("majority", j=True)
)
_ACCOUNTS = _DATABASE["views.accounts.1"]
_DEPOSITS = _DATABASE["starlette.deposits"]


async def account(request: Request) -> Response:
    found = await _ACCOUNTS.find_one({"_id": request.path_params["id"]})
    return _json(None) if found is None else _json(_answer(found))


async def deposit(request: Request) -> Response:
    given = orjson.loads(await request.body())
    amount = {"amount": Decimal128(given["amount"]), "currency": given["currency"]}
    document = {"account": request.path_params["id"], "amount": amount, "at": datetime.now(UTC)}
    inserted = await _DEPOSITS.insert_one(document)
    return _json({"id": str(inserted.inserted_id)})


def _answer(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"Account:{found['_id']}",
        "ownerName": found["owner_name"],
        "status": found["status"],
        "currency": found["currency"],
        "balance": _money(found["balance"]),
        "overdraftLimit": _money(found["overdraft_limit"]),
        "available": _money(found["available"]),
        "openedAt": found["opened_at"],
    }


def _money(found: dict[str, Any]) -> dict[str, str]:
    return {"amount": str(found["amount"]), "currency": found["currency"]}


def _json(content: object) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")


@asynccontextmanager
async def _lifespan(_: Starlette) -> AsyncGenerator[None]:
    async with _CLIENT:
        yield


app = Starlette(
    routes=[
        Route("/accounts/{id}", account),
        Route("/accounts/{id}/deposits", deposit, methods=["POST"]),
    ],
    lifespan=_lifespan,
)
