"""graphql-transport-ws as its protocol reads, message by message."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest
from starlette.testclient import WebSocketDenialResponse, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from gateway.web import websocket
from tests.api.sample import SECRET, SIGNER, Control
from tests.web.serving import client

SUBSCRIBE: dict[str, Any] = {"type": "subscribe", "id": "1", "payload": {"query": "{ hello }"}}


@contextmanager
def connected(
    control: Control | None = None, payload: dict[str, Any] | None = None
) -> Generator[WebSocketTestSession]:
    """A conversation that is opened."""
    with socket(control) as session:
        session.send_json({"type": "connection_init"} | ({"payload": payload} if payload else {}))
        assert session.receive_json() == {"type": "connection_ack"}
        yield session


@contextmanager
def socket(control: Control | None = None) -> Generator[WebSocketTestSession]:
    with (
        client(control) as http,
        http.websocket_connect("/graphql", subprotocols=["graphql-transport-ws"]) as session,
    ):
        yield session


def ask(session: WebSocketTestSession, query: str, id_: str = "1", **more: Any) -> None:
    session.send_json({"type": "subscribe", "id": id_, "payload": {"query": query, **more}})


def received(session: WebSocketTestSession, messages: int) -> list[Any]:
    return [session.receive_json() for _ in range(messages)]


def closing(session: WebSocketTestSession) -> int:
    with pytest.raises(WebSocketDisconnect) as caught:
        session.receive_json()
    assert len(caught.value.reason.encode()) <= 123
    return caught.value.code


def test_the_protocol_is_agreed_on() -> None:
    with socket() as session:
        assert session.accepted_subprotocol == "graphql-transport-ws"


@pytest.mark.parametrize("offered", [[], ["graphql-ws"], ["nonsense"]])
def test_another_protocol_is_not_spoken(offered: list[str]) -> None:
    with client() as http, http.websocket_connect("/graphql", subprotocols=offered) as session:
        assert closing(session) == 4406


def test_the_protocol_is_chosen_among_several() -> None:
    offered = ["graphql-ws", "graphql-transport-ws"]
    with client() as http, http.websocket_connect("/graphql", subprotocols=offered) as session:
        assert session.accepted_subprotocol == "graphql-transport-ws"


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://testserver.evil.example", "http://[", ""]
)
def test_another_site_may_not_open_a_socket(origin: str) -> None:
    with client() as http:
        session = http.websocket_connect(
            "/graphql", subprotocols=["graphql-transport-ws"], headers={"origin": origin}
        )
        with pytest.raises(WebSocketDenialResponse) as caught:
            session.__enter__()
    denied: Any = caught.value
    assert denied.status_code == 403


def test_the_same_site_may_open_a_socket() -> None:
    with (
        client() as http,
        http.websocket_connect(
            "/graphql", subprotocols=["graphql-transport-ws"], headers={"origin": "http://testserver"}
        ) as session,
    ):
        assert session.accepted_subprotocol


def test_a_ping_is_answered_before_and_after_the_opening() -> None:
    with socket() as session:
        session.send_json({"type": "ping"})
        assert session.receive_json() == {"type": "pong"}
        session.send_json({"type": "connection_init"})
        assert session.receive_json() == {"type": "connection_ack"}
        session.send_json({"type": "ping", "payload": {"n": 1}})
        assert session.receive_json() == {"type": "pong", "payload": {"n": 1}}


def test_a_pong_is_a_sign_of_life() -> None:
    with connected() as session:
        session.send_json({"type": "pong"})
        ask(session, "{ hello }")
        assert session.receive_json()["type"] == "next"


def test_nothing_is_asked_before_the_opening() -> None:
    with socket() as session:
        session.send_json(SUBSCRIBE)
        assert closing(session) == 4401


def test_a_conversation_is_opened_once() -> None:
    with connected() as session:
        session.send_json({"type": "connection_init"})
        assert closing(session) == 4429


def test_a_conversation_is_opened_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "_INIT_TIMEOUT", 0.02)
    with socket() as session:
        assert closing(session) == 4408


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        '"ping"',
        "{}",
        '{"type": 7}',
        '{"type": "nonsense"}',
        '{"type": "next", "id": "1"}',
        '{"type": "ping", "payload": "x"}',
        '{"type": "ping", "type": "pong"}',
        "[" * 50_000 + "]" * 50_000,
        '{"type": "subscribe"}',
        '{"type": "subscribe", "id": 1, "payload": {"query": "{ hello }"}}',
        '{"type": "subscribe", "id": "", "payload": {"query": "{ hello }"}}',
        '{"type": "subscribe", "id": "' + "i" * 201 + '", "payload": {"query": "{ hello }"}}',
        '{"type": "subscribe", "id": "1"}',
        '{"type": "subscribe", "id": "1", "payload": {}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 7}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "variables": 7}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "extensions": {"after": 7}}}',
        '{"type": "complete"}',
    ],
)
def test_what_is_no_message_ends_the_conversation(text: str) -> None:
    with connected() as session:
        session.send_text(text)
        assert closing(session) == 4400


@pytest.mark.parametrize("payload", ["x", 7, [], {"after": 7}])
def test_a_bad_opening_ends_the_conversation(payload: object) -> None:
    with socket() as session:
        session.send_json({"type": "connection_init", "payload": payload})
        assert closing(session) == 4400


def test_bytes_are_no_message() -> None:
    with connected() as session:
        session.send_bytes(b'{"type": "ping"}')
        assert closing(session) == 4400


@pytest.mark.parametrize(
    ("query", "data"), [("{ hello }", {"hello": "world"}), ('mutation { note(what: "a") }', {"note": "a"})]
)
def test_a_query_and_a_mutation_have_one_answer(query: str, data: dict[str, str]) -> None:
    with connected() as session:
        ask(session, query)
        assert received(session, 2) == [
            {"type": "next", "id": "1", "payload": {"data": data}},
            {"type": "complete", "id": "1"},
        ]


def test_a_subscription_has_many_answers_and_an_end() -> None:
    with connected() as session:
        ask(session, "subscription Count($to: Int!) { count(to: $to) }", variables={"to": 2})
        assert received(session, 3) == [
            {"type": "next", "id": "1", "payload": {"data": {"count": 0}}},
            {"type": "next", "id": "1", "payload": {"data": {"count": 1}}},
            {"type": "complete", "id": "1"},
        ]


def test_a_refused_operation_is_an_error_and_its_id_is_free() -> None:
    with connected() as session:
        for _ in range(2):
            ask(session, "{ nothing }")
            (message,) = received(session, 1)
            assert (message["type"], message["id"]) == ("error", "1")
            assert message["payload"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


def test_a_stream_that_breaks_ends_with_an_error() -> None:
    with connected() as session:
        ask(session, "subscription { breaks }")
        answer, error = received(session, 2)
        assert answer["payload"] == {"data": {"breaks": 1}}
        assert (error["type"], error["payload"][0]["extensions"]["code"]) == ("error", "LOG_BROKEN")


def test_an_error_inside_shows_nothing_of_the_inside_and_the_conversation_goes_on() -> None:
    with connected() as session:
        for query in ('{ fail(how: "unexpected") }', "{ unwritable }"):
            ask(session, query)
            messages = received(session, 2)
            assert "INTERNAL" in str(messages)
            assert SECRET not in str(messages)


def test_an_id_is_used_once_at_a_time() -> None:
    with connected() as session:
        ask(session, "subscription { silent }")
        ask(session, "{ hello }")
        assert closing(session) == 4409


def test_an_id_is_free_again_when_its_operation_has_ended() -> None:
    with connected() as session:
        for _ in range(3):
            ask(session, "{ hello }")
            assert [each["type"] for each in received(session, 2)] == ["next", "complete"]


def test_complete_ends_an_operation_and_nothing_of_it_follows() -> None:
    control = Control()
    with connected(control) as session:
        ask(session, "subscription { silent }")
        session.send_json({"type": "complete", "id": "1"})
        ask(session, "{ hello }")
        assert [each["type"] for each in received(session, 2)] == ["next", "complete"]
    assert control.closed.is_set() or not control.begun.is_set()


def test_complete_for_an_operation_that_is_not_there_is_nothing() -> None:
    with connected() as session:
        session.send_json({"type": "complete", "id": "nobody"})
        ask(session, "{ hello }")
        assert session.receive_json()["type"] == "next"


def test_operations_run_side_by_side() -> None:
    with connected() as session:
        ask(session, "subscription { silent }", "slow")
        ask(session, "{ hello }", "fast")
        assert [each["id"] for each in received(session, 2)] == ["fast", "fast"]


def test_a_socket_carries_so_many_operations_at_a_time_and_no_more() -> None:
    with connected() as session:
        for each in range(100):
            ask(session, "subscription { silent }", str(each))
        ask(session, "{ hello }", "100")
        (message,) = received(session, 1)
        assert (message["type"], message["id"]) == ("error", "100")
        assert message["payload"][0]["extensions"]["code"] == "TOO_MANY_OPERATIONS"
        session.send_json({"type": "complete", "id": "0"})
        ask(session, "{ hello }", "100")
        assert session.receive_json()["type"] == "next"


def test_a_process_carries_so_many_sockets_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "_MOST_SOCKETS", 2)
    offered = ["graphql-transport-ws"]
    with (
        client() as http,
        http.websocket_connect("/graphql", subprotocols=offered),
        http.websocket_connect("/graphql", subprotocols=offered),
        http.websocket_connect("/graphql", subprotocols=offered) as third,
    ):
        assert closing(third) == 1013


@pytest.mark.parametrize(
    ("opening", "operation", "after"), [(3, None, "3"), (None, 5, "5"), (3, 5, "5"), (5, 3, "5"), (None, None, "0")]
)
def test_a_token_holds_for_the_conversation_or_for_one_operation(
    opening: int | None, operation: int | None, after: str
) -> None:
    payload = {"after": SIGNER.token(opening)} if opening else None
    with connected(payload=payload) as session:
        ask(session, "{ after }", extensions={"after": SIGNER.token(operation)} if operation else None)
        assert session.receive_json()["payload"]["data"] == {"after": after}


def test_an_unknown_token_refuses_the_operation() -> None:
    with connected(payload={"after": "nonsense"}) as session:
        ask(session, "{ hello }")
        assert session.receive_json()["payload"][0]["extensions"]["code"] == "BAD_TOKEN"


def test_who_hangs_up_ends_the_operations() -> None:
    control = Control()
    with connected(control) as session:
        ask(session, "subscription { endless }")
        session.receive_json()
    assert control.closed.is_set()


def test_a_mutation_outlives_its_socket() -> None:
    control = Control()
    with connected(control) as session:
        ask(session, 'mutation { note(what: "wait") }')
        ask(session, "{ hello }", "2")
        received(session, 2)
        session.send_json({"type": "complete", "id": "1"})
        ask(session, "{ hello }", "3")
        received(session, 2)
        assert control.begun.is_set()
        assert control.done == []
        session.portal.call(control.gate.set)
    assert control.done == ["wait"]


def test_the_conversation_s_trace_is_known() -> None:
    with client() as http:
        headers = {"x-correlation-id": "order-7"}
        offered = ["graphql-transport-ws"]
        with http.websocket_connect("/graphql", subprotocols=offered, headers=headers) as session:
            session.send_json({"type": "connection_init"})
            session.receive_json()
            ask(session, "{ correlation }")
            assert session.receive_json()["payload"]["data"] == {"correlation": "order-7"}
