"""graphql-transport-ws, spoken: conversations over WebSockets.

A conversation is opened once and then carries any number of operations, each under an id of the client's.
What breaks the protocol closes the socket with a code; what is wrong with an operation is an answer.
"""

import asyncio
from collections.abc import Coroutine, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final, cast

from starlette.websockets import WebSocket, WebSocketDisconnect

from gateway.api.execution import Api
from gateway.api.requests import Request
from gateway.web.answers import refused, to_json
from gateway.web.bodies import BadRequest, read_json, read_parameters, read_token
from gateway.web.carrying import Carried
from gateway.web.connections import CONNECTION, SocketConnection
from gateway.web.protocol import PROTOCOL, Closing, Outgoing, TooSlow, too_slow
from gateway.web.tracing import NOTHING_SAID, Trace, of_extensions, of_headers

_INIT_TIMEOUT: Final = 5.0
_SEND_TIMEOUT: Final = 10.0
_CLOSE_TIMEOUT: Final = 1.0
"""Seconds: for `connection_init` to arrive, for a client to take a message, and to take the closing."""
_MOST_OPERATIONS: Final = 100
_MOST_SOCKETS: Final = 20_000
_LONGEST_ID: Final = 200


@dataclass
class SocketEndpoint:
    """What `/graphql` answers over WebSocket; it keeps count of the open conversations."""

    api: Api
    open: int = 0

    async def converse(self, socket: WebSocket) -> None:
        if not _same_site(socket):
            reason = BadRequest("FOREIGN_ORIGIN", "Other sites may not open a WebSocket here.", 403)
            await socket.send_denial_response(refused(reason))
            return
        offered = PROTOCOL in socket.scope["subprotocols"]
        await socket.accept(PROTOCOL if offered else None)
        self.open += 1
        try:
            await Conversation(self.api, socket).hold(self._objection(offered))
        finally:
            self.open -= 1

    def _objection(self, offered: bool) -> Closing | None:
        if not offered:
            return Closing(4406, f"Subprotocol not acceptable: only {PROTOCOL} is")
        return Closing(1013, "Too many open sockets") if self.open > _MOST_SOCKETS else None


