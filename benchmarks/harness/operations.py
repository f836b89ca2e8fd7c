"""Fifty different operations in rotation, over keys that are used as unevenly as in life."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, combinations, islice
from typing import Any

import orjson

from benchmarks.harness.dataset import FIELDS, Document, account_answer
from benchmarks.harness.load import Request
from benchmarks.zipf import ACCOUNTS

OPERATIONS = 50
PAGE = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, and the data that its answer must have; None where only its id counts."""

    request: Request
    answer: object = None


def keys(count: int, seed: int = 11) -> list[int]:
    """Numbers of accounts, Zipf-distributed: the n-th is drawn 1/n as often as the first."""
    weights = list(accumulate(1 / (rank + 1) for rank in range(ACCOUNTS)))
    return random.Random(seed).choices(range(ACCOUNTS), cum_weights=weights, k=count)


def selections(size: int) -> list[tuple[str, ...]]:
    """Fifty different selections of so many fields: sets of them, and the same ones in another order."""
    sets = list(combinations(FIELDS, size))
    turned = (each[turn:] + each[:turn] for turn in range(size) for each in sets)
    return list(islice(turned, OPERATIONS))


def by_id(accounts: Sequence[Document], count: int) -> list[Asked]:
    """`account(id:)` with four fields and the id."""
    fields, documents = selections(4), _by_number(accounts)
    return [_by_id(number, fields[number % OPERATIONS], documents[key]) for number, key in enumerate(keys(count))]


def _by_id(number: int, fields: tuple[str, ...], account: Document) -> Asked:
    query = f"query ById{number % OPERATIONS}($id: ID!) {{ account(id: $id) {{ id {_selected(fields)} }} }}"
    answer = account_answer(account, fields)
    return Asked(_graphql(query, {"id": answer["id"]}), {"account": answer})


def plain_by_id(accounts: Sequence[Document], count: int) -> list[Asked]:
    """The same accounts from an endpoint that is no GraphQL: it answers the whole account."""
    documents, every = _by_number(accounts), tuple(FIELDS)
    found = (documents[key] for key in keys(count))
    return [Asked(Request("GET", f"/accounts/{each['_id']}"), account_answer(each, every)) for each in found]


def connections(accounts: Sequence[Document], count: int, filtered: str) -> list[Asked]:
    """A page of a hundred with six fields from some instant on; `filtered` is how a server is told the instant."""
    fields, last = selections(5), len(accounts) - PAGE - 1
    starts = (min(key, last) for key in keys(count))
    return [
        _connection(fields[number % OPERATIONS], number % OPERATIONS, accounts[start:], filtered)
        for number, start in enumerate(starts)
    ]


def _connection(fields: tuple[str, ...], operation: int, accounts: Sequence[Document], filtered: str) -> Asked:
    query = (
        f"query Page{operation}($from: {'DateTime' if 'where' in filtered else 'String'}!) "
        f"{{ accounts(first: {PAGE}, {filtered}) "
        f"{{ nodes {{ id {_selected(fields)} }} pageInfo {{ hasNextPage }} }} }}"
    )
    nodes = [account_answer(each, fields) for each in accounts[:PAGE]]
    start = accounts[0]["opened_at"].isoformat().replace("+00:00", "Z")
    return Asked(
        _graphql(query, {"from": start}), {"accounts": {"nodes": nodes, "pageInfo": {"hasNextPage": True}}}
    )


def deposits(spread: Sequence[int], accepted: str) -> list[Asked]:
    """`depositMoney` to these accounts; `accepted` selects the id of an accepted one, aliased to `id`."""
    return [Asked(_deposit(number % OPERATIONS, key, accepted)) for number, key in enumerate(spread)]


def _deposit(operation: int, key: int, accepted: str) -> Request:
    query = (
        f"mutation Deposit{operation}($account: ID!, $amount: MoneyInput!) "
        f"{{ depositMoney(input: {{accountId: $account, amount: $amount}}) {{ {accepted} }} }}"
    )
    amount = {"amount": f"{operation + 1}.00", "currency": "EUR"}
    return _graphql(query, {"account": f"Account:a{key}", "amount": amount})


def plain_deposits(spread: Sequence[int]) -> list[Asked]:
    """The same deposits to an endpoint that is no GraphQL."""
    return [
        Asked(Request("POST", f"/accounts/a{key}/deposits", orjson.dumps({"amount": "1.00", "currency": "EUR"})))
        for key in spread
    ]


def _graphql(query: str, variables: dict[str, Any]) -> Request:
    return Request("POST", "/graphql", orjson.dumps({"query": query, "variables": variables}))


def _selected(fields: tuple[str, ...]) -> str:
    return " ".join(FIELDS[name].selection for name in fields)


def _by_number(accounts: Sequence[Document]) -> dict[int, Document]:
    return {int(each["_id"][1:]): each for each in accounts}
