"""Operations that nobody would write, made from the schema: the gateway answers all of them, and stays as it is."""

import json
import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from graphql import (
    REMOVE,
    ArgumentNode,
    NullValueNode,
    ObjectFieldNode,
    ObjectValueNode,
    Visitor,
    parse,
    parse_value,
    print_ast,
    visit,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import nodes
from hypothesis_graphql import strategies as graphql_strategies

from bank import application
from gateway.api.schema import build_schema
from gateway.application.reading import read
from tests.acceptance.asking import Answer, Asker
from tests.acceptance.customers import OPEN, REGISTER
from tests.acceptance.serving import Gateway
from tests.acceptance.test_bad_input import INSIDE

SECONDS = 10.0
"""How long each of the two ways to ask goes on at most."""

EXECUTED = 0.5
"""The share of operations that are not refused as a whole, at least: the others test nothing but validation."""

MEGABYTES = 150
"""What the gateway may grow by meanwhile: caches of documents and hot states are bounded, and far below that."""


def _mostly(usual: st.SearchStrategy[str], other: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.integers(0, 99).flatmap(lambda chance: other if chance == 71 else usual)


ROUND = settings(
    max_examples=100,
    derandomize=bool(os.environ.get("CI")),
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)

TEXTS: dict[str, st.SearchStrategy[str]] = {
    "Currency": _mostly(st.sampled_from(["EUR", "USD", "JPY"]), st.text(max_size=70)),
    "Date": _mostly(st.dates().map(str), st.text(max_size=12)),
    "DateTime": _mostly(st.datetimes().map(lambda at: f"{at.isoformat()}Z"), st.text(max_size=30)),
    "Decimal": _mostly(st.decimals(-100, 10**6, places=2).map(str), st.decimals().map(str)),
    "Email": _mostly(st.sampled_from(["a@example.com", "A@example.com", "nowhere"]), st.text(max_size=330)),
    "Version": st.text(max_size=60),
    "UUID": _mostly(st.uuids().map(str), st.text(max_size=40)),
}

SCHEMA = build_schema(read(application)).as_str()

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda each: st.lists(each) | st.dictionaries(st.text(), each),
)


class Plausible(Visitor):
    """Puts ids and pages into an operation that mean something; by chance alone it would have none.

    Which ones, the value that stood there says: the same operation becomes the same one.
    """

    def enter_argument(self, node: ArgumentNode, *_: object) -> Any:
        return self._replaced(node)

    def enter_object_field(self, node: ObjectFieldNode, *_: object) -> Any:
        return self._replaced(node)

    def _replaced(self, node: Any) -> Any:
        name, chance = node.name.value, crc32(print_ast(node).encode(errors="replace"))
        if isinstance(node.value, NullValueNode):
            return None
        if name in ("after", "before", "last", "ifUnchanged"):
            return None if chance % 10 == 0 else REMOVE
        found = _value(name, chance, is_object=isinstance(node.value, ObjectValueNode))
        if found is None or chance % 20 == 0:
            return None
        return type(node)(name=node.name, value=parse_value(found))


def _value(name: str, chance: int, *, is_object: bool) -> str | None:
    """The text of a plausible value for an argument or an input field of this name."""
    kind = "Customer" if name == "customerId" else "Account"
    id_ = f'"{kind}:fuzz.{chance % 4}"'
    match name:
        case "first":
            return str(chance % 20)
        case "customerId" | "accountId" | "sourceId" | "targetId":
            return f"{{eq: {id_}}}" if is_object else id_
        case "id" | "ids" | "stream":
            known = ("Account:1", "Customer:2", "Ledger:EUR", "StatementLine:1", "Account:fuzz.1")
            return f'"{known[chance % len(known)]}"'
        case _:
            return None


@contextmanager
def bounded(gateway: Gateway) -> Generator[float]:
    """Gives the time at which it is enough; afterwards the gateway lives, and has not grown beyond measure."""
    with Asker(gateway.url) as asker:
        asker.ask("{ accounts { nodes { id } } }")
        before = _megabytes(gateway)
        yield time.monotonic() + SECONDS
        assert asker.get("/healthz").status_code == 200
    assert _megabytes(gateway) - before < MEGABYTES


@pytest.mark.parametrize("kind", ["queries", "mutations"])
def test_any_operation_of_the_schema_has_an_answer(gateway: Gateway, kind: str) -> None:
    scalars: Any = {name: texts.map(nodes.String) for name, texts in TEXTS.items()}
    made = getattr(graphql_strategies, kind)(SCHEMA, custom_scalars=scalars)
    statuses: list[int] = []
    with Asker(gateway.url) as asker, bounded(gateway) as deadline:
        _open_accounts(asker)

        @ROUND
        @given(made)
        def ask(text: str) -> None:
            if time.monotonic() < deadline:
                answer = asker.ask(print_ast(visit(parse(text), Plausible())))
                _check(answer)
                statuses.append(answer.status)

        ask()
    assert len(statuses) > 20
    assert statuses.count(200) / len(statuses) > EXECUTED


def test_any_body_has_an_answer(gateway: Gateway) -> None:
    with Asker(gateway.url) as asker, bounded(gateway) as deadline:

        @ROUND
        @given(_bodies())
        def ask(body: bytes) -> None:
            if time.monotonic() < deadline:
                _check(asker.post(body))

        ask()


def _open_accounts(asker: Asker) -> None:
    """Those that plausible operations are about; they may be there from an earlier round."""
    for number in range(4):
        customer, account = f"Customer:fuzz.{number}", f"Account:fuzz.{number}"
        email = f"gale.{number}@example.com"
        asker.ask(REGISTER, {"input": {"customerId": customer, "name": "Gale", "email": email}})
        asker.ask(OPEN, {"input": {"accountId": account, "customerId": customer, "currency": "EUR"}})


def _bodies() -> st.SearchStrategy[bytes]:
    documents = st.sampled_from(["{ __typename }", "query($id: ID!) { node(id: $id) { id } }", "{", ""])
    requests = st.fixed_dictionaries(
        {"query": documents | JSON},
        optional={
            "variables": JSON | st.fixed_dictionaries({"id": JSON}),
            "operationName": JSON,
            "extensions": JSON,
        },
    )
    return st.binary(max_size=2_000) | (requests | JSON).map(lambda value: json.dumps(value).encode())


def _check(answer: Answer) -> None:
    assert answer.status < 500, answer.text
    assert "INTERNAL" not in answer.codes, answer.text
    assert not INSIDE.search("".join(each["message"] for each in answer.errors)), answer.text


def _megabytes(gateway: Gateway) -> float:
    """The memory that the gateway's process holds."""
    pages = int(Path(f"/proc/{gateway.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
