"""JSON is read strictly: what two readers might understand differently is refused with a sentence."""

from contextlib import suppress

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.web.bodies import DEEPEST, BadRequest, Parameters, read_json, read_parameters


def refusal(body: bytes) -> str:
    with pytest.raises(BadRequest) as caught:
        read_json(body)
    assert caught.value.status == 400
    assert caught.value.message.endswith(".")
    return caught.value.code


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "BAD_JSON"),
        (b" \n ", "BAD_JSON"),
        (b"{", "BAD_JSON"),
        (b'{"query": "{ hello }"', "BAD_JSON"),
        (b"{'query': 1}", "BAD_JSON"),
        (b'{"a": 1,}', "BAD_JSON"),
        (b"{} {}", "BAD_JSON"),
        (b"/* a */ {}", "BAD_JSON"),
        (b'{"a": 01}', "BAD_JSON"),
        (b'"a\x00b"', "BAD_JSON"),
        (b"\xef\xbb\xbf{}", "BAD_JSON"),
        (b'"\\ud800"', "BAD_JSON"),
        (b'{"\\udfff": 1}', "BAD_JSON"),
        (b'"\xff"', "BAD_ENCODING"),
        (b'"\xed\xa0\x80"', "BAD_ENCODING"),
        (b'"\xc0\x80"', "BAD_ENCODING"),
        ("{}".encode("utf-16"), "BAD_ENCODING"),
        (b'{"a": NaN}', "BAD_NUMBER"),
        (b'{"a": -Infinity}', "BAD_NUMBER"),
        (b'{"a": 1e999}', "BAD_NUMBER"),
        (b'{"a": 1234567890123456789}', "BAD_NUMBER"),
        (b"[" + b"1" * 5_000 + b"]", "BAD_NUMBER"),
        (b'{"a": 0.1234567890123456789}', "BAD_NUMBER"),
        (b'{"a": 1, "a": 2}', "DUPLICATE_KEY"),
        (b'{"a": 1, "\\u0061": 2}', "DUPLICATE_KEY"),
        (b'[{"b": {"a": 1, "a": 1}}]', "DUPLICATE_KEY"),
        (b'{"a": 1, "a": ":", "b": "\\u003a"}', "DUPLICATE_KEY"),
        (b'{"a\\u003A": 1, "a:": 2}', "DUPLICATE_KEY"),
        (b"[" * 65 + b"]" * 65, "TOO_DEEP"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "TOO_DEEP"),
        (b"[" * 100_000 + b"]" * 100_000, "TOO_DEEP"),
        (b"[" * 100_000, "TOO_DEEP"),
    ],
)
def test_what_is_ambiguous_is_refused(body: bytes, code: str) -> None:
    assert refusal(body) == code


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"null", None),
        (b'"1234567890123456789: NaN"', "1234567890123456789: NaN"),
        (b'{"a:b": ":", "c": "\\":\\""}', {"a:b": ":", "c": '":"'}),
        (b'{"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]}', {"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]}),
        (b"[123456789012345678, -0.5, 1e3]", [123456789012345678, -0.5, 1000.0]),
        (b'"\\ud83d\\ude00"', "😀"),
        (b'{"a\\u003a": "\\u003A", "b": "\\\\u003a"}', {"a:": ":", "b": "\\u003a"}),
        (b"[" * 64 + b"]" * 64, None),
    ],
)
def test_what_is_clear_is_read(body: bytes, value: object) -> None:
    assert read_json(body) == value or value is None


def test_the_deepest_that_is_read_is_told_right() -> None:
    assert read_json(b"[" * DEEPEST + b"]" * DEEPEST)


json = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.floats(allow_nan=False, width=32) | st.text(),
    lambda below: st.lists(below) | st.dictionaries(st.text(), below),
    max_leaves=30,
)


@given(json)
@example(0.00001748796785250306)
@example(1.7976931348623157e308)
def test_all_json_that_others_write_is_read(value: object) -> None:
    body = orjson.dumps(value)
    assert read_json(body) == orjson.loads(body)


@given(st.binary())
def test_whatever_comes_is_read_or_refused(body: bytes) -> None:
    with suppress(BadRequest):
        assert read_json(body) == orjson.loads(body)


@given(json)
def test_whatever_is_read_is_a_request_or_refused(value: object) -> None:
    with suppress(BadRequest):
        assert isinstance(read_parameters(value), Parameters)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "BAD_REQUEST"),
        (7, "BAD_REQUEST"),
        ("{ hello }", "BAD_REQUEST"),
        ([{"query": "{ hello }"}], "BATCHING_DISABLED"),
        ([], "BATCHING_DISABLED"),
        ({}, "NO_QUERY"),
        ({"query": None}, "NO_QUERY"),
        ({"query": 7}, "NO_QUERY"),
        ({"query": " "}, "NO_QUERY"),
        ({"query": "{a}", "variables": []}, "BAD_REQUEST"),
        ({"query": "{a}", "variables": "{}"}, "BAD_REQUEST"),
        ({"query": "{a}", "variables": False}, "BAD_REQUEST"),
        ({"query": "{a}", "extensions": 0}, "BAD_REQUEST"),
        ({"query": "{a}", "operationName": 0}, "BAD_REQUEST"),
        ({"query": "{a}", "extensions": {"after": 7}}, "BAD_REQUEST"),
    ],
)
def test_what_is_no_request_is_refused(value: object, code: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read_parameters(value)
    assert caught.value.code == code


def test_parameters_that_nobody_knows_are_ignored_and_null_ones_are_none() -> None:
    found = read_parameters({"query": "{a}", "variables": None, "operationName": None, "extensions": None, "id": 1})
    assert found == Parameters("{a}", {}, None, None)
