"""GraphQL over HTTP, request by request."""

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from gateway.web.tracing import of_headers
from tests.api.sample import SECRET, SIGNER, Control
from tests.web.serving import BODY_LIMIT, client, code, post

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"


@pytest.fixture(scope="module")
def http() -> TestClient:
    return client()


def send(http: TestClient, content: bytes, **headers: str) -> Any:
    given = {"content-type": JSON, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return http.post("/graphql", content=content, headers=given)


def test_a_query_is_answered(http: TestClient) -> None:
    response = post(http, "{ hello }")
    assert (response.status_code, response.json()) == (200, {"data": {"hello": "world"}})


def test_no_cache_keeps_an_answer_and_no_other_site_reads_it(http: TestClient) -> None:
    headers = http.post("/graphql", json={"query": "{ hello }"}, headers={"origin": "https://evil.example"}).headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert not [name for name in headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (GRAPHQL, GRAPHQL),
        (f"{GRAPHQL}; charset=utf-8", GRAPHQL),
        (f"{JSON}, {GRAPHQL}", GRAPHQL),
        (f"{GRAPHQL};q=0.5, {JSON}", JSON),
        (f"{GRAPHQL}, {JSON};q=0.9, */*;q=0.1", GRAPHQL),
        (f"text/html, {JSON};q=0.1", JSON),
        ("APPLICATION/JSON", JSON),
    ],
)
def test_the_client_chooses_the_media_type(http: TestClient, accept: str | None, answered: str) -> None:
    http.headers.pop("accept", None)
    response = http.post("/graphql", json={"query": "{ hello }"}, headers={"accept": accept} if accept else {})
    assert response.headers["content-type"] == f"{answered}; charset=utf-8"
    assert response.status_code == 200


@pytest.mark.parametrize(
    "accept",
    ["text/plain", "text/html", f"{JSON};q=0", "application/xml", f"{JSON};charset=latin-1", f"{JSON};q=x"],
)
def test_who_accepts_no_answer_gets_none(http: TestClient, accept: str) -> None:
    response = http.post("/graphql", json={"query": "{ hello }"}, headers={"accept": accept})
    assert (response.status_code, code(response)) == (406, "NOT_ACCEPTABLE")


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        f"{JSON}; charset=utf-16",
        "application/jsonp",
    ],
)
def test_a_body_of_another_type_is_not_read(http: TestClient, content_type: str) -> None:
    response = send(http, b'{"query": "{ hello }"}', content_type=content_type)
    assert (response.status_code, code(response)) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("content_type", [f"{JSON};charset=UTF-8", "Application/JSON", f'{JSON}; charset="utf-8"'])
def test_json_has_many_spellings(http: TestClient, content_type: str) -> None:
    assert send(http, b'{"query": "{ hello }"}', content_type=content_type).status_code == 200


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "gzip, identity"])
def test_a_packed_body_is_not_unpacked(http: TestClient, encoding: str) -> None:
    assert send(http, b"\x1f\x8b", content_encoding=encoding).status_code == 415


@pytest.mark.parametrize("accept", [GRAPHQL, JSON])
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "BAD_JSON"),
        (b"{", "BAD_JSON"),
        (b"null", "BAD_REQUEST"),
        (b"7", "BAD_REQUEST"),
        (b'"x"', "BAD_REQUEST"),
        (b"[]", "BATCHING_DISABLED"),
        (b'{"query": "\xff"}', "BAD_ENCODING"),
        (b'{"query": "{ hello }", "variables": ' + b"[" * 9_000 + b"]" * 9_000 + b"}", "TOO_DEEP"),
        (b'{"query": "{ hello }", "variables": {"a": ' + b"1" * 5_000 + b"}}", "BAD_NUMBER"),
        (b'{"query": "{ hello }", "query": "{ actor }"}', "DUPLICATE_KEY"),
        (b'{"query": null}', "NO_QUERY"),
        (b'{"query": "{ hello }", "variables": 1}', "BAD_REQUEST"),
    ],
)
def test_what_is_no_request_is_400_in_any_media_type(
    http: TestClient, body: bytes, expected: str, accept: str
) -> None:
    response = send(http, body, accept=accept)
    assert (response.status_code, code(response)) == (400, expected)
    assert "data" not in response.json()