@dataclass
class Conversation:
    """One socket, from its opening to its closing."""

    api: Api
    socket: WebSocket
    after: str | None = None
    trace: Trace = NOTHING_SAID
    operations: dict[str, Carried] = field(default_factory=dict[str, Carried])
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)
    group: asyncio.TaskGroup = field(default_factory=asyncio.TaskGroup)

    async def hold(self, objection: Closing | None) -> None:
        """Talks until one side has enough; then all operations of the conversation end, too, but for mutations:
        what is under way there is in the log, or it is not."""
        try:
            async with self.group:
                if objection:
                    raise objection
                await self._begin()
                try:
                    while True:
                        await self._take(await self._receive())
                finally:
                    self._leave()
        except* TooSlow:
            await self._cut_off()
        except* Closing as closing:
            await self._close(cast(Closing, closing.exceptions[0]))
        except* WebSocketDisconnect:
            pass

    def push(self, text: bytes) -> bool:
        connection = self._connection
        return connection is not None and connection.push(text)

    def begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
        try:
            return self.group.create_task(work)
        except RuntimeError:  # the group is ending, and takes nothing more
            work.close()
            return None

    def forget(self, id_: str) -> None:
        self.operations.pop(id_, None)

    async def _begin(self) -> None:
        try:
            async with asyncio.timeout(_INIT_TIMEOUT):
                while (message := await self._receive())["type"] != "connection_init":
                    await self._answer_early(message)
        except TimeoutError:
            raise Closing(4408, "Connection initialisation timeout") from None
        payload = _payload(message)
        with _closing_on_bad_requests():
            self.after = read_token(payload)
        self.trace = of_extensions(payload).otherwise(of_headers(self.socket.headers.get))
        self.socket.scope["headers"].clear()  # all is read, and the conversation may be long
        await self._send({"type": "connection_ack"})

    async def _answer_early(self, message: Mapping[str, Any]) -> None:
        if message["type"] == "subscribe":
            raise Closing(4401, "Unauthorized: connection_init comes first")
        await self._answer_common(message)

    async def _answer_common(self, message: Mapping[str, Any]) -> None:
        match message["type"]:
            case "ping":
                payload = _payload(message)
                await self._send({"type": "pong", "payload": payload} if payload else {"type": "pong"})
            case "pong" | "complete":
                pass
            case _:
                raise Closing(4400, "There is no message of this type")

    async def _take(self, message: Mapping[str, Any]) -> None:
        match message["type"]:
            case "subscribe":
                await self._start(_id(message), message)
            case "complete":
                self._stop(_id(message))
            case "connection_init":
                raise Closing(4429, "Too many initialisation requests")
            case _:
                await self._answer_common(message)

    async def _start(self, id_: str, message: Mapping[str, Any]) -> None:
        request = self._request(message)
        if id_ in self.operations:
            raise Closing(4409, f"Subscriber for {id_} already exists")
        if len(self.operations) >= _MOST_OPERATIONS:
            reason = BadRequest("TOO_MANY_OPERATIONS", f"A socket carries {_MOST_OPERATIONS} operations at a time.")
            await self._send({"type": "error", "id": id_, "payload": reason.document()["errors"]})
        else:
            self.operations[id_] = Carried(self, id_, request)

    def _stop(self, id_: str) -> None:
        operation = self.operations.pop(id_, None)
        if operation:
            operation.stop()

    def _leave(self) -> None:
        for each in self.operations.values():
            if each.following:
                each.following.leave()

    def _request(self, message: Mapping[str, Any]) -> Request:
        with _closing_on_bad_requests():
            found = read_parameters(message.get("payload"))
        trace = found.trace.otherwise(self.trace)
        return Request(
            found.query,
            found.variables,
            found.operation,
            self.api.later(found.after, self.after),
            correlation=trace.correlation,
            causation=trace.causation,
        )

    async def _receive(self) -> Mapping[str, Any]:
        """The next message. Raises Closing for anything that is none, WebSocketDisconnect when the client left."""
        event = await self.socket.receive()
        if event["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(event["code"])
        if event.get("text") is None:
            raise Closing(4400, "A message is a text")
        with _closing_on_bad_requests():
            found = read_json(event["text"].encode(errors="surrogatepass"))
        if not isinstance(found, dict) or not isinstance(cast(dict[str, Any], found).get("type"), str):
            raise Closing(4400, "A message is a JSON object with a type")
        return cast(dict[str, Any], found)

    async def _send(self, message: Outgoing) -> None:
        await self.send_text(to_json(message))

    async def send_text(self, text: bytes) -> None:
        """Waits until the client takes the message, so that a slow one fills no memory; but not for long."""
        async with self.sending:
            try:
                async with asyncio.timeout(_SEND_TIMEOUT):
                    await self.socket.send_text(text.decode())
            except TimeoutError:
                raise TooSlow from None

    async def _cut_off(self) -> None:
        """Ends every operation with the cursor behind its last message, for whoever reads on some time."""
        cursors = {id_: each.following.cursor for id_, each in self.operations.items() if each.following}
        told = [each.error([too_slow(cursors.get(id_))]) for id_, each in self.operations.items()]
        closing = TooSlow(*cursors.values())
        if self._connection:
            self._connection.cut_off(told, closing.code, closing.reason)
        else:
            await self._close(closing)

    @property
    def _connection(self) -> SocketConnection | None:
        return self.socket.scope.get("state", {}).get(CONNECTION)

    async def _close(self, closing: Closing) -> None:
        with suppress(TimeoutError, WebSocketDisconnect):
            async with asyncio.timeout(_CLOSE_TIMEOUT):
                await self.socket.close(closing.code, closing.reason)


@contextmanager
def _closing_on_bad_requests() -> Generator[None]:
    """What can't be read breaks the protocol."""
    try:
        yield
    except BadRequest as error:
        raise Closing(4400, error.message) from None


def _payload(message: Mapping[str, Any]) -> Mapping[str, Any]:
    found = message.get("payload")
    if not isinstance(found, dict | None):
        raise Closing(4400, "A payload is a JSON object")
    return cast(dict[str, Any], found or {})


def _id(message: Mapping[str, Any]) -> str:
    found = message.get("id")
    if not isinstance(found, str) or not 0 < len(found) <= _LONGEST_ID:
        raise Closing(4400, f"An operation needs an id, a text of at most {_LONGEST_ID} characters")
    return found


def _same_site(socket: WebSocket) -> bool:
    """Whether no other site asks: browsers tell the origin of whoever opens a socket, and don't ask for leave."""
    origin, host = socket.headers.get("origin"), socket.headers.get("host", "").lower()
    return origin is None or origin.lower() in (f"http://{host}", f"https://{host}")
