"""What a client may read of what went wrong."""

import logging
from typing import Any

import pytest

from gateway import errors
from gateway.api.errors import describe_exception
from gateway.api.requests import Answer, Request
from tests.api.sample import COMMAND, FAILURES, SECRET, sample_api

pytestmark = pytest.mark.anyio


async def ask(document: str, **variables: Any) -> Answer:
    return await sample_api().execute(Request(document, variables))


async def error(document: str, **variables: Any) -> dict[str, Any]:
    (only,) = (await ask(document, **variables)).errors
    return dict(only)


@pytest.mark.parametrize("how", sorted(FAILURES))
async def test_no_error_tells_of_the_inside(how: str) -> None:
    assert SECRET not in str((await ask("query F($how: String!) { fail(how: $how) }", how=how)).document())


@pytest.mark.parametrize(
    ("how", "extensions"),
    [
        (
            "late",
            {
                "code": "NOT_YET_VISIBLE",
                "readModel": "accounts",
                "wanted": "9007199254740993",
                "reached": "3",
                "retryable": True,
            },
        ),
        ("unavailable", {"code": "UNAVAILABLE", "retryable": True}),
        ("unknown", {"code": "COMMIT_UNKNOWN", "commandId": str(COMMAND), "retryable": True}),
        ("failed", {"code": "COMMAND_FAILED"}),
        ("stopped", {"code": "READ_MODEL_STOPPED", "readModel": "accounts", "reached": "5"}),
        ("unbuilt", {"code": "READ_MODEL_NOT_BUILT", "readModel": "accounts", "retryable": True}),
        ("broken", {"code": "LOG_BROKEN", "position": "5"}),
    ],
)
async def test_what_the_gateway_raises_on_purpose_has_a_code_and_its_data(
    how: str, extensions: dict[str, Any]
) -> None:
    assert (await error("query F($how: String!) { fail(how: $how) }", how=how))["extensions"] == extensions


