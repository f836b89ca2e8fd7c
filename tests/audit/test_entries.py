"""Every operation has its entry: what was asked, by whom, and what came of it; nothing of its content."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID, uuid4

import bson
import pytest

from gateway.api.requests import Answer, Request
from gateway.mongo.client import OPTIONS
from gateway.signing import Signer
from tests.audit.world import World, outcome, outcomes, world
from tests.support.faults import failing

pytestmark = pytest.mark.anyio

INCREASE = """mutation Grow($input: IncreaseInput!, $options: CommandOptions) {
    increase(input: $input, options: $options) {
        ... on Receipt { position commandId } ... on Rejection { code } } }"""
REACH = 'mutation { reach(input: {counterId: "Counter:one", limit: 0}) { __typename } }'
ONE = {"counterId": "Counter:one", "by": 1}
TALLIES = "query Tallies { tallies { totalCount } }"


async def test_an_accepted_command_has_its_commit_s_position(open_world: World) -> None:
    id_ = uuid4()
    variables = {"input": ONE, "options": {"commandId": str(id_)}}
    await open_world.ask(INCREASE, variables, actor="ada", correlation="c-1", causation="span-1")
    entry = await open_world.only()
    assert entry.pop("at") is not None
    assert 0 <= entry.pop("duration_ms") < 10_000
    assert entry.pop("_id")
    assert entry == {
        "kind": "COMMAND",
        "outcome": "ACCEPTED",
        "code": None,
        "actor": "ada",
        "operation": "Grow",
        "fields": ["increase"],
        "command": "Increase",
        "command_id": id_,
        "position": 1,
        "correlation_id": "c-1",
        "causation_id": "span-1",
        "dropped": None,
    }


async def test_the_id_that_was_drawn_for_an_accepted_command_is_kept(open_world: World) -> None:
    answer = await open_world.ask(INCREASE, {"input": ONE})
    assert answer.data
    assert (await open_world.only())["command_id"] == UUID(answer.data["increase"]["commandId"])


async def test_a_rejected_command_has_the_rejection_s_name(open_world: World) -> None:
    await open_world.ask(REACH)
    entry = await open_world.only()
    assert outcome(entry) == ("COMMAND", "REJECTED", "TOO_HIGH")
    assert (entry["command"], entry["position"], entry["operation"]) == ("Reach", None, None)


async def test_a_command_with_nothing_to_do_is_accepted(open_world: World) -> None:
    await open_world.ask(INCREASE, {"input": {**ONE, "by": 0}})
    assert outcome(await open_world.only()) == ("COMMAND", "ACCEPTED", None)


async def test_a_command_id_used_again_is_a_rejection(open_world: World) -> None:
    options = {"commandId": str(uuid4())}
    for by in (1, 2):
        await open_world.ask(INCREASE, {"input": {**ONE, "by": by}, "options": options})
    first, second = await open_world.trail(2)
    assert outcome(second) == ("COMMAND", "REJECTED", "COMMAND_ID_REUSED")
    assert first["command_id"] == second["command_id"] == UUID(options["commandId"])


async def test_each_command_of_an_operation_has_its_own_entry_in_their_order(open_world: World) -> None:
    one = 'increase(input: {counterId: "Counter:one", by: 1}) { __typename }'
    other = 'reach(input: {counterId: "Counter:one", limit: 0}) { __typename }'
    start = 'start(input: {counterId: "Counter:one"}) { __typename }'
    await open_world.ask(f"mutation {{ a: {one} {other} b: {one} {start} }}")
    entries = await open_world.trail(4)
    assert outcomes(entries) == [
        ("COMMAND", "ACCEPTED", None),
        ("COMMAND", "REJECTED", "TOO_HIGH"),
        ("COMMAND", "ACCEPTED", None),
        ("COMMAND", "FAILED", "COMMAND_FAILED"),
    ]
    assert [each["position"] for each in entries] == [1, None, 2, None]
    assert {tuple(each["fields"]) for each in entries} == {("increase", "reach", "start")}


async def test_a_command_whose_value_is_refused_is_not_executed(open_world: World) -> None:
    await open_world.ask(INCREASE, {"input": {**ONE, "counterId": "Ship:one"}})
    entry = await open_world.only()
    assert outcome(entry) == ("COMMAND", "REFUSED", "BAD_INPUT")
    assert entry["command"] == "Increase"


async def test_variables_that_do_not_fit_refuse_the_whole_operation(open_world: World) -> None:
    await open_world.ask(INCREASE, {"input": {"by": "many"}})
    entry = await open_world.only()
    assert outcome(entry) == ("COMMAND", "REFUSED", "BAD_INPUT")
    assert (entry["command"], entry["operation"], entry["fields"]) == (None, "Grow", ["increase"])


async def test_a_field_that_is_refused_beside_a_command_has_an_entry(open_world: World) -> None:
    text = """mutation($input: IncreaseInput = {counterId: "Counter:one", by: 1}) {
        good: increase(input: {counterId: "Counter:one", by: 1}) { __typename }
        increase(input: $input) { __typename } }"""
    await open_world.ask(text, {"input": None})
    assert outcomes(await open_world.trail(2)) == [
        ("COMMAND", "ACCEPTED", None),
        ("COMMAND", "REFUSED", "BAD_INPUT"),
    ]


async def test_a_command_that_can_not_be_committed_has_failed(mongo_uri: str, database: str) -> None:
    async with world(mongo_uri, database, command_timeout=0.5) as found:
        how = {"errorCode": 50, "namespace": f"{database}.events"}
        async with failing(mongo_uri, ["insert"], how):
            await found.ask(INCREASE, {"input": ONE})
        entry = await found.only()
    assert outcome(entry)[:2] == ("COMMAND", "FAILED")
    assert entry["code"] in ("COMMIT_UNKNOWN", "UNAVAILABLE")
    assert 400 <= entry["duration_ms"] < 10_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ nothing", ("UNKNOWN", "REFUSED", "GRAPHQL_PARSE_FAILED")),
        ("{ secretOfAda }", ("QUERY", "REFUSED", "GRAPHQL_VALIDATION_FAILED")),
        ("mutation SecretOfAda { secretOfAda }", ("COMMAND", "REFUSED", "GRAPHQL_VALIDATION_FAILED")),
        ("{ a: __typename } mutation { b: __typename x }", ("UNKNOWN", "REFUSED", "GRAPHQL_VALIDATION_FAILED")),
        ("subscription { events { cursor } }", ("SUBSCRIPTION", "REFUSED", "WEBSOCKET_ONLY")),
        ("query A { __typename } query B { __typename }", ("UNKNOWN", "REFUSED", "OPERATION_NAME_MISSING")),
    ],
)
async def test_what_is_refused_has_an_entry(open_world: World, text: str, expected: tuple[str, str, str]) -> None:
    await open_world.ask(text)
    entry = await open_world.only()
    assert outcome(entry) == expected
    assert b"ecretOfAda" not in bson.encode(entry, codec_options=OPTIONS)


async def test_a_mutation_over_get_is_refused_by_name(open_world: World) -> None:
    await open_world.ask(INCREASE, {"input": ONE}, queries_only=True)
    entry = await open_world.only()
    assert outcome(entry) == ("COMMAND", "REFUSED", "GET_IS_FOR_QUERIES")
    assert entry["operation"] == "Grow"


async def test_a_query_is_answered(open_world: World) -> None:
    await open_world.ask(TALLIES, actor="ada")
    entry = await open_world.only()
    assert outcome(entry) == ("QUERY", "ANSWERED", None)
    assert (entry["actor"], entry["operation"], entry["fields"]) == ("ada", "Tallies", ["tallies"])
    assert (entry["command"], entry["command_id"], entry["position"]) == (None, None, None)


async def test_a_query_with_a_token_has_the_token_s_position(open_world: World) -> None:
    await open_world.ask(INCREASE, {"input": ONE})
    await open_world.ask(TALLIES, after=open_world.services.signer.token(1))
    _, entry = await open_world.trail(2)
    assert (entry["kind"], entry["position"]) == ("QUERY", 1)


async def test_a_query_with_an_error_in_its_answer_has_failed(mongo_uri: str, database: str) -> None:
    async with world(mongo_uri, database, visibility_timeout=0.01) as found:
        signer: Signer = found.services.signer
        await found.ask("{ __typename tallies { totalCount } }", after=signer.token(99))
        await found.ask("{ __typename }", after="nonsense")
        entries = await found.trail(2)
    assert outcomes(entries) == [("QUERY", "FAILED", "NOT_YET_VISIBLE"), ("QUERY", "REFUSED", "BAD_TOKEN")]
    assert entries[0]["position"] == 99


async def test_the_fields_are_the_schema_s_names_each_once(open_world: World) -> None:
    text = """query($no: Boolean = false) { adas: tallies { totalCount } ...F ... on Query { t: __typename }
        again: tallies { totalCount } }
        fragment F on Query { auditTrail(first: 0) @include(if: $no) { totalCount } }"""
    await open_world.ask(text)
    assert (await open_world.only())["fields"] == ["tallies", "auditTrail", "__typename"]


async def test_the_name_of_an_operation_is_bounded(open_world: World) -> None:
    await open_world.ask(f"query {'N' * 5_000} {{ __typename }}")
    assert (await open_world.only())["operation"] == "N" * 100


async def test_a_subscription_has_an_entry_when_it_begins(open_world: World) -> None:
    stream = await follow(open_world, "subscription Follow { events { cursor } }")
    entry = await open_world.only()
    await stream.aclose()
    assert outcome(entry) == ("SUBSCRIPTION", "ANSWERED", None)
    assert (entry["operation"], entry["fields"]) == ("Follow", ["events"])


async def test_a_subscription_that_breaks_has_one_more(open_world: World) -> None:
    stream = await follow(open_world, 'subscription { events(stream: "Ship:one") { cursor } }')
    answers = [each async for each in stream]
    assert [each.refused for each in answers] == [True]
    assert outcomes(await open_world.trail(2)) == [
        ("SUBSCRIPTION", "ANSWERED", None),
        ("SUBSCRIPTION", "REFUSED", "BAD_INPUT"),
    ]


async def test_the_events_of_a_subscription_have_none(open_world: World) -> None:
    stream = await follow(open_world, "subscription { events { cursor } }")
    for _ in range(3):
        await open_world.ask(INCREASE, {"input": ONE})
        await anext(stream)
    await stream.aclose()
    assert [each["kind"] for each in await open_world.trail(4)] == ["SUBSCRIPTION", *["COMMAND"] * 3]


async def test_a_query_that_nobody_waits_for_any_more_has_an_entry(open_world: World) -> None:
    token = open_world.services.signer.token(99)
    waiting = asyncio.create_task(open_world.ask(TALLIES, after=token))
    await asyncio.wait([waiting], timeout=0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert outcome(await open_world.only()) == ("QUERY", "FAILED", "CANCELLED")


async def test_a_command_that_nobody_waits_for_any_more_has_its_outcome(open_world: World) -> None:
    waiting = asyncio.create_task(open_world.ask(INCREASE, {"input": ONE}))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await open_world.api.settle()
    assert outcome(await open_world.only()) == ("COMMAND", "ACCEPTED", None)


async def test_nothing_of_the_content_is_kept(open_world: World) -> None:
    secrets = ["ada@example.com", "4711.25", "Ada Lovelace", "local-id-of-ada"]
    input_: dict[str, Any] = {"counterId": f"Counter:{secrets[3]}", "mark": " ".join(secrets), "times": 1}
    text = "mutation M($i: MarkInput!) { ada: mark(input: $i) { ... on Rejection { message } } }"
    await open_world.ask(text, {"i": input_})
    await open_world.ask(text, {"i": {**input_, "times": 2_000_000}})
    await open_world.ask(text, {"i": {**input_, "mark": "\0" + input_["mark"]}})
    await open_world.ask(text, {"i": {**input_, "counterId": secrets[0]}})
    await open_world.ask(text, {"i": {"counterId": secrets, "mark": 4711, "times": 1}})
    await open_world.ask(f'{{ tally(id: "{secrets[2]} {secrets[0]} {secrets[1]}") {{ value }} }}')
    await open_world.ask(f'{{ tally(id: "{secrets[2]} {secrets[0]}") }}')
    await open_world.ask(f'{{ tally(id: "{secrets[2]} {secrets[0]}" ')
    await open_world.ask("query A { __typename } query B { __typename }", operation=secrets[2])
    raw = b"".join(bson.encode(each, codec_options=OPTIONS) for each in await open_world.trail(9))
    assert b"Mark" in raw
    assert [each for each in [*secrets, "ada", "Ada", "4711"] if each.encode() in raw] == []


async def test_without_days_nothing_is_kept(mongo_uri: str, database: str) -> None:
    async with world(mongo_uri, database, audit_days=0) as found:
        await found.ask(INCREASE, {"input": ONE})
        await found.ask(TALLIES)
        answer = await found.ask("{ auditTrail { totalCount nodes { id } } }")
    assert answer.data == {"auditTrail": {"totalCount": 0, "nodes": []}}
    async with world(
        mongo_uri, database, audit_days=0
    ) as found:  # whatever waited was written when the first ended
        assert await found.trail(0) == []


async def follow(world: World, text: str) -> AsyncGenerator[Answer]:
    found: Any = await world.api.subscribe(Request(text))
    return found