@pytest.mark.parametrize(("accept", "status"), [(GRAPHQL, 400), (JSON, 200)])
@pytest.mark.parametrize("query", ["{", "{ nothing }", "{ half(of: 3) }", "query A { hello } query B { hello }"])
def test_what_graphql_refuses_has_a_status_after_its_media_type(
    http: TestClient, query: str, accept: str, status: int
) -> None:
    response = http.post("/graphql", json={"query": query}, headers={"accept": accept})
    assert response.status_code == status
    assert "data" not in response.json()


def test_an_answer_with_errors_is_an_answer(http: TestClient) -> None:
    response = http.post("/graphql", json={"query": '{ fails(how: "late") }'}, headers={"accept": GRAPHQL})
    assert response.status_code == 200
    assert response.json()["data"] is None


@pytest.mark.parametrize("query", ['{ fail(how: "unexpected") }', "{ unwritable }", "{ tooBig }"])
def test_what_breaks_inside_shows_nothing_of_the_inside(http: TestClient, query: str) -> None:
    response = post(http, query)
    assert code(response) == "INTERNAL"
    assert SECRET not in response.text
    assert "Traceback" not in response.text


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(http: TestClient, method: str) -> None:
    response = http.request(method, "/graphql")
    assert response.status_code == 405
    assert "POST" in response.headers["allow"]
    assert code(response) == "METHOD_NOT_ALLOWED"


@pytest.mark.parametrize("path", ["/", "/graphql/", "/nothing", "/graphql/../etc/passwd", "/healthz/x"])
def test_there_is_nothing_at_other_addresses(http: TestClient, path: str) -> None:
    response = http.get(path, follow_redirects=False)
    assert (response.status_code, code(response)) == (404, "NOT_FOUND")


def test_a_body_beyond_the_limit_is_refused_and_one_at_the_limit_is_not(http: TestClient) -> None:
    body = b'{"query": "{ hello }"}'
    assert send(http, body + b" " * (BODY_LIMIT - len(body))).status_code == 200
    response = send(http, body + b" " * (BODY_LIMIT - len(body) + 1))
    assert (response.status_code, code(response)) == (413, "TOO_LARGE")


