"""The bank's accounts as Strawberry serves them, with its parser and validation caches, on MongoDB. No domain."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Self

import strawberry
from pymongo import AsyncMongoClient
from pymongo.read_concern import ReadConcern
from starlette.applications import Starlette
from starlette.routing import Route
from strawberry.asgi import GraphQL
from strawberry.extensions import ParserCache, ValidationCache

_CLIENT = AsyncMongoClient[dict[str, Any]](os.environ["MONGODB_URI"], tz_aware=True)
_DATABASE = _CLIENT.get_database(os.environ["DATABASE"], read_concern=ReadConcern("majority"))
_ACCOUNTS = _DATABASE["views.accounts.1"]


@strawberry.type
class Money:
    amount: str
    currency: str

    @classmethod
    def of(cls, found: dict[str, Any]) -> Self:
        return cls(amount=str(found["amount"]), currency=found["currency"])


@strawberry.type
class Account:
    id: strawberry.ID
    owner_name: str
    status: str
    currency: str
    balance: Money
    overdraft_limit: Money
    available: Money
    opened_at: str

    @classmethod
    def of(cls, found: dict[str, Any]) -> Self:
        return cls(
            id=strawberry.ID(f"Account:{found['_id']}"),
            owner_name=found["owner_name"],
            status=found["status"],
            currency=found["currency"],
            balance=Money.of(found["balance"]),
            overdraft_limit=Money.of(found["overdraft_limit"]),
            available=Money.of(found["available"]),
            opened_at=found["opened_at"].isoformat(),
        )


@strawberry.type
class PageInfo:
    has_next_page: bool


@strawberry.type
class AccountConnection:
    nodes: list[Account]
    page_info: PageInfo


@strawberry.type
class Query:
    @strawberry.field
    async def account(self, id: strawberry.ID) -> Account | None:
        found = await _ACCOUNTS.find_one({"_id": id.removeprefix("Account:")})
        return None if found is None else Account.of(found)

    @strawberry.field
    async def accounts(self, first: int, opened_from: str) -> AccountConnection:
        start = {"opened_at": {"$gte": datetime.fromisoformat(opened_from)}}
        cursor = _ACCOUNTS.find(start, sort=[("opened_at", 1), ("_id", 1)], limit=first + 1)
        found = await cursor.to_list(None)
        nodes = [Account.of(each) for each in found[:first]]
        return AccountConnection(nodes=nodes, page_info=PageInfo(has_next_page=len(found) > first))


schema = strawberry.Schema(Query, extensions=[ParserCache, ValidationCache])


@asynccontextmanager
async def _lifespan(_: Starlette) -> AsyncGenerator[None]:
    async with _CLIENT:
        yield


app = Starlette(routes=[Route("/graphql", GraphQL[None, None](schema))], lifespan=_lifespan)
