"""What every transport relies on: one request in, one answer or a stream of them out."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from gateway.api.requests import Answer, Request
from tests.api.sample import SIGNER, Control, sample_api

pytestmark = pytest.mark.anyio


def codes(answer: Answer) -> list[str]:
    return [each["extensions"]["code"] for each in answer.errors]


async def answers(request: Request) -> list[dict[str, Any]]:
    found = await sample_api().subscribe(request)
    assert not isinstance(found, Answer)
    return [each.document() async for each in found]


async def test_a_query_is_answered() -> None:
    assert (await sample_api().execute(Request("{ hello }"))).document() == {"data": {"hello": "world"}}


async def test_resolvers_know_who_asks_and_in_which_conversation() -> None:
    answer = await sample_api().execute(Request("{ actor correlation }", actor="ada", correlation="c-1"))
    assert answer.data == {"actor": "ada", "correlation": "c-1"}


async def test_resolvers_know_what_the_answer_must_contain() -> None:
    answer = await sample_api().execute(Request("{ after }", after=SIGNER.token(12)))
    assert answer.data == {"after": "12"}


async def test_a_token_of_another_log_is_refused() -> None:
    answer = await sample_api().execute(Request("{ hello }", after="AAAA"))
    assert answer.refused
    assert codes(answer) == ["BAD_TOKEN"]


async def test_an_answer_tells_how_fresh_the_read_models_were_that_it_used() -> None:
    answer = await sample_api().execute(Request("{ seen }"))
    assert answer.extensions == {"readModels": [{"name": "accounts", "position": "12", "lag": 0.25}]}


async def test_an_answer_that_used_no_read_model_has_no_extensions() -> None:
    assert "extensions" not in (await sample_api().execute(Request("{ hello }"))).document()


async def test_several_operations_need_a_name() -> None:
    text = "query A { hello } query B { actor }"
    assert codes(await sample_api().execute(Request(text))) == ["OPERATION_NAME_MISSING"]
    assert (await sample_api().execute(Request(text, operation="B"))).data == {"actor": "anonymous"}


async def test_several_operations_run_none_where_no_name_is_given() -> None:
    control = Control()
    text = 'mutation A { note(what: "a") } mutation B { note(what: "b") }'
    await sample_api(control).execute(Request(text))
    assert control.done == []


@pytest.mark.parametrize("text", ["{ hello }", "query A { hello } query B { hello }"])
async def test_an_unknown_operation_is_refused(text: str) -> None:
    answer = await sample_api().execute(Request(text, operation="C"))
    assert answer.refused
    assert codes(answer) == ["UNKNOWN_OPERATION"]


async def test_a_document_of_fragments_has_no_operation() -> None:
    assert (await sample_api().execute(Request("fragment F on Query { hello }"))).refused


async def test_where_only_queries_are_allowed_a_mutation_changes_nothing() -> None:
    control = Control()
    answer = await sample_api(control).execute(Request('mutation { note(what: "a") }', queries_only=True))
    assert codes(answer) == ["GET_IS_FOR_QUERIES"]
    assert control.done == []


async def test_the_mutations_of_one_operation_run_one_after_the_other() -> None:
    control = Control()
    text = 'mutation { first: note(what: "wait") second: note(what: "next") }'
    running = asyncio.create_task(sample_api(control).execute(Request(text)))
    await control.begun.wait()
    control.gate.set()
    await running
    assert control.done == ["wait", "next"]


async def test_a_mutation_outlives_whoever_waits_for_it() -> None:
    control = Control()
    api = sample_api(control)
    waiting = asyncio.create_task(api.execute(Request('mutation { note(what: "wait") }')))
    await control.begun.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert control.done == []
    control.gate.set()
    await api.settle()
    assert control.done == ["wait"]


async def test_a_document_is_read_once() -> None:
    api, text = sample_api(), "{ hello }"
    documents: Any = api._documents  # pyright: ignore[reportPrivateUsage] # the only sign of it
    assert documents.read(text) is documents.read(text)
    assert (await api.execute(Request(text))).data == (await api.execute(Request(text))).data


async def test_variables_are_kept_apart_though_their_document_is_kept() -> None:
    api, text = sample_api(), "query Double($of: Int!) { double(number: $of) }"
    doubled = [await api.execute(Request(text, {"of": each})) for each in (1, 2)]
    assert [each.data for each in doubled] == [{"double": 2}, {"double": 4}]


async def test_a_subscription_needs_a_transport_that_can_carry_it() -> None:
    answer = await sample_api().execute(Request("subscription { count }"))
    assert codes(answer) == ["WEBSOCKET_ONLY"]


async def test_a_subscription_answers_every_event() -> None:
    assert await answers(Request("subscription { count(to: 2) }")) == [
        {"data": {"count": 0}},
        {"data": {"count": 1}},
    ]


async def test_a_subscription_that_is_not_valid_is_one_refused_answer() -> None:
    answer = await sample_api().subscribe(Request("subscription { count(to: null) }"))
    assert isinstance(answer, Answer)
    assert answer.refused


async def test_a_subscription_that_can_not_begin_is_refused_by_its_first_answer() -> None:
    (only,) = await answers(Request("subscription { count(to: -1) }"))
    assert only["errors"][0]["extensions"] == {"code": "BAD_INPUT"}
    assert "data" not in only


async def test_a_query_and_a_mutation_are_one_answer_to_who_subscribes() -> None:
    for text in ("{ hello }", 'mutation { note(what: "a") }'):
        assert isinstance(await sample_api().subscribe(Request(text)), Answer)


async def test_a_stream_that_breaks_ends_with_a_refused_answer() -> None:
    first, last = await answers(Request("subscription { breaks }"))
    assert first == {"data": {"breaks": 1}}
    assert last["errors"][0]["extensions"] == {"code": "LOG_BROKEN", "position": "5"}
    assert "data" not in last


async def test_who_leaves_a_subscription_ends_it() -> None:
    control = Control()
    stream = await sample_api(control).subscribe(Request("subscription { endless }"))
    assert isinstance(stream, AsyncGenerator)
    await anext(stream)
    await stream.aclose()
    assert control.closed.is_set()


@pytest.mark.parametrize(
    ("first", "second", "later"),
    [(3, 5, 5), (5, 3, 5), (4, 4, 4), (3, None, 3), (None, 5, 5), (None, None, None)],
)
def test_of_two_tokens_the_later_one_counts(first: int | None, second: int | None, later: int | None) -> None:
    tokens = [SIGNER.token(each) if each is not None else None for each in (first, second)]
    assert sample_api().later(*tokens) == (SIGNER.token(later) if later is not None else None)


def test_of_two_tokens_an_unknown_one_is_not_lost() -> None:
    assert sample_api().later(SIGNER.token(3), "AAAA") == "AAAA"
    assert sample_api().later("AAAA", SIGNER.token(3)) == "AAAA"