class TestGet:
    """GET: queries in the address."""

    def test_a_query_is_answered(self, http: TestClient) -> None:
        assert http.get("/graphql", params={"query": "{ hello }"}).json() == {"data": {"hello": "world"}}

    def test_variables_extensions_and_the_operation_s_name_are_taken(self, http: TestClient) -> None:
        params = {
            "query": "query A { hello } query B($of: Int!) { double(number: $of) after }",
            "operationName": "B",
            "variables": '{"of": 4}',
            "extensions": f'{{"after": "{SIGNER.token(9)}"}}',
        }
        assert http.get("/graphql", params=params).json() == {"data": {"double": 8, "after": "9"}}

    def test_empty_parameters_are_none(self, http: TestClient) -> None:
        params = {"query": "{ hello }", "operationName": "", "variables": "", "extensions": ""}
        assert http.get("/graphql", params=params).status_code == 200

    @pytest.mark.parametrize("accept", [GRAPHQL, JSON])
    def test_a_mutation_is_refused_and_changes_nothing(self, accept: str) -> None:
        control = Control()
        query = 'mutation { note(what: "a") }'
        response = client(control).get("/graphql", params={"query": query}, headers={"accept": accept})
        assert (response.status_code, response.headers["allow"]) == (405, "POST")
        assert code(response) == "GET_IS_FOR_QUERIES"
        assert control.done == []

    def test_a_subscription_is_told_where_to_go(self, http: TestClient) -> None:
        assert code(http.get("/graphql", params={"query": "subscription { count }"})) == "WEBSOCKET_ONLY"

    @pytest.mark.parametrize(
        ("address", "expected"),
        [
            ("", "NO_QUERY"),
            ("?query=", "NO_QUERY"),
            ("?query=%7Bhello%7D&query=%7Bactor%7D", "DUPLICATE_KEY"),
            ("?query=%ff", "BAD_ENCODING"),
            ("?query=%7Bhello%7D&variables=%7B", "BAD_JSON"),
            ("?query=%7Bhello%7D&variables=7", "BAD_REQUEST"),
            ("?query=%7Bhello%7D" + "&a=1" * 200, "BAD_ENCODING"),
        ],
    )
    def test_what_is_no_request_is_refused(self, http: TestClient, address: str, expected: str) -> None:
        response = http.get("/graphql" + address, headers={"accept": JSON})
        assert (response.status_code, code(response)) == (400, expected)

    def test_an_endless_address_is_refused(self, http: TestClient) -> None:
        assert http.get("/graphql?query=" + "a" * BODY_LIMIT).status_code == 414

    def test_a_browser_gets_the_playground_and_a_program_does_not(self, http: TestClient) -> None:
        accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
        response = http.get("/graphql", headers={"accept": accept})
        assert response.headers["content-type"].startswith("text/html")
        assert http.get("/graphql", headers={"accept": "*/*"}).status_code == 400

    def test_a_browser_that_asks_a_query_gets_its_answer(self, http: TestClient) -> None:
        response = http.get("/graphql?query=" + quote("{ hello }"), headers={"accept": "text/html,*/*;q=0.8"})
        assert response.json() == {"data": {"hello": "world"}}


class TestHeaders:
    """What a request may say beside its body."""

    def test_a_token_may_be_in_a_header_or_in_the_extensions(self, http: TestClient) -> None:
        in_header = http.post("/graphql", json={"query": "{ after }"}, headers={"tidegate-after": SIGNER.token(3)})
        in_body = post(http, "{ after }", extensions={"after": SIGNER.token(3)})
        assert in_header.json() == in_body.json() == {"data": {"after": "3"}}

    @pytest.mark.parametrize(("header", "body"), [(3, 5), (5, 3)])
    def test_of_two_tokens_the_later_one_counts(self, http: TestClient, header: int, body: int) -> None:
        request = {"query": "{ after }", "extensions": {"after": SIGNER.token(body)}}
        response = http.post("/graphql", json=request, headers={"tidegate-after": SIGNER.token(header)})
        assert response.json() == {"data": {"after": "5"}}

    def test_a_token_that_nobody_gave_is_refused(self, http: TestClient) -> None:
        response = http.post("/graphql", json={"query": "{ hello }"}, headers={"tidegate-after": "nonsense"})
        assert code(response) == "BAD_TOKEN"

    @pytest.mark.parametrize(
        ("headers", "expected"),
        [
            ({}, None),
            ({"x-correlation-id": "order-7"}, "order-7"),
            ({"x-correlation-id": "a" * 129}, None),
            ({"x-correlation-id": "with space"}, None),
            ({"x-correlation-id": "é"}, None),
            ({"traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01"}, "ab" * 16),
            ({"traceparent": "nonsense"}, None),
            ({"x-correlation-id": "order-7", "traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01"}, "order-7"),
        ],
    )
    def test_the_conversation_is_known(self, headers: dict[str, str], expected: str | None) -> None:
        assert of_headers(headers.get).correlation == expected


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_is_posted_is_answered_without_a_failure(http: TestClient, body: bytes) -> None:
    response = send(http, body)
    assert response.status_code < 500
    assert response.json()["errors"][0]["extensions"]["code"] not in ("INTERNAL", None)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(st.text(alphabet='{}()[]:$!@."#\\ \nabfragmentonqueryhello019', max_size=60))
def test_whatever_is_asked_is_answered_without_a_failure(http: TestClient, query: str) -> None:
    response = post(http, query)
    assert response.status_code < 500
    assert "INTERNAL" not in response.text