async def test_an_unexpected_error_is_an_id_that_the_log_knows(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        found = await error('{ fail(how: "unexpected") }')
    assert found["extensions"]["code"] == "INTERNAL"
    assert found["extensions"]["id"] in caplog.text
    assert SECRET in caplog.text


async def test_an_error_stands_where_it_happened_and_leaves_the_rest() -> None:
    answer = await ask('{ hello fail(how: "late") }')
    assert answer.data == {"hello": "world", "fail": None}
    assert answer.errors[0]["path"] == ["fail"]
    assert not answer.refused


async def test_a_value_that_its_type_can_not_carry_is_our_mistake_not_the_client_s() -> None:
    assert (await error("{ tooBig }"))["extensions"]["code"] == "INTERNAL"


@pytest.mark.parametrize("text", ["", "{", "{ hello", "query {", "☃", '{ length(text: "\\ud800") }'])
async def test_what_is_no_graphql_is_told_with_its_place(text: str) -> None:
    found = await error(text)
    assert found["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"
    assert found["locations"]


@pytest.mark.parametrize(
    "text",
    [
        "{ nothing }",
        "{ length(nothing: 1) }",
        "{ half }",
        "{ double(number: 2147483648) }",
        '{ double(number: "5") }',
        "{ double(number: true) }",
        "{ double(number: 5.5) }",
        '{ length(text: {eq: "x"}) }',
        "{ paint(colour: BLUE) }",
        "{ thing }",
        "query Q($of: Nothing) { hello }",
    ],
)
async def test_what_does_not_fit_the_schema_is_refused(text: str) -> None:
    answer = await ask(text)
    assert answer.refused
    assert {each["extensions"]["code"] for each in answer.errors} == {"GRAPHQL_VALIDATION_FAILED"}


@pytest.mark.parametrize("given", [2**31, -(2**31) - 1, "5", True, 5.5, None, [], {}, {"$ne": 1}])
async def test_a_variable_of_another_type_is_refused_with_its_name(given: object) -> None:
    answer = await ask("query Q($of: Int!) { double(number: $of) }", of=given)
    assert answer.refused
    assert [each["extensions"]["code"] for each in answer.errors] == ["BAD_INPUT"]
    assert "$of" in answer.errors[0]["message"]


async def test_a_whole_number_may_be_written_with_a_point() -> None:
    assert (await ask("query Q($of: Int!) { double(number: $of) }", of=5.0)).data == {"double": 10}


async def test_a_null_for_an_argument_that_takes_none_is_the_client_s_mistake() -> None:
    found = await error("query Q($text: String) { length(text: $text) }", text=None)
    assert found["extensions"]["code"] == "BAD_INPUT"


async def test_a_refused_value_keeps_the_sentence_of_who_refused_it() -> None:
    written = await error("{ half(of: 3) }")
    assert (written["message"], written["extensions"]) == ("An even number is wanted.", {"code": "BAD_INPUT"})


async def test_a_refused_value_in_a_variable_is_told_with_its_place() -> None:
    found = await error("query Q($pair: PairInput!) { sum(pair: $pair) }", pair={"left": 3})
    assert found["message"] == "Variable '$pair' has invalid value at .left: An even number is wanted."
    assert found["extensions"] == {"code": "BAD_INPUT"}


async def test_an_unknown_field_of_an_input_is_refused() -> None:
    found = await error("query Q($pair: PairInput!) { sum(pair: $pair) }", pair={"left": 2, "middle": 2})
    assert "middle" in found["message"]
    assert found["extensions"]["code"] == "BAD_INPUT"


@pytest.mark.parametrize(
    "text", ["query Q($value: Fragile!) { fragile(value: $value) }", '{ fragile(value: "x") }']
)
async def test_a_scalar_that_fails_tells_nothing_of_how(text: str) -> None:
    found = await ask(text, value="x") if "$" in text else await ask(text)
    assert found.refused
    assert SECRET not in str(found.document())
    assert "Fragile" in found.errors[0]["message"]


async def test_the_place_of_a_refused_input_is_told() -> None:
    found = describe_exception(errors.BadInput("A word is wanted.", ["owner", "name"]))
    assert found["extensions"] == {"code": "BAD_INPUT", "inputPath": ["owner", "name"]}


async def test_the_answer_to_a_refused_request_has_ten_errors_at_most() -> None:
    for text in ("{ " + " ".join(f"no{each}" for each in range(18)) + " }", "{ hello " + "@no " * 49 + "}"):
        assert len((await ask(text)).errors) == 10


async def test_every_null_of_an_executed_request_has_its_error() -> None:
    fails = " ".join(f'a{each}: fail(how: "late")' for each in range(15))
    assert len((await ask("{ " + fails + " }")).errors) == 15


async def test_a_message_is_short_whatever_was_sent() -> None:
    answer = await ask("query Q($of: Int!) { double(number: $of) }", of=["x" * 1_000] * 1_000)
    assert len(answer.errors[0]["message"]) <= 500


RAISED = [
    *(each for each in FAILURES.values() if isinstance(each, errors.GatewayError)),
    errors.BadInput("A word is wanted."),
    errors.BadToken("This is no token."),
    errors.BadCursor("This is no cursor."),
    errors.CursorExpired("This order is gone."),
    errors.CursorExpired("This cursor is too old."),
    errors.BadPage("This is no page."),
    errors.BadAsOf("This moment has not come yet."),
    errors.NoHistory("customers"),
    errors.CommandIdReused(COMMAND),
    errors.CommitTooLarge(1_001, 5),
    errors.HoleInLog(5, SECRET),
    errors.UndecodableEvent(5, SECRET),
    errors.ViewParked("accounts", SECRET, 5),
]
AT_START = {
    errors.GatewayError,
    errors.InvalidApplication,
    errors.InvalidSettings,
    errors.Unsuitable,
    errors.ContractBroken,
    errors.FileRefused,
    errors.NotRetried,
    errors.RebuildRefused,
    errors.WorkerEnded,
}


@pytest.mark.parametrize("raised", RAISED, ids=lambda each: type(each).__name__)
async def test_what_a_request_may_raise_has_a_code(raised: Exception) -> None:
    described = describe_exception(raised)
    assert described["extensions"]["code"] != "INTERNAL"
    assert SECRET not in str(described)


def test_no_error_of_the_gateway_is_forgotten_here() -> None:
    known = {each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, Exception)}
    assert known == {type(each) for each in RAISED} | AT_START
