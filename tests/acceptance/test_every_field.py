"""Every field of the schema is asked of the running bank, and every value compared with the log itself."""

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import GraphQLSchema, build_client_schema, get_introspection_query, print_schema
from pymongo import MongoClient

from tests.acceptance.asking import Asker
from tests.acceptance.books import Books
from tests.acceptance.comparing import Difference, in_schema
from tests.acceptance.probes import PROBES
from tests.acceptance.serving import serving
from tests.acceptance.story import Day
from tests.acceptance.swapped import PAIRS

NEVER = " is null"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a probe found: values that differ, or why it could not go on."""

    differences: list[Difference]
    failure: Exception | None


@pytest.fixture(scope="module")
def day(gateway_url: str, schema: GraphQLSchema, books: Books) -> Iterator[Day]:
    with Asker(gateway_url) as asker:
        yield Day(asker, schema, books)


@pytest.fixture(scope="module")
def outcomes(day: Day) -> Mapping[str, Outcome]:
    """Every probe, run once, in their order: whichever test is chosen, all of the schema was asked."""
    return {each.__name__: _run(each, day) for each in PROBES}


@pytest.mark.parametrize("probe", [each.__name__ for each in PROBES])
def test_the_answers_are_what_the_log_says(outcomes: Mapping[str, Outcome], probe: str) -> None:
    outcome = outcomes[probe]
    assert outcome.differences[:20] == []
    if outcome.failure:
        raise outcome.failure


@pytest.mark.usefixtures("outcomes")
def test_nothing_in_the_schema_is_left_unasked(day: Day) -> None:
    unasked = in_schema(day.schema) - day.comparison.covered
    assert sorted(each for each in unasked if not _never_so(each, day)) == []


def test_the_running_gateway_tells_the_schema_that_is_asked_for(day: Day) -> None:
    introspection: Any = day.asker.ask(get_introspection_query(specified_by_url=True)).data
    told = build_client_schema(introspection)
    assert _outline(told) == _outline(day.schema)


def test_a_derivation_that_swaps_fields_is_found_out(
    mongo: MongoClient[dict[str, Any]], mongo_uri: str, database: str, schema: GraphQLSchema
) -> None:
    program = (sys.executable, "-m", "tests.acceptance.swapped")
    with (
        serving("--demo", program=program, mongodb_uri=mongo_uri, database=database) as gateway,
        Asker(gateway.url) as asker,
    ):
        day = Day(asker, schema, Books(mongo, database))
        outcomes = [_run(each, day) for each in PROBES]
    assert [each.failure for each in outcomes if each.failure] == []
    found = {_field(each) for outcome in outcomes for each in outcome.differences}
    assert found == {f"{type_}.{_camel(name)}" for type_, names in PAIRS.items() for name in names}


def _run(probe: Callable[[Day], None], day: Day) -> Outcome:
    before = len(day.comparison.differences)
    try:
        probe(day)
    except Exception as failure:
        return Outcome(day.comparison.differences[before:], failure)
    return Outcome(day.comparison.differences[before:], None)


def _field(difference: Difference) -> str:
    """The field that is wrong: an amount is the one that it belongs to."""
    return [str(each) for each in difference.path if isinstance(each, str) and not each.startswith("Money.")][-1]


def _never_so(name: str, day: Day) -> bool:
    """What the schema allows and this bank has no case of: with 10,000 views, and a `path` where the
    rejection's own data settles whether there is one."""
    if name.endswith("Connection.totalCount is null"):
        return True
    type_, _, field = name.removesuffix(NEVER).partition(".")
    seen = {f"{type_}.path", f"{type_}.path{NEVER}"} & day.comparison.covered
    return field == "path" and bool(seen)


def _outline(schema: GraphQLSchema) -> list[str]:
    """The schema without its directives, which introspection does not tell where they are applied."""
    lines = print_schema(schema).splitlines()
    return sorted(line.split(" @semanticNonNull")[0] for line in lines if not line.startswith("directive"))


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))
