"""A client of the gateway: operations over HTTP, and over WebSocket what graphql-transport-ws carries."""

import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx2
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

PATIENCE = 30.0
"""Seconds that an answer may take: a token's limit and more."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one operation."""

    status: int
    body: Mapping[str, Any]
    text: str = ""

    @property
    def data(self) -> dict[str, Any]:
        """The data of an answer without errors."""
        assert "errors" not in self.body, self.body
        return self.body["data"]

    @property
    def errors(self) -> list[dict[str, Any]]:
        return self.body.get("errors", [])

    @property
    def codes(self) -> list[str]:
        return [each["extensions"]["code"] for each in self.errors]

    @property
    def positions(self) -> dict[str, int]:
        """How far the read models were that it was answered from."""
        used = self.body.get("extensions", {}).get("readModels", [])
        return {each["name"]: int(each["position"]) for each in used}


class Asker:
    """Asks one gateway. `after` is a token that every answer must contain, once it is set."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.after: str | None = None
        self._http = httpx2.Client(timeout=PATIENCE)

    def __enter__(self) -> "Asker":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def ask(
        self, query: str, variables: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """The answer to one operation over HTTP."""
        body = {"query": query, "variables": variables or {}, "extensions": {"after": self.after}}
        return self.post(json.dumps(body).encode(), headers or {})

    def post(self, content: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        """The answer to this body, whatever it is."""
        sent = {"content-type": "application/json", "accept": "application/graphql-response+json"}
        answer = self._http.post(f"{self.url}/graphql", content=content, headers=sent | dict(headers or {}))
        return Answer(answer.status_code, answer.json(), answer.text)

    def get(self, path: str) -> httpx2.Response:
        return self._http.get(self.url + path)

    @contextmanager
    def follow(self, query: str, variables: Mapping[str, Any] | None = None) -> Generator["Following"]:
        """A subscription of one operation on a socket of its own."""
        with self.socket() as socket:
            yield socket.subscribe(query, variables or {})

    @contextmanager
    def socket(self) -> Generator["Socket"]:
        address = f"{self.url.replace('http', 'ws', 1)}/graphql"
        with connect(address, subprotocols=[Subprotocol("graphql-transport-ws")], max_size=None) as connection:
            socket = Socket(connection)
            socket.begin(self.after)
            yield socket


@dataclass
class Socket:
    """A conversation by graphql-transport-ws."""

    connection: ClientConnection
    _ids: "count[int]" = field(default_factory=count)

    def begin(self, after: str | None) -> None:
        self.send({"type": "connection_init", "payload": {"after": after}})
        assert self.receive()["type"] == "connection_ack"

    def subscribe(self, query: str, variables: Mapping[str, Any]) -> "Following":
        id_ = str(next(self._ids))
        self.send({"id": id_, "type": "subscribe", "payload": {"query": query, "variables": variables}})
        return Following(self, id_)

    def send(self, message: Mapping[str, Any]) -> None:
        self.connection.send(json.dumps(message))

    def receive(self) -> dict[str, Any]:
        return json.loads(self.connection.recv(PATIENCE))


@dataclass(frozen=True, slots=True)
class Following:
    """One subscription under way, the only one of its socket that is listened to."""

    socket: Socket
    id: str

    def next(self) -> Answer:
        """The next answer; one that refuses the operation too."""
        message = self.socket.receive()
        assert message["id"] == self.id
        if message["type"] == "error":
            return Answer(200, {"errors": message["payload"]})
        assert message["type"] == "next", message
        return Answer(200, message["payload"])

    def take(self, number: int) -> list[dict[str, Any]]:
        return [self.next().data for _ in range(number)]

    def rest(self) -> list[dict[str, Any]]:
        """What comes until the gateway says that it is complete."""
        found: list[dict[str, Any]] = []
        while (message := self.socket.receive())["type"] == "next":
            found.append(Answer(200, message["payload"]).data)
        assert message == {"type": "complete", "id": self.id}
        return found
