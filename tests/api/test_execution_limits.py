"""What one document may ask for."""

import gc
import time
from collections.abc import Generator
from contextlib import contextmanager
from itertools import pairwise

import pytest
from graphql import get_introspection_query

from gateway.api.limits import Limits
from gateway.api.requests import Answer, Request
from tests.api.sample import sample_api

pytestmark = pytest.mark.anyio


def nested(levels: int, field: str = "same") -> str:
    return "{ thing " + f"{{ {field} " * levels + "{ name }" + " }" * levels + " }"


def spread(levels: int, last: str) -> str:
    """Two list fields in each of many fragments: doubled by every level, without any alias."""
    names = [f"F{each}" for each in range(levels)]
    each = [f"fragment {name} on Thing{{left{{...{below}}}right{{...{below}}}}}" for name, below in pairwise(names)]
    return "".join(["{thing{...F0}}", *each, f"fragment {names[-1]} on Thing{{{last}}}"])


async def refused(text: str, limits: Limits | None = None) -> str | None:
    """The limit that refuses a document, which must not take long."""
    api = sample_api(limits=limits)
    with collecting_nothing():
        begun = time.thread_time()
        answer = await api.execute(Request(text))
        assert time.thread_time() - begun < 0.25
    return limit(answer)


@contextmanager
def collecting_nothing() -> Generator[None]:
    """What other tests have left to be collected is not what a document costs."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def limit(answer: Answer) -> str | None:
    found = [each["extensions"].get("limit") for each in answer.errors]
    assert answer.refused or not found
    return found[0] if found else None


@pytest.mark.parametrize(
    ("text", "by"),
    [
        ("{ hello }" + " " * 15_000, "characters"),
        ("{ length(text: [" + "[" * 20_000 + "]" * 20_000 + "]) }", "characters"),
        ("{ " + "hello " * 2_000 + "}", "tokens"),
        ("#\n" * 5_000 + "{ hello }", "tokens"),
        ("{hello} " * 700, "tokens"),
        ("{thing" + "{same" * 2_000 + "{name}" + "}" * 2_001, "tokens"),
        ("{ length(text: " + "[" * 500 + "]" * 500 + ") }", "tokens"),
        (nested(16), "depth"),
        (nested(100), "depth"),
        ("{ " + " ".join(f"a{each}: hello" for each in range(31)) + " }", "aliases"),
        ("{ thing { " + " ".join(f"a{each}: name" for each in range(31)) + " } }", "aliases"),
        ("{ hello " + "@skip(if: false) " * 51 + "}", "directives"),
        ("query Q " + "@a " * 51 + "{ hello }", "directives"),
        ("{ " + "hello " * 21 + "}", "root_fields"),
        ("{ ...F ...F ...F } fragment F on Query { " + "hello " * 7 + "}", "root_fields"),
        ("mutation { " + 'note(what: "a") ' * 11 + "}", "root_mutations"),
        ("{ thing { " + "name " * 1_900 + "} }", "repeated"),
        ("{ things(first: 500) { nodes { things(first: 500) { nodes { name } } } } }", "cost"),
        ("{ nodes(ids: [" + '"a" ' * 400 + "]) { things(first: 100) { nodes { name } } } }", "cost"),
        ("{ thing " + "{ left " * 14 + "{ name }" + " }" * 14 + " }", "cost"),
        (spread(14, "name"), "cost"),
        (spread(60, "name"), "depth"),
        ("{thing{" + "...F " * 450 + "}} fragment F on Thing{" + "same{name} " * 240 + "}", "cost"),
        (spread(12, "left { name } right { name }"), "cost"),
    ],
)
async def test_too_much_is_refused_and_at_once(text: str, by: str) -> None:
    assert await refused(text) == by


async def test_the_short_query_that_takes_seconds_is_refused_before_it_does() -> None:
    text = spread(12, "name")
    assert len(text) < 700
    api = sample_api()
    with collecting_nothing():
        begun = time.thread_time()
        assert limit(await api.execute(Request(text))) == "cost"
        assert time.thread_time() - begun < 0.1


@pytest.mark.parametrize(
    "text",
    [
        nested(14),
        "{ " + " ".join(f"a{each}: hello" for each in range(20)) + " }",
        "{ things(first: 500) { nodes { name things(first: 10) { nodes { name } } } } }",
        "{ things { nodes { things { nodes { name } } } } }",
        "mutation { " + 'note(what: "a") ' * 10 + "}",
    ],
)
async def test_what_people_ask_is_answered(text: str) -> None:
    assert await refused(text) is None


async def test_a_refusal_says_what_and_how_much() -> None:
    (error,) = (await sample_api().execute(Request(nested(16)))).errors
    assert error["message"] == "This asks for too much: fields are nested 16 deep at most."
    assert error["extensions"] == {"code": "QUERY_TOO_COMPLEX", "limit": "depth", "allowed": 16}


PAGES = "query Q($n: Int) { things(first: $n) { nodes { things(first: $n) { nodes { name } } } } }"


SIZES = [(5, None), (5.0, None), (100, None), (200, "cost"), (200.0, "cost"), (2**31 - 1, "cost"), (None, None)]


@pytest.mark.parametrize(("size", "by"), SIZES)
async def test_pages_in_variables_count_with_each_request(size: float | None, by: str | None) -> None:
    api = sample_api()
    assert limit(await api.execute(Request(PAGES, {"n": 2}))) is None
    assert limit(await api.execute(Request(PAGES, {"n": size}))) == by


async def test_a_page_of_thousands_of_digits_is_no_int() -> None:
    answer = await sample_api().execute(Request("{ things(first: " + "1" * 5_000 + ") { nodes { name } } }"))
    assert [each["extensions"]["code"] for each in answer.errors] == ["GRAPHQL_VALIDATION_FAILED"]


async def test_a_variable_s_default_counts_as_well() -> None:
    assert await refused(PAGES.replace("$n: Int)", "$n: Int = 400)")) == "cost"


async def test_a_list_in_a_variable_counts_by_its_length() -> None:
    api, text = sample_api(), "query Q($ids: [ID!]!) { nodes(ids: $ids) { things(first: 100) { nodes { name } } } }"
    assert limit(await api.execute(Request(text, {"ids": ["a"] * 400}))) == "cost"
    assert limit(await api.execute(Request(text, {"ids": ["a"]}))) is None


async def test_a_page_beyond_the_largest_is_not_a_matter_of_cost() -> None:
    assert await refused("{ things(first: 2147483647) { nodes { name } } }") is None


@pytest.mark.parametrize(
    "text",
    [
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
        "{ ...A } fragment A on Query { thing { ...A } }",
        "{ thing { ...A } } fragment A on Thing { left { ...A } right { ...A } }",
        "{ hello } fragment A on Query { ...A }",
        "{ ...A } fragment A on Nothing { ...A }",
    ],
)
async def test_circles_of_fragments_are_refused_by_name(text: str) -> None:
    answer = await sample_api().execute(Request(text))
    assert {each["extensions"]["code"] for each in answer.errors} == {"GRAPHQL_VALIDATION_FAILED"}


@pytest.mark.parametrize("input_deprecation", [True, False])
async def test_tools_may_ask_for_the_whole_schema(input_deprecation: bool) -> None:
    text = get_introspection_query(
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=input_deprecation,
        type_depth=13,
    )
    assert await refused(text) is None


async def test_introspection_in_a_circle_is_refused() -> None:
    text = "{ __schema { types " + "{ fields { type " * 10 + "{ name }" + " } }" * 10 + " } }"
    answer = await sample_api().execute(Request(text))
    assert answer.refused


async def test_only_so_many_documents_are_kept() -> None:
    api = sample_api()
    documents = api._documents  # pyright: ignore[reportPrivateUsage] # what it keeps shows nowhere else
    documents._most, documents._most_characters = 3, 100  # pyright: ignore[reportPrivateUsage] # small, to be seen
    kept = documents._kept  # pyright: ignore[reportPrivateUsage] # the same
    for each in range(5):
        await api.execute(Request(f"query Q{each} {{ hello }}"))
    assert list(kept) == [f"query Q{each} {{ hello }}" for each in (2, 3, 4)]
    await api.execute(Request("{ hello }" + " " * 80))
    assert sum(map(len, kept)) <= 100


async def test_documents_that_are_refused_are_not_kept() -> None:
    api = sample_api()
    for text in ("{", "{ nothing }", nested(30)):
        await api.execute(Request(text))
    assert not api._documents._kept  # pyright: ignore[reportPrivateUsage] # what it keeps shows nowhere else
